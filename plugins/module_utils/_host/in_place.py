# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Changes files in /etc/netns/NAME so that a run can be killed at any moment without leaving one half written.

A program in a namespace may have a file mounted, and would keep seeing that one if another replaced it. So an existing
file is overwritten in place. Its new content is recorded first, and the next run completes what was begun. New files
and directories are prepared under another name, and those to be removed are renamed first.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import stat
import tempfile
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files

DIRECTORY = "/etc/netns"
#: Records the new contents of files that are being overwritten.
_RECORD = f"{DIRECTORY}/.linuxnet-unfinished"
#: Prefixes of names there that do not belong to namespaces.
OURS = (atomic_files.UNFINISHED, os.path.basename(_RECORD))
_PLACE = re.compile(rf"{DIRECTORY}/[^/]+/(hosts|resolv\.conf)", re.DOTALL)
#: How many bytes to record at once.
_AT_ONCE = 8 << 20
#: Up to this many files are synced one by one.
_FEW = 32


class Rewrite(Value):
    """A file that gets a new content in place."""

    path: str
    old: bytes
    new: bytes


def create(files: t.Mapping[str, bytes]) -> None:
    """Create files; those in a new directory appear together with it."""
    os.makedirs(DIRECTORY, 0o755, exist_ok=True)
    prepared: list[tuple[str, str]] = []
    try:
        for directory, listed in itertools.groupby(sorted(files), key=os.path.dirname):
            prepared += _prepare(directory, {path: files[path] for path in listed})
        _sync([path for temporary, path in prepared for path in _files_of(temporary)])
        while prepared:
            os.rename(*prepared[-1])
            prepared.pop()
    finally:
        for temporary, _path in prepared:
            _discard(temporary)


def _prepare(directory: str, files: t.Mapping[str, bytes]) -> t.Iterator[tuple[str, str]]:
    """Write files next to their directory, which may not exist yet. Yields their temporary and final names."""
    if os.path.isdir(directory):
        for path, content in files.items():
            handle, temporary = tempfile.mkstemp(prefix=atomic_files.UNFINISHED, dir=DIRECTORY)
            yield temporary, path
            _fill(handle, content)
        return
    made = tempfile.mkdtemp(prefix=atomic_files.UNFINISHED, dir=DIRECTORY)
    yield made, directory
    os.chmod(made, 0o755)
    for path, content in files.items():
        _fill(os.open(f"{made}/{os.path.basename(path)}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC), content)


def _fill(handle: int, content: bytes) -> None:
    with open(handle, "wb") as file:
        file.write(content)
        os.fchmod(handle, 0o644)


def rewrite(files: t.Sequence[Rewrite]) -> None:
    """Overwrite files in place."""
    waiting = list(files)
    while waiting:
        kinds: dict[tuple[bytes, bytes], list[str]] = {}
        size = 0
        while waiting and size < _AT_ONCE:
            one = waiting.pop()
            if (one.old, one.new) not in kinds:
                size += len(one.old) + len(one.new)
            kinds.setdefault((one.old, one.new), []).append(one.path)
        _record(kinds)
        for (old, new), paths in kinds.items():
            for path in paths:
                _overwrite(path, _common(old, new), new)
        _sync([path for paths in kinds.values() for path in paths])
        os.unlink(_RECORD)


def _record(kinds: t.Mapping[tuple[bytes, bytes], list[str]]) -> None:
    entries = [{"old": _text(old), "new": _text(new), "paths": paths} for (old, new), paths in kinds.items()]
    atomic_files.write(_RECORD, json.dumps(entries).encode())


def _text(content: bytes) -> str:
    """Any bytes as text, for JSON."""
    return content.decode("latin-1")


def _overwrite(path: str, place: int, new: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        refuse_shared(path, os.fstat(handle))
        os.lseek(handle, place, os.SEEK_SET)
        rest = memoryview(new)[place:]
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.ftruncate(handle, len(new))
    finally:
        os.close(handle)


def refuse_shared(path: str, found: os.stat_result) -> None:
    """Refuse links and other special files: what is written to them would show elsewhere, such as in /etc/hosts."""
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{path} is not a plain file, so it is left alone")
    if found.st_nlink > 1:
        raise Refused(f"{path} has another name elsewhere, so it is left alone")


def _common(old: bytes, new: bytes) -> int:
    """The length of the common prefix."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def remove(paths: t.Iterable[str], with_directory: t.Collection[str] = ()) -> None:
    """Remove files, and those of these directories that contain no others."""
    for directory, listed in itertools.groupby(sorted(paths), key=os.path.dirname):
        names = {os.path.basename(path) for path in listed}
        if directory in with_directory and set(os.listdir(directory)) == names:
            going = tempfile.mkdtemp(prefix=atomic_files.UNFINISHED, dir=DIRECTORY)
            os.rename(directory, going)
            _discard(going)
        else:
            for name in names:
                os.unlink(f"{directory}/{name}")
    with contextlib.suppress(OSError):
        os.rmdir(DIRECTORY)


def unfinished() -> dict[str, bytes]:
    """The files that a killed run was overwriting, with their new contents.

    A file that somebody has changed since is left alone.
    """
    found: dict[str, bytes] = {}
    for entry in _recorded():
        old, new = (str(entry[word]).encode("latin-1") for word in ("old", "new"))
        for path in filter(_PLACE.fullmatch, map(str, entry["paths"])):
            content = read(path)
            if content is not None and content != new and _is_between(content, old, new):
                found[path] = new
    return found


def _recorded() -> list[dict[str, t.Any]]:
    """The record, unless others than root may have written it."""
    try:
        with open(_RECORD, encoding="utf-8") as file:
            atomic_files.trust(DIRECTORY)
            found = json.load(file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and {"old", "new", "paths"} <= entry.keys()]


def _is_between(content: bytes, old: bytes, new: bytes) -> bool:
    """Whether each byte is from one of the two, or from a place that was not written yet."""
    if content in (old, new):
        return True
    if not min(len(old), len(new)) <= len(content) <= max(len(old), len(new)):
        return False
    known = [text.ljust(len(content), b"\0") for text in (old, new)]
    return all(byte in others for byte, *others in zip(content, *known))


def finish() -> None:
    """Complete what a killed run has begun. The caller holds the lock."""
    try:
        names = os.listdir(DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return
    if os.path.basename(_RECORD) in names:
        for path, new in unfinished().items():
            _overwrite(path, 0, new)
        os.unlink(_RECORD)
    left = [name for name in names if name.startswith(atomic_files.UNFINISHED)]
    for name in left:
        _discard(f"{DIRECTORY}/{name}")
    if left:
        with contextlib.suppress(OSError):
            os.rmdir(DIRECTORY)


def read(path: str) -> bytes | None:
    """The content of a regular file, None if it does not exist. Raises Refused for any other file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        refuse_shared(path, os.lstat(path))
        raise error
    try:
        found = os.fstat(handle)
        refuse_shared(path, found)
        return os.read(handle, found.st_size + 1)
    finally:
        os.close(handle)


def _discard(path: str) -> None:
    """Remove an unfinished file or directory."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _files_of(path: str) -> list[str]:
    return [f"{path}/{name}" for name in os.listdir(path)] if os.path.isdir(path) else [path]


def _sync(paths: t.Sequence[str]) -> None:
    """Have files on disk before the record or name that refers to them."""
    if len(paths) > _FEW:
        os.sync()
        return
    for path in paths:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
