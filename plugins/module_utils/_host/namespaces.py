# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Named network namespaces, compatible with ``ip netns``: files in /run/netns on which namespaces are mounted.

A file there may be dead, if it was created in another mount namespace or its mount is gone. Live ones are on the nsfs
file system.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import ctypes
import errno
import fcntl
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import NETNS_DIR, namespace_path
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, lock, refusals

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_SHARED = 0x100000
_MNT_DETACH = 2
_NSFS_MAGIC = 0x6E736673
_NS_GET_NSTYPE = 0xB703
#: The errors for a file that does not exist, or is on another file system than nsfs.
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ESRCH)
_NO_NSFS = (errno.ENOTTY, errno.EINVAL)
#: The calling thread's namespace.
OWN = "/proc/thread-self/ns/net"
#: Seconds to wait for another process that is making /run/netns a mount point.
PATIENCE = 10.0


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _mount(source: str, target: str, flags: int) -> None:
    _check(_LIBC.mount(os.fsencode(source), os.fsencode(target), b"none", ctypes.c_ulong(flags), None))


def _is_network_namespace(fd: int) -> bool:
    """Whether it is a network namespace: only files of nsfs answer this ioctl, with the CLONE_ flag of their type."""
    try:
        return fcntl.ioctl(fd, _NS_GET_NSTYPE) == _CLONE_NEWNET
    except OSError as error:
        if error.errno not in _NO_NSFS:
            raise
        return False


def open_live(ref: str) -> int | None:
    """A descriptor of the namespace, or None if the file is dead or does not exist.

    Any other failure, such as too many open files, is an error: a live namespace that counts as dead would be replaced.
    """
    fd = None
    try:
        # Do not wait for a writer if it is a FIFO.
        fd = os.open(namespace_path(ref), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if _is_network_namespace(fd):
            return fd
    except OSError as error:
        if fd is None and error.errno in _NO_FILE:
            return None
        if fd is not None:
            os.close(fd)
        raise KernelRefused(f"cannot open namespace {ref}: {refusals.reason(error)}") from error
    os.close(fd)
    return None


def has_file(ref: str) -> bool:
    """Whether the name exists, even as a dead file or dangling link; an error if that is unknown."""
    try:
        os.lstat(namespace_path(ref))
    except OSError as error:
        if error.errno in _NO_FILE:
            return False
        raise KernelRefused(f"cannot look up namespace {ref}: {refusals.reason(error)}") from error
    return True


def alive(ref: str) -> bool:
    """Whether the reference is a live network namespace."""
    fd = open_live(ref)
    if fd is None:
        return False
    os.close(fd)
    return True


def identity(ref: str) -> tuple[int, int] | None:
    """Device and inode of a live namespace, which identify it. None if it is missing or dead."""
    fd = open_live(ref)
    if fd is None:
        return None
    try:
        found = os.fstat(fd)
        return (found.st_dev, found.st_ino)
    finally:
        os.close(fd)


def open_own() -> int:
    """A descriptor of the calling thread's namespace."""
    return os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)


def enter(fd: int) -> None:
    """Move only the calling thread into a namespace."""
    try:
        _check(_LIBC.setns(fd, _CLONE_NEWNET))
    except OSError as error:
        raise KernelRefused(f"cannot enter a network namespace: {refusals.reason(error)}") from error


def unshare() -> None:
    """Move only the calling thread into a new namespace."""
    try:
        _check(_LIBC.unshare(_CLONE_NEWNET))
    except OSError as error:
        full = "the limit user.max_net_namespaces is reached" if error.errno == errno.ENOSPC else None
        raise KernelRefused(f"cannot create a network namespace: {full or refusals.reason(error)}") from error


def open_throw_away() -> int:
    """A descriptor of a new namespace without a name, which ends when the descriptor is closed."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="new namespace") as thread:
        thread.submit(unshare).result()
        return thread.submit(open_own).result()


def names() -> list[str]:
    """All names in /run/netns, live or dead, like ``ip netns list``, sorted."""
    try:
        return sorted(os.listdir(NETNS_DIR))
    except FileNotFoundError:
        return []


def prepare() -> bool:
    """Create /run/netns and make it a shared mount point, as ``ip netns`` does.

    Namespaces mounted here then also appear in, and disappear from, the mount namespaces that share it.

    ``ip netns`` locks the directory meanwhile. Any user can hold that lock, for any time.

    :return: false if the lock was not available in time, and this was done without it
    """
    atomic_files.make_directory(NETNS_DIR)
    if _share():
        return True
    directory = os.open(NETNS_DIR, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        in_time = lock.flock_within(directory, PATIENCE)
        if not _share():
            _mount(NETNS_DIR, NETNS_DIR, _MS_BIND | _MS_REC)
            _mount("", NETNS_DIR, _MS_SHARED | _MS_REC)
        return in_time
    finally:
        os.close(directory)


def _share() -> bool:
    """Make the mount shared. Returns false if the directory is not a mount point yet."""
    try:
        _mount("", NETNS_DIR, _MS_SHARED | _MS_REC)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return True


def attach(name: str, source: str) -> None:
    """Give a name to the namespace of the file ``source``, such as /proc/PID/ns/net."""
    path = namespace_path(name)
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0))
    try:
        _mount(source, path, _MS_BIND)
    except OSError:
        os.unlink(path)
        raise


def remove(name: str) -> None:
    """Remove a name, or a dead file. The namespace itself ends with its last process or other reference."""
    path = namespace_path(name)
    if not os.path.islink(path):
        # A name that was bound twice has several mounts.
        while _LIBC.umount2(os.fsencode(path), _MNT_DETACH) == 0:
            pass
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOENT):
            raise OSError(code, os.strerror(code))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def hidden_from_init(name: str) -> bool:
    """Whether the new name is a dead file for the host's first process.

    This happens if the module runs in a mount namespace of its own with a shared /run.
    """
    outside = f"/proc/1/root{NETNS_DIR}"
    try:
        if os.stat(f"{outside}/.").st_dev != os.stat(NETNS_DIR).st_dev:
            return False
        return os.stat(f"{outside}/{name}").st_ino != os.stat(namespace_path(name)).st_ino
    except OSError:
        return False


def users() -> dict[tuple[int, int], list[int]]:
    """The processes in each namespace: (device, inode) to process IDs, as far as visible."""
    found: dict[tuple[int, int], list[int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            place = os.stat(f"/proc/{entry}/ns/net")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        found.setdefault((place.st_dev, place.st_ino), []).append(int(entry))
    return found
