# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluate the numbers: each contestant compared with the role, and the aims of the project.

A stage that was given up took at least some time, so a time is a range from the least to the most that it can be. So is
a ratio of two, and an aim is met, not met, or open if the range contains both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.scale.cells import Cell, Found

#: CPU milliseconds by module and by what was done: see benchmarks/own_time.py.
Own = dict[str, dict[str, float]]

#: By row, CPU seconds of the role and of Ansible alone, and their ratio: see benchmarks/beside_ansible.py.
Beside = dict[str, dict[str, float]]

ROLE = "role"
#: How many times as long as the role a contestant has to take to build, at least.
SLOWER = {"CNI": 10, "netavark": 10, "docker run": 30, "plain Ansible": 100}


@dataclass(frozen=True)
class Span:
    """A range from least to most: equal if it was measured, up to infinity if it was given up."""

    least: float
    most: float

    def __truediv__(self, other: Span) -> Span:
        return Span(self.least / other.most, self.most / other.least if other.least else math.inf)

    def __mul__(self, factor: float) -> Span:
        return Span(self.least * factor, self.most * factor)

    def __add__(self, seconds: float) -> Span:
        return Span(self.least + seconds, self.most + seconds)

    def __str__(self) -> str:
        if self.least == self.most:
            return _rounded(self.least)
        if self.least:
            return f"more than {_rounded(self.least)}"
        return "not known" if math.isinf(self.most) else f"less than {_rounded(self.most)}"


def _rounded(number: float) -> str:
    """Three significant digits, and no decimals from a hundred on."""
    return f"{number:.0f}" if number >= 99.5 else f"{number:.3g}"


def seconds(found: Found, count: int, name: str, stage: str = "build") -> Span:
    cell: Cell = found.get(str(count), {}).get(name, {}).get(stage, {})
    if "seconds" in cell:
        return Span(cell["seconds"], cell["seconds"])
    return Span(cell.get("more_than", 0.0), math.inf)


def times_the_role(found: Found, count: int, name: str) -> Span:
    """How many times as long as the role a contestant takes to build."""
    return seconds(found, count, name) / seconds(found, count, ROLE)


def enough(found: Found, count: int, name: str) -> float | None:
    """The seconds after which a contestant's build has taken so long that its aim is met, plus five percent.

    None if it has no aim, or if the role's build is not known.
    """
    role = seconds(found, count, ROLE).most
    return None if name not in SLOWER or math.isinf(role) else role * SLOWER[name] * 1.05


def memory_of_a_module(found: Found, count: int) -> Span:
    """In MB, at most that of the largest process in the role's stages, which include ansible-playbook."""
    stages = found.get(str(count), {}).get(ROLE, {}).values()
    return Span(0.0, max((cell["memory"] * 1.048576 for cell in stages if "memory" in cell), default=math.inf))


@dataclass(frozen=True)
class Aim:
    """What is measured, what is required, what was found, and whether that meets it: None if unknown."""

    what: str
    asked: str
    found: Span
    met: bool | None


def at_most(what: str, found: Span, limit: Span) -> Aim:
    open_ = found.least <= limit.most and found.most > limit.least
    return Aim(what, f"at most {limit}", found, None if open_ else found.most <= limit.least)


def at_least(what: str, found: Span, limit: float) -> Aim:
    open_ = found.least < limit <= found.most
    return Aim(what, f"at least {limit:g}", found, None if open_ else found.least >= limit)


def aims(found: Found) -> Iterator[Aim]:
    """The aims at the largest size."""
    count = max(map(int, found), default=0)
    tenth = count // 10
    build = seconds(found, count, ROLE)
    expert, floor = seconds(found, count, "expert"), seconds(found, count, "floor")
    yield at_most("the role's build, in times the expert's", build / expert, _exactly(1.5))
    yield at_most("the role's build in seconds; three times the floor's and 4 s are allowed", build, floor * 3 + 4)
    for name, factor in SLOWER.items():
        yield at_least(f"the build of {name}, in times the role's", times_the_role(found, count, name), factor)
    remove = seconds(found, count, ROLE, "remove")
    yield at_most("the role's teardown, in times its build", remove / build, _exactly(0.5))
    each, each_of_few = build * (1 / max(count, 1)), seconds(found, tenth, ROLE) * (1 / max(tenth, 1))
    yield at_most(f"the role's build per endpoint, in times that with {tenth}", each / each_of_few, _exactly(1.3))
    yield at_most("the memory of a module of the role, in MB", memory_of_a_module(found, count), _exactly(150))


def beside_ansible(rows: Beside, asked: Mapping[str, float]) -> Iterator[Aim]:
    """asked: by row, the most that the role may take, as a multiple of Ansible alone."""
    for what, most in asked.items():
        ratio = _exactly(rows[what]["ratio"]) if what in rows else Span(0.0, math.inf)
        yield at_most(f"{what}, in times Ansible alone", ratio, _exactly(most))


def of_modules(own: Own) -> Iterator[Aim]:
    """The aims for the slowest of them."""
    imports = _most(times["imports"] for times in own.values())
    whole = _most(times["imports"] + times["work"] for times in own.values())
    yield at_most("what a module imports beside Ansible, in milliseconds", imports, _exactly(150))
    yield at_most("the same and its work for three endpoints, in milliseconds", whole, _exactly(250))


def _most(numbers: Iterable[float]) -> Span:
    most = max(numbers, default=None)
    return Span(0.0, math.inf) if most is None else _exactly(most)


def _exactly(number: float) -> Span:
    return Span(number, number)
