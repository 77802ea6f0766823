# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a command: ``measure`` runs inside a lab host (see tests/lab/forker.py).

A daemon that is not a child of the command may do its work. So everything that the host's other processes spend
meanwhile counts too: the host does nothing but what is measured. The time of a process that ended is added to that of
the process that waited for it; reaper.py makes sure that there is one.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_TRIES = 20
#: Fields of /proc/PID/stat after the program's name: what terminated children have spent, in ticks.
_CHILDREN = slice(13, 15)


@dataclass(frozen=True)
class Cost:
    """seconds: wall time. cpu: user and system time of the command, its children and daemons, in seconds.

    memory: of the largest process, in MiB, including daemons that are still running, and at least that of this process,
    which the command is forked from. processes: how many the machine started meanwhile, including threads.
    """

    seconds: float
    cpu: float
    memory: float
    processes: int


class Failed(RuntimeError):
    """The command failed. The text is its output."""


def measure(argv: list[str], environment: dict[str, str], budget: float) -> Cost:
    """Run a command to its end. Raises Failed, or TimeoutError after ``budget`` seconds."""
    _forget_peaks()
    before, started = _spent_by_others(), _started()
    begun = time.monotonic()
    with subprocess.Popen(
        argv, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said, _nothing = process.communicate(timeout=budget)
        except subprocess.TimeoutExpired:
            process.kill()
            raise TimeoutError(f"more than {budget:.0f} s") from None
    seconds = time.monotonic() - begun
    if process.returncode:
        raise Failed(f"{' '.join(argv)}: exit {process.returncode}\n{said[-4000:]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime + _spent_by_others() - before
    return Cost(seconds, cpu, max(used.ru_maxrss, *_peaks()) / 1024, _started() - started)


def _started() -> int:
    """How many processes and threads this machine has started since it booted."""
    with open("/proc/stat", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("processes"))


def _others() -> Iterator[Path]:
    """The directories of all processes of this host but this one."""
    yield from (path for path in Path("/proc").glob("[0-9]*") if int(path.name) != os.getpid())


def _spent_by_others() -> float:
    """CPU time of the other processes and of those that they waited for, in seconds.

    A process that ends while they are read would count twice or not at all; then they are read again.
    """
    spent = 0.0
    for _try in range(_TRIES):
        processes = set(_others())
        spent = sum(map(_spent, processes))
        if processes == set(_others()):
            break
    return spent


def _spent(path: Path) -> float:
    try:
        ticks = (path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[_CHILDREN]
        return time.clock_gettime(_clock(int(path.name))) + sum(map(int, ticks)) / _TICKS
    except OSError:  # it has ended
        return 0.0


def _clock(pid: int) -> int:
    """The clock of a process's CPU time, without rounding (clock_getcpuclockid(3))."""
    return (~pid << 3) | 2


def _forget_peaks() -> None:
    for path in _others():
        with contextlib.suppress(OSError):
            (path / "clear_refs").write_text("5", encoding="ascii")


def _peaks() -> Iterator[int]:
    """The peak memory of each of the others since then, in KiB."""
    for path in _others():
        with contextlib.suppress(OSError):
            lines = (path / "status").read_text(encoding="utf-8").splitlines()
            yield from (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
