# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs: ``measure`` runs inside a lab host (see tests/lab/forker.py)."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """seconds: wall. cpu: user and system time of the command and all that it waited for, in seconds.

    memory: of the largest process, in MiB. processes: how many the machine started meanwhile, threads included.
    """

    seconds: float
    cpu: float
    memory: float
    processes: int


class Failed(RuntimeError):
    """The command failed; what it said is the text."""


def measure(argv: list[str], environment: dict[str, str], budget: float) -> Cost:
    """Run a command to its end. Raises Failed, or TimeoutError after ``budget`` seconds."""
    before = _started()
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
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, _started() - before)


def _started() -> int:
    """How many processes and threads this machine has started since it booted."""
    with open("/proc/stat", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("processes"))
