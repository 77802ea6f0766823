# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the programs that create machines."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.machines.errors import Missing, Stuck

#: Programs by the Debian package that contains them.
_PROGRAMS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "nsenter": "util-linux",
    "systemctl": "systemd",
    "ip": "iproute2",
}
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


#: The keys that sign Debian's releases.
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def provide(programs: Sequence[str] = tuple(_PROGRAMS)) -> None:
    """Raise Missing unless this machine can create and boot others. Installs what it lacks if it has apt."""
    if os.geteuid() != 0:
        raise Missing("whole Debian systems need root to be made: sudo make machines, or what else is to run on them")
    lacking = _lacking(programs)
    if lacking and shutil.which("apt-get"):
        run(["apt-get", "update", "-q"], seconds=300)
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *lacking], seconds=300)
        lacking = _lacking(programs)
    if lacking:
        raise Missing(
            f"whole Debian systems need what is in Debian's packages {', '.join(lacking)}: please install that"
        )


def _lacking(programs: Sequence[str]) -> list[str]:
    found = {_PROGRAMS[program] for program in programs if not shutil.which(program, path=_PATH)}
    return sorted(found if _KEYRING.exists() else {*found, _KEYRING.stem})


def run(argv: Sequence[str], *, seconds: float = 60) -> str:
    """The output of a program. Raises Stuck with its last words if it fails."""
    environment = {**os.environ, "PATH": _PATH, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            argv, env=environment, stdin=subprocess.DEVNULL, timeout=seconds, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Stuck(f"{' '.join(argv)}: not done within {seconds:.0f} s") from None
    if done.returncode:
        last = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
        raise Stuck(f"{' '.join(argv)}: ended with {done.returncode}\n{last}")
    return done.stdout
