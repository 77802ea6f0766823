# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system calls that fail, and how."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.sweep.inside import PATHS, Point

_FULL = (errno.ENOSPC, errno.EIO)
_MEMORY = (errno.ENOMEM,)
_OPEN = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
_FORK = (errno.EAGAIN, errno.ENOMEM)
_SEND = (errno.ENOBUFS, errno.EPERM)

ERRORS: dict[str, tuple[int, ...]] = {
    "open": _OPEN, "openat": _OPEN, "socket": (errno.EMFILE, errno.ENOBUFS), "pipe2": (errno.EMFILE,),
    "bind": _MEMORY,
    "sendto": _SEND, "sendmsg": _SEND, "recvmsg": (errno.ENOBUFS,), "recvfrom": (errno.ENOBUFS,),
    "ioctl": (errno.ENOMEM,),
    "stat": _MEMORY, "lstat": _MEMORY, "newfstatat": _MEMORY, "getdents64": (errno.EIO,), "write": _FULL,
    "fsync": _FULL, "ftruncate": (errno.EIO,),
    "mkdir": _FULL, "mkdirat": _FULL, "rename": _FULL, "renameat": _FULL, "link": _FULL, "linkat": _FULL,
    "symlink": _FULL,
    "symlinkat": _FULL, "unlink": (errno.EIO,), "unlinkat": (errno.EIO,), "rmdir": (errno.EIO,),
    "chmod": (errno.EIO,),
    "fchmod": (errno.EIO,), "mount": (errno.ENOMEM, errno.EPERM), "umount2": _MEMORY,
    "unshare": (errno.ENOSPC, errno.ENOMEM, errno.EPERM), "setns": (errno.ENOMEM, errno.EPERM),
    "flock": (errno.ENOLCK,),
    "vfork": _FORK, "fork": _FORK, "clone": _FORK, "clone3": _FORK,
}  # fmt: skip
#: Killing the process before any other call is equivalent to killing it before the next of these.
_CHANGING = {
    "sendto", "sendmsg", "write", "fsync", "ftruncate", "mkdir", "mkdirat", "rename", "renameat", "link", "linkat",
    "symlink", "symlinkat", "unlink",
    "unlinkat", "rmdir", "chmod", "fchmod", "mount", "umount2", "unshare", "setns", "vfork", "fork", "clone",
    "clone3", "ioctl",
}  # fmt: skip
#: Files that Python itself opens: failing to load a library is not our fault.
_PYTHONS = re.compile(r"\.(py|pyc|so(\.\d+)*|zip)$|__pycache__|/(lib|site-packages|bin|plugins)(/|$)|python\d")


@dataclass(frozen=True)
class Fault:
    """error: None to kill the process."""

    point: Point
    error: int | None

    def __str__(self) -> str:
        return f"{'killed before' if self.error is None else errno.errorcode[self.error] + ' of'} {self.point}"

    @property
    def kind(self) -> str:
        """The same for calls of the same kind: without numbers and names of interfaces."""
        subject = re.sub(r"\d+|\b[vh]\w*-[0-9a-f]{7}\b", "N", self.point.subject)
        return f"{self.point.call} {subject} {self.point.program} {self.error}"


def faults(points: Iterable[Point]) -> Iterator[Fault]:
    """All faults to inject at these calls."""
    for point in points:
        if point.program:
            if point.call in ("execve", "sendto"):
                yield Fault(point, None)
            continue
        if _PYTHONS.search(point.subject) or (point.call in PATHS and not point.subject):
            continue
        if point.call in _CHANGING:
            yield Fault(point, None)
        for error in ERRORS.get(point.call, ()):
            yield Fault(point, error)
