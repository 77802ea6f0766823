# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The namespaces that contain all machines, and the process that keeps them.

The keeper is PID 1 of a PID namespace, so when it ends, the kernel ends every machine. Its network namespace is the
segment, without a way out; its mount namespace contains the machines' file systems, in memory; its cgroup is the root
of what it sees of them, and version 2 as Debian 13 requires, whatever this machine uses.
"""

from __future__ import annotations

import os
import signal
import time
import zlib
from pathlib import Path

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux
from tests.lab.paths import REPOSITORY
from tests.machines.paths import KEEPER, LIVE

_CLONE_NEWCGROUP = 0x02000000
_CGROUPS = Path("/sys/fs/cgroup")
#: Unique per work tree, since another one may have machines of its own at the same time.
_NAME = f"netplumb-machines-{zlib.crc32(str(REPOSITORY).encode()):08x}"
_KINDS = linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWNET
_PATIENCE = 10


def pid() -> int | None:
    """The keeper's PID while it exists."""
    try:
        found = int(KEEPER.read_text(encoding="ascii"))
        return found if _is_keeper(found) else None
    except (OSError, ValueError):
        return None


def _is_keeper(number: int) -> bool:
    """A PID may be another process's after a crash."""
    try:
        return Path(f"/proc/{number}/comm").read_text(encoding="ascii") == "machine-keeper\n"
    except OSError:
        return False


def seen(path: Path) -> Path:
    """A path in the keeper's mount namespace."""
    return Path(f"/proc/{pid()}/root") / path.relative_to("/")


def cgroup(name: str) -> Path:
    """The cgroup of a machine."""
    return seen(_CGROUPS) / name


def enter(*argv: str) -> list[str]:
    """The command line that runs another one in the keeper's namespaces."""
    return ["nsenter", f"--target={pid()}", "--mount", "--net", "--pid", "--cgroup", "--", *argv]


def start() -> None:
    """Start the keeper. Returns when it is ready."""
    LIVE.mkdir(parents=True)
    ready, done = os.pipe()
    middleman = os.fork()
    if middleman == 0:
        os.close(ready)
        _become_parent_of_keeper(done)
    os.close(done)
    os.waitpid(middleman, 0)
    if os.read(ready, 1) != b"x":
        raise OSError("the namespaces of the machines could not be made, see above")


def _become_parent_of_keeper(done: int) -> None:
    """The parent of the keeper: unshare puts only a process's children into a new PID namespace."""
    try:
        os.setsid()
        linux.unshare(linux.CLONE_NEWNS)
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        linux.mount("cgroup2", str(LIVE), "cgroup2")
        _enter_cgroup(_own_cgroup(LIVE) / _NAME)
        linux.unshare(_KINDS | _CLONE_NEWCGROUP)
        number = os.fork()
        if number:
            KEEPER.write_text(str(number), encoding="ascii")
            os._exit(0)
        linux.mount("proc", "/proc", "proc")
        linux.mount("tmpfs", "/run", "tmpfs", data="mode=0755")  # nspawn has files of its own there
        linux.mount("tmpfs", str(LIVE), "tmpfs", data="mode=0700")
        # The kernel refuses to mount a second view of cgroups in the same place, but not to move one there.
        linux.mount("cgroup2", str(LIVE), "cgroup2")
        linux.mount(str(LIVE), str(_CGROUPS), flags=linux.MS_MOVE)
        linux.set_link_up("lo")
        _keep(done)
    except BaseException as error:  # noqa: BLE001 - nothing may return from here
        os.write(2, f"{error}\n".encode())
    os._exit(1)


def _keep(done: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    Path("/proc/self/comm").write_text("machine-keeper", encoding="ascii")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps what becomes an orphan here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(done, b"x")
    os.close(done)
    while True:
        signal.pause()


def _enter_cgroup(ours: Path) -> None:
    _remove(ours)
    ours.mkdir()
    (ours / "cgroup.procs").write_text("0", encoding="ascii")


def _own_cgroup(view: Path) -> Path:
    """This process's cgroup of version 2, in a view of all of them."""
    lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    path = next(line.removeprefix("0::") for line in lines if line.startswith("0::"))
    return view / path.lstrip("/")


def stop() -> None:
    """End the keeper, and with it everything in its namespaces, and remove its cgroups."""
    number = pid()
    if number is not None:
        os.kill(number, signal.SIGKILL)
        end = time.monotonic() + _PATIENCE
        while _is_keeper(number) and time.monotonic() < end:
            time.sleep(0.02)
    child = os.fork()
    if child == 0:
        try:
            linux.unshare(linux.CLONE_NEWNS)
            linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
            linux.mount("cgroup2", str(_CGROUPS.parent), "cgroup2")
            _remove(_own_cgroup(_CGROUPS.parent) / _NAME)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _remove(directory: Path) -> None:
    """Remove cgroups, innermost first. A process that is about to end keeps its cgroup busy for a moment."""
    end = time.monotonic() + _PATIENCE
    while directory.exists() and time.monotonic() < end:
        for path, _directories, _files in os.walk(directory, topdown=False):
            try:
                os.rmdir(path)
            except OSError:
                time.sleep(0.05)
