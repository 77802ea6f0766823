# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Small JSON files for records, which may have been damaged by hand."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files

#: The compiled code of the module bridge_network, in the directory of the records.
_CODE = "code"
#: The errors of opening a symbolic link, a path through a file, and a FIFO or socket.
_NO_FILE = (errno.ELOOP, errno.ENOTDIR, errno.ENXIO)


def read(path: str) -> t.Mapping[str, t.Any] | None:
    """The dictionary in a file; None if the file does not exist or contains no dictionary."""
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
    """Whether it is a non-negative integer, not a boolean."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def write(path: str, content: t.Mapping[str, t.Any]) -> None:
    """Write a record atomically, in place of whatever is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.rmdir(path)
    atomic_files.write(path, (json.dumps(content) + "\n").encode())


def remove(path: str) -> None:
    """Remove a record, or whatever is in its place, and the directories with the last one."""
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
    """Refuse what neither :func:`write` nor :func:`remove` can replace."""
    if os.path.isdir(path) and not os.path.islink(path) and os.listdir(path):
        raise Refused(f"{path} is a directory that is not empty, in place of a record of this collection; move it")
