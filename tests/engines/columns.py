# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines and releases to ask, and their answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence

from tests.engines.answers import ask
from tests.engines.cni import Cni
from tests.engines.docker import Docker
from tests.engines.engine import Engine
from tests.engines.netavark import Netavark
from tests.engines.podman import Podman
from tests.engines.questions import POLICY, Question, questions
from tests.engines.reasons import BOTH, NEW, OLD
from tests.engines.releases import NEWEST, PRESENT, Release
from tests.engines.role import Role
from tests.engines.scene import policies, scene
from tests.engines.table import Run

RELEASES: dict[str, Release] = {OLD: PRESENT, NEW: NEWEST}
#: The columns in order, ours first, and the ages in which each is asked.
_COLUMNS: tuple[tuple[Callable[[Release], Engine], tuple[str, ...]], ...] = (
    (Role, BOTH),
    (Docker, BOTH),
    (lambda release: Docker(release, proxy=False), BOTH),
    (Cni, BOTH),
    (Netavark, BOTH),
    (lambda release: Netavark(release, "nftables"), (NEW,)),
    (Podman, (NEW,)),
)


def engines(ages: Sequence[str] = BOTH) -> Iterator[list[tuple[str, Engine]]]:
    """The columns: the engines with their ages."""
    for make, offered in _COLUMNS:
        if column := [(age, make(RELEASES[age])) for age in offered if age in ages]:
            yield column


def ask_all(names: Sequence[str] = (), ages: Sequence[str] = BOTH) -> tuple[list[list[Run]], list[Question]]:
    """The columns with their answers, and the questions. names: the engines to ask besides the role, empty for all."""
    asked = questions()
    columns = []
    for column in engines(ages):
        if not names or column[0][1].name in ("role", *names):
            columns.append([_run(age, engine, asked) for age, engine in column])
    return columns, [POLICY, *asked]


def _run(age: str, engine: Engine, asked: Sequence[Question]) -> Run:
    begin = time.monotonic()
    with scene(engine) as built:
        answers = {POLICY.name: policies(built.host), **ask(built, asked)}
    version = engine.release.version(engine.package)
    run = Run(engine.name, age, engine.heading, version, answers, engine.lacks, engine.how)
    print(f"{run.title}: {len(answers)} answers in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return run
