# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The lock for changing a host, held from the first read to the last step.

Changes depend on what was read, such as the position of a rule in its chain. So every module, and the program of a
network's service, waits for the previous run. The lock ends with its process, however that ends. Its file stays, since
waiting processes could otherwise end up with different files.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, in_place, refusals

#: Not in a directory of this collection, which is removed with the last network.
PATH = "/run/linuxnet.lock"
#: Seconds that each previous holder may keep the lock.
PATIENCE = 60.0
_INTERVAL = 0.05


def take() -> int:
    """Take the lock, which is held until the descriptor is closed.

    :raises Refused: a holder keeps it for too long
    """
    try:
        file = _open()
    except OSError as error:
        raise KernelRefused(f"cannot open {PATH}: {refusals.reason(error)}") from error
    try:
        _wait(file)
        atomic_files.sweep()
        in_place.finish()
    except BaseException:
        os.close(file)
        raise
    return file


@contextlib.contextmanager
def held() -> t.Iterator[None]:
    """``take`` as a context manager."""
    file = take()
    try:
        yield
    finally:
        os.close(file)


def flock_within(file: int, seconds: float) -> bool:
    """Lock an open file. Returns whether that succeeded in time."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(_INTERVAL)


def holder(file: int) -> int | None:
    """The PID that holds the lock on a file, None if it is not visible."""
    found = os.fstat(file)
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        with open("/proc/locks", encoding="ascii") as lines:
            entries = [line.split() for line in lines]
    except OSError:
        return None
    # NUMBER: FLOCK ADVISORY WRITE PID DEVICE:INODE ...; waiting processes have an arrow after the number.
    owners = [int(words[4]) for words in entries if words[1] == "FLOCK" and words[5] == place]
    return owners[0] if owners and owners[0] > 0 else None


def _open() -> int:
    """Open the lock file. Ordinary users can neither create nor open it, and so cannot hold the lock."""
    file = os.open(PATH, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(file)
        raise Refused(f"{PATH} does not belong to the user that this runs as; remove it")
    if stat.S_IMODE(found.st_mode) != 0o600:
        os.fchmod(file, 0o600)
    return file


def _wait(file: int) -> None:
    """Wait a minute for each holder, so that any number of simultaneous runs get their turn."""
    before = None
    while not flock_within(file, 0 if before is None else PATIENCE):
        now = holder(file) or 0
        if now == before:
            raise Refused(
                f"another run is changing this host and has not finished within {PATIENCE:.0f} seconds"
                f"{_words(now)}; wait for it or end it, then run again"
            )
        before = now


def _words(process: int) -> str:
    """A description of the holder, for the error message."""
    if not process:
        return ""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            words = file.read().decode("utf-8", "surrogateescape").split("\0")
    except OSError:
        return f": process {process}"
    command = printable(" ".join(filter(None, words)))
    return f": process {process} ({command[:200]})"
