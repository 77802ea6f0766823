# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems of Debian releases, created once and kept. Each contains what a small real host has.

It is as the packages of the release leave it, with a user for SSH and the network service enabled. Neither iptables nor
pyroute2 is included: a host gets these from its package manager.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.machines import kept, packages, tools
from tests.machines.park import SUITES
from tests.machines.paths import PACKAGES, ROOTS

USER = "operator1"
_INCLUDED = ("systemd", "systemd-sysv", "dbus", "sudo", "openssh-server", "python3", "iproute2", "iputils-ping")


def make_all() -> None:
    """Create what is missing, in parallel."""
    with ThreadPoolExecutor() as executor:
        for _done in executor.map(make, SUITES):
            pass


def make(suite: str) -> None:
    """The root of a release, and the packages for it."""

    def fill(root: Path) -> None:
        kept.debootstrap(suite, root, _INCLUDED)
        _finish(root)
        packages.fetch(suite, root, PACKAGES / suite)

    kept.keep(ROOTS, suite, _recipe(suite), fill)


def _recipe(suite: str) -> str:
    """Identifies how a root was created; with another recipe, it is created again."""
    return f"1 {' '.join(_INCLUDED)} {USER} {' '.join(packages.offered(suite))}\n"


def _finish(root: Path) -> None:
    tools.run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", USER])
    (root / "etc/sudoers.d" / USER).write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n", encoding="ascii")
    tools.run(["systemctl", f"--root={root}", "enable", "systemd-networkd.service"])
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for file in (root / "var/cache/apt/archives").glob("*.deb"):
        file.unlink()
