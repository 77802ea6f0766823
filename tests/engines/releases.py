# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of the engines' programs: a release of Debian, and how to run its programs on a host of the lab."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.engines import packages
from tests.engines.packages import Missing
from tests.lab.host import Host
from tests.lab.paths import REPOSITORY
from tests.lab.place import Result
from tests.machines import errors, kept, tools

#: The engines' own directories come first, since iproute2 also has a `bridge`.
_DIRECTORIES = ("usr/lib/cni", "usr/lib/podman", "usr/sbin", "usr/bin", "bin")


@dataclass(frozen=True)
class Programs:
    """A release's programs on one host. Programs and host share the files below /run."""

    host: Host
    #: The directory of the release's files, for this process and for the programs.
    files: Path
    seen: Path
    #: The beginning of a command line, and the Python there.
    enter: tuple[str, ...]
    python: str
    environment: Mapping[str, str]

    def program(self, name: str) -> str:
        """The path of a program, as the others see it."""
        for directory in _DIRECTORIES:
            if (self.files / directory / name).exists():
                return str(self.seen / directory / name)
        raise Missing(f"there is no program {name} in {self.files}")

    def argv(self, *argv: str) -> list[str]:
        """The command line that runs another one from this release on the host."""
        return [*self.enter, *argv]

    def run(self, argv: list[str], env: Mapping[str, str] | None = None, **options: Any) -> Result:
        return self.host.run(self.argv(*argv), env={**self.environment, **(env or {})}, **options)

    def script(self, path: str, text: str) -> None:
        """Write an executable shell script."""
        self.host.write(path, f"#!/bin/sh\n{text}")
        self.host.sh(f"chmod 755 {path}")

    def offer(self, name: str, directory: str, *options: str) -> None:
        """Make a program of the release available on the host, under its name in a directory below /run."""
        path = f"PATH={self.environment['PATH']}"
        command = " ".join(["env", path, *self.argv(self.program(name)), *options])
        self.script(f"{directory}/{name}", f'exec {command} "$@"\n')


class Release(Protocol):
    """A release of Debian with engines."""

    #: Its name on the page.
    title: str

    def provide(self) -> None:
        """Get what is missing. Raises Missing if that is impossible."""

    def version(self, package: str) -> str:
        """The upstream version of one of its packages."""

    def on(self, host: Host) -> Programs:
        """Make its programs usable on a host."""


class Unpacked:
    """This machine's release: packages that are unpacked but not installed."""

    title = f"Debian {platform.freedesktop_os_release().get('VERSION_CODENAME', '')}".strip()

    def provide(self) -> None:
        packages.fetch()

    def version(self, package: str) -> str:
        """For iptables, the installed version, which hosts of the lab use."""
        if package != "iptables":
            return packages.version(package)
        words = subprocess.run(["iptables", "--version"], capture_output=True, text=True, check=True).stdout.split()
        return words[1].removeprefix("v")

    def on(self, host: Host) -> Programs:
        """Configure the host's linker, since some of Docker's child processes do not inherit the environment."""
        conf = "/etc/ld.so.conf.d/engines.conf"
        host.write(conf, "".join(f"{path}\n" for path in packages.libraries()))
        host.sh("ldconfig -i")
        return Programs(host, packages.ROOT, packages.ROOT, (), packages.PYTHON, packages.environment())


#: Where a host has the root file system of another release: a directory that nothing else here needs.
_PLACE = Path("/boot")
#: /run is shared, including network namespaces that are added later; /var is the host's own, and empty.
_FURNISH = f"""
mountpoint -q {_PLACE} && exit
mount --make-rshared /run
mount --bind "$1" {_PLACE}
for directory in proc sys dev run tmp; do mount --rbind /$directory {_PLACE}/$directory; done
mount -t tmpfs -o mode=0755 none {_PLACE}/var
mkdir {_PLACE}/var/lib {_PLACE}/var/cache {_PLACE}/var/log
mkdir -m 1777 {_PLACE}/var/tmp
ln -s /run {_PLACE}/var/run
mount -t tmpfs -o mode=0700 none {_PLACE}/root
"""


class Root:
    """A root file system of a release, made by debootstrap and kept. A host's programs from it run inside it."""

    def __init__(self, suite: str, included: tuple[str, ...]) -> None:
        self.title = f"Debian {suite}"
        self._suite = suite
        self._included = included
        self._roots = REPOSITORY / "build" / "engines" / "roots"

    @property
    def root(self) -> Path:
        return self._roots / self._suite

    def provide(self) -> None:
        recipe = f"1 {' '.join(self._included)}\n"
        try:
            tools.provide(("debootstrap",))
            kept.keep(
                self._roots, self._suite, recipe,
                lambda root: kept.debootstrap_apart(self._suite, root, self._included),
            )  # fmt: skip
        except (errors.Missing, errors.Stuck) as error:
            raise Missing(f"the engines of {self.title} cannot be had: {error}") from None

    def version(self, package: str) -> str:
        show = ["dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "--showformat=${Version}", "--show", package]
        return packages.upstream(subprocess.run(show, capture_output=True, text=True, check=True).stdout)

    def on(self, host: Host) -> Programs:
        host.run(["sh", "-ec", _FURNISH, "sh", str(self.root)])
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "TMPDIR": "/tmp"}
        enter = ("chroot", str(_PLACE))
        return Programs(host, self.root, Path("/"), enter, "/usr/bin/python3", environment)


PRESENT = Unpacked()
#: Debian's testing release, which has the newest engines available as packages.
NEWEST = Root(
    "forky",
    (
        "docker.io", "docker-cli", "containerd", "runc", "containernetworking-plugins", "podman", "conmon", "crun",
        "netavark", "aardvark-dns", "busybox-static", "iptables", "nftables", "iproute2", "python3-minimal",
        "passt", "uidmap", "fuse-overlayfs",
        "firewalld", "dbus", "libpam-systemd",
    ),
)  # fmt: skip
