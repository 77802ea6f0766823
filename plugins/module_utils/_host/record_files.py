# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The small JSON files in which we remember things, which root may damage by hand."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files

#: What the module bridge_network keeps beside the records: its code, compiled.
_CODE = "code"
#: What an open says of a symbolic link, of a directory on the way that is none, and of a FIFO or a socket.
_NO_FILE = (errno.ELOOP, errno.ENOTDIR, errno.ENXIO)


def read(path: str) -> t.Mapping[str, t.Any] | None:
    """The dictionary in a file; None where there is no file, or none with a dictionary in it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with open(handle, encoding="utf-8") as file:
        try:
            found = json.load(file)
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def is_number(value: object) -> bool:
    """Whether it is a whole number as the kernel gives them; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def write(path: str, content: t.Mapping[str, t.Any]) -> None:
    """Write a record, whole or not at all, in place of whatever is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.rmdir(path)
    atomic_files.write(path, (json.dumps(content) + "\n").encode())


def remove(path: str) -> None:
    """Remove a record, or what is in its place, and the directories with the last one."""
    try:
        os.unlink(path)
    except IsADirectoryError:
        os.rmdir(path)
    except FileNotFoundError:
        pass
    directory = os.path.dirname(path)
    above = os.path.dirname(directory)
    with contextlib.suppress(OSError):
        os.rmdir(directory)
        if os.listdir(above) == [_CODE]:
            os.unlink(os.path.join(above, _CODE))
        os.rmdir(above)


def refuse_full_directory(path: str) -> None:
    """Refuse what neither :func:`write` nor :func:`remove` gets out of the way."""
    if os.path.isdir(path) and not os.path.islink(path) and os.listdir(path):
        raise Refused(f"{path} is a directory that is not empty, in place of a record of this collection; move it")
