# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the first process of new namespaces into a fresh machine: sets up its file system and runs a command.

A chroot would not do: the kernel does not let a process in a chroot create user namespaces.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux

_PLAIN = linux.MS_NOSUID | linux.MS_NODEV
_QUIET = _PLAIN | linux.MS_NOEXEC
_OLD = "mnt"


def furnish(root: str, upper: str, work: str, files: dict[str, str], shown: list[str], **_rest: Any) -> None:
    """Set up the machine and make it all that this process sees."""
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    here = Path(f"{upper}.root")
    here.mkdir()
    linux.mount("fresh", str(here), "overlay", data=f"lowerdir={root},upperdir={upper},workdir={work}")
    for path in shown:
        _show(path, here)
    linux.mount("proc", str(here / "proc"), "proc", _QUIET)
    linux.mount("sysfs", str(here / "sys"), "sysfs", _QUIET)
    linux.mount("cgroup2", str(here / "sys/fs/cgroup"), "cgroup2", _QUIET)
    linux.mount("devpts", str(here / "dev/pts"), "devpts", linux.MS_NOSUID, "newinstance,ptmxmode=0666,mode=0620")
    for directory, mode in (("run", "0755"), ("tmp", "1777"), ("dev/shm", "1777")):
        linux.mount("tmpfs", str(here / directory), "tmpfs", _PLAIN, f"mode={mode}")
    for name, text in files.items():
        (here / name.lstrip("/")).write_text(text, encoding="utf-8")
    socket.sethostname("fresh")
    subprocess.run(["pivot_root", str(here), str(here / _OLD)], check=True)
    os.chdir("/")
    linux.unmount(f"/{_OLD}")


def _show(path: str, here: Path) -> None:
    """Make a path of this machine visible there, read-only."""
    place = here / path.lstrip("/")
    if Path(path).is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    linux.mount(path, str(place), flags=linux.MS_BIND)
    linux.mount(path, str(place), flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | _PLAIN)


if __name__ == "__main__":
    want = json.load(sys.stdin)
    furnish(**want)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.execve(want["argv"][0], want["argv"], want["environment"])
