# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Kernel settings under /proc/sys, by path: ``net/ipv4/conf/br0/rp_filter``.

Paths rather than dotted names, since an interface name may contain a dot. /proc/sys/net shows the calling thread's
namespace, so call these inside ``Host.run``.
"""

from __future__ import annotations

import errno
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls

_ROOT = "/proc/sys/"
#: The most that the kernel returns per read.
_LONGEST = 65536

#: Why nothing can be written, and how to change that.
READ_ONLY = (
    "/proc/sys/net is mounted read-only on this host; mount it writable, or start this container with a writable mount"
)


def read(path: str) -> str | None:
    """The value without its newline and with words separated by one space; None if the kernel has no such setting.

    A setting that has no value yet, such as a secret, is empty.
    """
    try:
        # One call may read thousands, and a file object costs several times as much as the read.
        file = os.open(_ROOT + path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        if os.geteuid() == 0:
            raise Refused(f"{sysctls.name_of(path)} cannot be read, so it cannot be managed") from None
        raise
    try:
        return " ".join(os.read(file, _LONGEST).decode().split())
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return ""
    finally:
        os.close(file)


def write(path: str, value: str) -> None:
    """Write the value; OSError if the kernel refuses."""
    try:
        file = os.open(_ROOT + path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    except PermissionError:
        if os.geteuid() == 0:
            raise KernelRefused(unwritable(path)) from None
        raise
    try:
        os.write(file, value.encode())
    finally:
        os.close(file)


def writable() -> bool:
    """Whether settings are writable at all: container engines mount them read-only."""
    return not os.statvfs(_ROOT + "net").f_flag & os.ST_RDONLY


def unwritable(path: str) -> str:
    """The error for a setting that not even root can write."""
    return (
        f"{sysctls.name_of(path)} cannot be written in this namespace; it is read-only or applies to the whole machine"
    )
