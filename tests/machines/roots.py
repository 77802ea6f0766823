# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems of Debian releases, made once and kept: each has what a small real host has, and no more.

A root is as its release's packages leave it, with a user for SSH and the network service on. Neither iptables nor
pyroute2 is in it: a host gets these from its package manager.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.machines import packages, tools
from tests.machines.park import SUITES
from tests.machines.paths import PACKAGES, ROOTS

USER = "operator1"
_INCLUDED = ("systemd", "systemd-sysv", "dbus", "sudo", "openssh-server", "python3", "iproute2", "iputils-ping")
_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
_SECONDS = 900


def make_all() -> None:
    """Make what is not there yet, side by side."""
    with ThreadPoolExecutor() as executor:
        for _done in executor.map(make, SUITES):
            pass


def make(suite: str) -> None:
    """The root of a release and the packages for it."""
    ROOTS.mkdir(parents=True, exist_ok=True)
    os.chmod(ROOTS, 0o700)  # there are programs with the set-uid bit in it
    with (ROOTS / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(suite)


def _recipe(suite: str) -> str:
    """A root made by another recipe is made anew."""
    return f"1 {' '.join(_INCLUDED)} {USER} {' '.join(packages.offered(suite))}\n"


def _make(suite: str) -> None:
    stamp = ROOTS / f"{suite}.recipe"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == _recipe(suite):
        return
    stamp.unlink(missing_ok=True)
    root = ROOTS / suite
    shutil.rmtree(root, ignore_errors=True)
    mirror = packages.mirror()
    # What debootstrap mounts goes with its namespace; left behind by a failure, it would be in the way of rmtree.
    command = [*_APART, "debootstrap", "--variant=minbase", f"--include={','.join(_INCLUDED)}", suite, str(root)]
    tools.run([*command, *mirror], seconds=_SECONDS)
    _finish(root)
    packages.fetch(suite, root, PACKAGES / suite)
    stamp.write_text(_recipe(suite), encoding="utf-8")


def _finish(root: Path) -> None:
    tools.run(["chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", USER])
    (root / "etc/sudoers.d" / USER).write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n", encoding="ascii")
    tools.run(["systemctl", f"--root={root}", "enable", "systemd-networkd.service"])
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for file in (root / "var/cache/apt/archives").glob("*.deb"):
        file.unlink()
