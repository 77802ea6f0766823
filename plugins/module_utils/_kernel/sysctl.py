# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Kernel settings under /proc/sys, by path: ``net/ipv4/conf/br0/rp_filter``.

A path and not a dotted name, since an interface's name may hold a dot. /proc/sys/net is that of the calling
thread's namespace, so these are called inside ``Host.run``.
"""

from __future__ import annotations

import os

_ROOT = "/proc/sys/"
#: The kernel tells no more of a setting by one call.
_LONGEST = 65536


def read(path: str) -> str | None:
    """The value without its line end, several words joined by one space; None where the kernel has no such setting."""
    try:
        # Thousands are read in a call, and a file object costs several times as much as the reading.
        file = os.open(_ROOT + path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return " ".join(os.read(file, _LONGEST).decode().split())
    finally:
        os.close(file)


def write(path: str, value: str) -> None:
    """Set it; OSError where the kernel refuses."""
    file = os.open(_ROOT + path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(file, value.encode())
    finally:
        os.close(file)
