# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the kernel ask before each system call of a process whether to allow it (seccomp user notification).

So calls can fail that never fail otherwise, and the process can be killed right before one, without root and without a
debugger. Everything that the process starts is included.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import struct
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux

#: The kernel's number of an architecture (AUDIT_ARCH), by machine name.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X86 = {
    "read": 0, "write": 1, "open": 2, "stat": 4, "fstat": 5, "lstat": 6, "ioctl": 16, "socket": 41, "connect": 42,
    "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "bind": 49, "clone": 56, "fork": 57, "vfork": 58,
    "execve": 59,
    "flock": 73, "fsync": 74, "ftruncate": 77, "rename": 82, "mkdir": 83, "rmdir": 84, "unlink": 87, "symlink": 88,
    "chmod": 90, "fchmod": 91, "mount": 165, "umount2": 166, "openat": 257, "mkdirat": 258, "unlinkat": 263,
    "renameat": 264, "linkat": 265, "symlinkat": 266, "newfstatat": 262, "getdents64": 217, "unshare": 272,
    "setns": 308, "clone3": 435, "pipe2": 293, "link": 86,
}  # fmt: skip
_ARM = {
    "read": 63, "write": 64, "fstat": 80, "ioctl": 29, "socket": 198, "connect": 203, "sendto": 206, "recvfrom": 207,
    "sendmsg": 211, "recvmsg": 212, "bind": 200, "clone": 220, "execve": 221, "flock": 32, "fsync": 82,
    "ftruncate": 46,
    "mount": 40, "umount2": 39, "openat": 56, "mkdirat": 34, "unlinkat": 35, "renameat": 38, "linkat": 37,
    "symlinkat": 36,
    "newfstatat": 79, "getdents64": 61, "unshare": 97, "setns": 268, "clone3": 435, "pipe2": 59, "fchmod": 52,
}  # fmt: skip
NUMBERS = {"x86_64": _X86, "aarch64": _ARM}.get(platform.machine(), {})
_SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine(), 0)
_PIDFD_GETFD = 438

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_RET_ALLOW, _RET_USER_NOTIF = 0x7FFF0000, 0x7FC00000
_RECV, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")  # id, pid, flags; number, architecture, instruction pointer, arguments
_RESPONSE = struct.Struct("=QqiI")  # id, value, error, flags

_START_SECONDS = 10
#: The exit code after an exception.
_RAISED = 70

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Call:
    """A system call that is about to be made. pid: of the process. arguments: as the kernel gets them."""

    name: str
    pid: int
    arguments: tuple[int, ...]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def _filter(names: list[str]) -> bytes:
    """A BPF program that has the kernel ask about these calls and allow all others."""
    load, equal, end = 0x20, 0x15, 0x06
    numbers = sorted(NUMBERS[name] for name in names if name in NUMBERS)
    lines = [
        (load, 0, 0, 4),
        (equal, 1, 0, _ARCHITECTURES[platform.machine()]),
        (end, 0, 0, _RET_ALLOW),
        (load, 0, 0, 0),
    ]
    for place, number in enumerate(numbers):
        lines.append((equal, len(numbers) - place, 0, number))
    lines += [(end, 0, 0, _RET_ALLOW), (end, 0, 0, _RET_USER_NOTIF)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _install(names: list[str]) -> None:
    """Activate the filter. The listener is the lowest free descriptor, from which the other process takes it."""
    code = _filter(names)
    program = _Program(len(code) // 8, code)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _checked(_libc.syscall(_SECCOMP, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(program)), "seccomp")


def _end_with(function: Callable[[], None], names: list[str]) -> None:
    """Activate the filter, call the function and end this process, in any case."""
    code = _RAISED
    try:
        _install(names)
        function()
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def watch(
    function: Callable[[], None], names: list[str], decide: Callable[[Call], int | None], seconds: float = 60
) -> int | None:
    """Run a function in a fork. Before each of these calls, ``decide`` says what happens to it.

    :param decide: returns 0 to allow it, an errno to make it fail, None to kill the process that makes it
    :return: the exit code of the fork, negative for a signal; None if it was killed because it took too long
    """
    listener_number = os.dup(0)  # the fork has the same descriptors, so this one will be its lowest free one
    os.close(listener_number)
    child = os.fork()
    if not child:
        linux.die_with_parent()
        os.setpgid(0, 0)
        _end_with(function, names)
    handle = os.pidfd_open(child)
    try:
        listener = _listener_of(handle, listener_number)
        try:
            return _serve(listener, handle, child, decide, seconds)
        finally:
            os.close(listener)
    finally:
        os.close(handle)


def works() -> bool:
    """Whether this machine supports it: forbid creating a directory, and see that this fails."""
    refused: list[bool] = []

    def make_a_directory() -> None:
        try:
            os.mkdir("/nowhere")
        except OSError as error:
            os._exit(0 if error.errno == errno.EXFULL else 1)

    def decide(_call: Call) -> int:
        refused.append(True)
        return errno.EXFULL

    try:
        return watch(make_a_directory, ["mkdir", "mkdirat"], decide, 10) == 0 and bool(refused)
    except (OSError, KeyError):
        return False


def _listener_of(handle: int, number: int) -> int:
    """Wait for the child's listener."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        found = _libc.syscall(_PIDFD_GETFD, handle, number, 0)
        if found >= 0:
            if "seccomp" in os.readlink(f"/proc/self/fd/{found}"):
                return int(found)
            os.close(found)
        time.sleep(0.0005)
    raise OSError(ctypes.get_errno(), f"no listener: {os.strerror(ctypes.get_errno())}")


def _serve(listener: int, handle: int, child: int, decide: Callable[[Call], int | None], seconds: float) -> int | None:
    names = {number: name for name, number in NUMBERS.items()}
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(handle, select.POLLIN)
    end, late = time.monotonic() + seconds, False
    while True:
        ready = dict(poll.poll(1000))
        if handle in ready:
            break
        if time.monotonic() > end:
            late = True
            os.killpg(child, signal.SIGKILL)
        if ready.get(listener, 0) & select.POLLIN:
            _answer(listener, names, decide)
    _pid, status = os.waitpid(child, 0)
    _let_finish(listener, names)
    return None if late else os.waitstatus_to_exitcode(status)


def _let_finish(listener: int, names: dict[int, str]) -> None:
    """Answer for processes that the child started until they end, since they may outlive it."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        ready = dict(poll.poll(5000))
        if not ready.get(listener, 0) & select.POLLIN:
            return
        _answer(listener, names, lambda _call: 0)


def _answer(listener: int, names: dict[int, str], decide: Callable[[Call], int | None]) -> None:
    buffer = bytearray(80)
    try:
        fcntl.ioctl(listener, _RECV, buffer)
    except OSError as error:
        if error.errno == errno.ENOENT:  # the process was killed meanwhile
            return
        raise
    number, pid, _flags, call, _architecture, _pointer, *arguments = _NOTIFICATION.unpack(buffer)
    told = decide(Call(names[call], pid, tuple(arguments)))
    if told is None:
        os.kill(pid, signal.SIGKILL)
        return
    response = _RESPONSE.pack(number, 0, -told, 0 if told else _CONTINUE)
    try:
        fcntl.ioctl(listener, _SEND, response)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
