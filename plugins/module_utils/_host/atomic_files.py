# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Writes files atomically."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.manager_files import MANAGERS

#: The prefix of unfinished files, which listings of directories skip.
UNFINISHED = ".tmp-linuxnet-"
#: The directories of such files, and those that are removed with their last file.
_OURS = (
    "/run/linuxnet/netns",
    "/run/linuxnet/nftables",
    "/run/linuxnet/ports",
    "/run/linuxnet/promoting",
    "/run/linuxnet/published",
    "/run/linuxnet/untold",
    "/etc/linuxnet",
)
_OTHERS = tuple(path for manager in MANAGERS for path in (manager.volatile, manager.lasting))
_DIRECTORIES = (*_OURS, "/etc/sysctl.d", "/etc/systemd/system", *_OTHERS)
_PASSING = (*_OURS, "/run/linuxnet")


def write(path: str, content: bytes, mode: int = 0o600) -> None:
    """Replace a file atomically; after a crash it is the old or the new one. Its directory is created if needed."""
    directory = os.path.dirname(path)
    make_directory(directory)
    handle, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, mode)
        os.replace(unfinished, path)
    except OSError:
        os.unlink(unfinished)
        raise


def make_directory(path: str) -> None:
    """Create a directory and its parents, writable by root and readable by all whatever the umask is."""
    if os.path.isdir(path):
        return
    make_directory(os.path.dirname(path))
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o755)
        os.chmod(path, 0o755)


def trust(*directories: str) -> None:
    """Refuse directories whose files others may have written, since their content would be applied."""
    for path in directories:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            continue
        if found.st_uid not in (0, os.geteuid()) or stat.S_IMODE(found.st_mode) & 0o022:
            raise Refused(
                f"users other than root may write to {path}, so its content cannot be trusted; check it, then run: "
                f"chown root {path}; chmod 755 {path}"
            )


def sweep() -> None:
    """Remove files of interrupted writers; the caller holds the lock, so that there are no active ones."""
    for directory in _DIRECTORIES:
        try:
            names = os.listdir(directory)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for name in names:
            if name.startswith(UNFINISHED):
                os.unlink(f"{directory}/{name}")
    for directory in _PASSING:
        with contextlib.suppress(OSError):
            os.rmdir(directory)
