# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines' programs: Debian's packages, unpacked below build/ but not installed.

Installing docker.io would start a daemon in the machine's own network; unpacking it starts nothing.
"""

from __future__ import annotations

import fcntl
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.lab.paths import REPOSITORY

PACKAGES = (
    "docker.io",
    "containerd",
    "runc",
    "containernetworking-plugins",
    "netavark",
    "busybox-static",
    "libdevmapper1.02.1",
)
#: Programs with a package of their own in some releases, and otherwise in one of these: Docker's client from Debian 13.
_SPLIT = ("docker-cli",)
_DIRECTORY = REPOSITORY / "build" / "engines"
ROOT = _DIRECTORY / "root"
#: The Python that runs where these are unpacked.
PYTHON = sys.executable
_DOWNLOADS = _DIRECTORY / "packages"
_SECONDS = 300


class Missing(Exception):
    """Something required is missing; the text says what."""


def fetch() -> None:
    """Download and unpack what is missing. Tests that run in parallel wait for each other."""
    _DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with (_DIRECTORY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for package in (*PACKAGES, *filter(_is_offered, _SPLIT)):
            _fetch(package)


def _is_offered(package: str) -> bool:
    """Whether this machine's apt knows the package."""
    try:
        found = subprocess.run(["apt-cache", "show", "--quiet=2", package], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return found.returncode == 0


def _fetch(package: str) -> None:
    if not _archive(package):
        _run(["apt-get", "download", "-q", package], f"apt-get cannot download Debian's package {package}")
    if not (unpacked := ROOT / f".{package}").exists():
        _run(["dpkg", "-x", str(_archive(package)), str(ROOT)], f"dpkg cannot unpack {package}")
        unpacked.touch()


def _archive(package: str) -> Path | None:
    return next(_DOWNLOADS.glob(f"{package}_*.deb"), None)


def _run(argv: list[str], sentence: str) -> None:
    try:
        done = subprocess.run(argv, cwd=_DOWNLOADS, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        raise Missing(f"{sentence}: there is no {argv[0]} on this machine") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{sentence}: not done within {_SECONDS} s") from None
    if done.returncode:
        raise Missing(f"{sentence}: {' '.join(done.stderr.split())}")


@functools.cache
def version(package: str) -> str:
    """The upstream part of a package's version: 20.10.24 of 20.10.24+dfsg1-1+deb12u1."""
    show = ["dpkg-deb", "--field", str(_archive(package)), "Version"]
    full = subprocess.run(show, capture_output=True, text=True, check=True).stdout.strip()
    return upstream(full)


def upstream(version: str) -> str:
    """A package's version without Debian's additions."""
    return re.sub(r"^\d+:|[-+~].*", "", version.strip())


def environment() -> dict[str, str]:
    """The variables with which the programs find each other."""
    ours = [str(ROOT / directory) for directory in ("usr/sbin", "usr/bin", "bin")]
    return {"PATH": os.pathsep.join([*ours, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])}


def libraries() -> list[str]:
    """The directories of their libraries, for the linker."""
    return [str(path) for lib in ("lib", "usr/lib") for path in sorted((ROOT / lib).glob("*-linux-gnu*"))]
