# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside a host: run a module and measure its cost."""

from __future__ import annotations

import cProfile
import functools
import gc
import io
import json
import pstats
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import host as kernel_host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import programs
from tests.lab import modules


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time (the program's own and the kernel's), and the peak memory in MB.

    ``profile`` is the time by function, if requested.
    """

    wall: float
    user: float
    kernel: float
    memory: float
    profile: str

    def __str__(self) -> str:
        return f"{self.wall:8.2f} s  user {self.user:6.2f}  kernel {self.kernel:6.2f}  {self.memory:5.0f} MB"


def measure(name: str, options: str, check: bool, profiled: bool) -> tuple[dict[str, Any], Cost]:
    """Run a module with the options in a JSON file. Garbage collection is on, as in a Python of its own."""
    gc.enable()
    given = json.loads(Path(options).read_text(encoding="utf-8"))
    profiles = _profile_everything() if profiled else []
    times, begun = _times(), time.perf_counter()
    result = modules.run_main(name, given, check, True)
    wall = time.perf_counter() - begun
    user, kernel = (after - before for before, after in zip(times, _times(), strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result, Cost(wall, user, kernel, memory, _told(profiles))


def spent_in(program: str, name: str, options: dict[str, Any]) -> tuple[float, float]:
    """The seconds that a module waits for a program, and that it takes as a whole. It has to change something."""
    usual, spent = programs.run, 0.0

    def run(argv: Sequence[str], stdin: str | None = None) -> programs.Completed:
        nonlocal spent
        begin = time.perf_counter()
        done = usual(argv, stdin)
        spent += (time.perf_counter() - begin) * (argv[0] == program)
        return done

    setattr(programs, "run", run)  # noqa: B010  # mypy refuses the plain assignment
    begin = time.perf_counter()
    result = modules.run_main(name, options, False, False)
    whole = time.perf_counter() - begin
    if not result.get("changed"):
        raise ValueError(f"{name} changed nothing: {result}")
    return spent, whole


def _times() -> tuple[float, float]:
    """The times of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime for one in spent), sum(one.ru_stime for one in spent)


def _profile_everything() -> list[cProfile.Profile]:
    """Profile this thread, and the one that visits the namespaces during each visit."""
    main, visits = cProfile.Profile(), cProfile.Profile()
    usual: Callable[..., Any] = kernel_host._Visitor.tour

    def tour(self: Any, stops: Sequence[tuple[int, Callable[[], Any]]]) -> Any:
        return usual(self, [(fd, functools.partial(visits.runcall, work)) for fd, work in stops])

    setattr(kernel_host._Visitor, "tour", tour)  # noqa: B010  # mypy refuses the plain assignment
    main.enable()
    return [main, visits]


def _told(profiles: list[cProfile.Profile]) -> str:
    text = io.StringIO()
    for profile in profiles:
        profile.disable()
        if profile.getstats():
            pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(30)
    return text.getvalue()
