# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the host: a module with one failing system call, or that is killed before one."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

from tests.lab import modules
from tests.sweep.notifier import NUMBERS, Call, watch

#: Which argument of such a call is the path.
PATHS = {
    "open": 0, "stat": 0, "lstat": 0, "mkdir": 0, "rmdir": 0, "unlink": 0, "chmod": 0, "rename": 1, "link": 1,
    "symlink": 1,
    "mount": 1, "umount2": 0, "openat": 1, "mkdirat": 1, "unlinkat": 1, "newfstatat": 1, "renameat": 3, "linkat": 3,
    "symlinkat": 2, "execve": 0,
}  # fmt: skip
_MESSAGES = {
    16: "NEWLINK", 17: "DELLINK", 18: "GETLINK", 19: "SETLINK", 20: "NEWADDR", 21: "DELADDR",
    22: "GETADDR", 24: "NEWROUTE", 25: "DELROUTE", 26: "GETROUTE", 28: "NEWNEIGH", 29: "DELNEIGH",
    30: "GETNEIGH", 34: "GETRULE", 88: "NEWNSID", 90: "GETNSID",
}  # fmt: skip


_OUTPUTS = (1, 2)
#: Asks whether a file is a terminal, as Python does of each file that it opens. Nothing depends on the answer.
_TCGETS = 0x5401


@dataclass(frozen=True)
class Point:
    """The n-th call (from 0) with this name by the module itself, or by a program that it starts."""

    call: str
    number: int
    subject: str = ""
    program: bool = False

    def __str__(self) -> str:
        whose = "a program's " if self.program else ""
        return f"{whose}{self.call} #{self.number}{f' ({self.subject})' if self.subject else ''}"


@dataclass(frozen=True)
class Watched:
    """exit: the module's exit code, negative for a signal, None if it took too long. result: what it printed."""

    exit: int | None
    result: dict[str, Any] | None
    hit: bool
    points: list[Point] = field(default_factory=list)


def run(name: str, options: dict[str, Any], point: Point | None, error: int | None, seconds: float) -> Watched:
    """Run a module's main(). At the point, its call fails with the error; if that is None, its process is killed."""
    output = os.memfd_create("result")
    seen = _Seen(point, error)

    def module() -> None:
        seen.main = os.getpid()
        os.pwrite(output, json.dumps(modules.run_main(name, options, False, True)).encode(), 0)

    code = watch(module, list(NUMBERS), seen.decide, seconds)
    text = os.pread(output, os.fstat(output).st_size, 0)
    return Watched(code, json.loads(text) if text else None, seen.hit, seen.points)


class _Seen:
    """Records all calls in order, and decides what happens to each."""

    def __init__(self, point: Point | None, error: int | None) -> None:
        self._point, self._error = point, error
        self._counts: dict[tuple[str, bool], int] = {}
        self.main = 0
        self.hit = False
        self.points: list[Point] = []

    def decide(self, call: Call) -> int | None:
        if not self.main:  # the first one that is asked about
            self.main = call.pid
        program = call.pid != self.main
        if call.name == "write" and call.arguments[0] in _OUTPUTS:
            return 0  # the result, which Ansible prints
        if call.name == "ioctl" and call.arguments[1] == _TCGETS:
            return 0
        number = self._counts.get((call.name, program), 0)
        self._counts[call.name, program] = number + 1
        if self._point is None:
            self.points.append(Point(call.name, number, _subject(call), program))
        elif (call.name, program, number) == (self._point.call, self._point.program, self._point.number):
            self.hit = True
            return self._error
        return 0


def _subject(call: Call) -> str:
    """What a call is about: a path, or the type of a netlink message."""
    if call.name in PATHS:
        return _memory(call.pid, call.arguments[PATHS[call.name]], 200).partition(b"\0")[0].decode(errors="replace")
    if call.name == "sendto":
        header = _memory(call.pid, call.arguments[1], 8)
        return _MESSAGES.get(struct.unpack("=IHH", header)[1], "") if len(header) == 8 else ""
    return ""


def _memory(pid: int, address: int, size: int) -> bytes:
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(min(size, 4096 - address % 4096)) or b""
    except (OSError, OverflowError, ValueError):
        return b""
