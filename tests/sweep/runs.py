# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole sweep, for the command line; see __main__.py."""

from __future__ import annotations

import argparse
import collections
import time

from tests.lab.errors import LabError
from tests.lab.lab import Lab
from tests.sweep.sweeping import STAGES, Case, Stage, Sweep, Wrong, one_of_each_kind


def _say(line: str) -> None:
    print(line, flush=True)


def _cases(given: argparse.Namespace, stage: Stage) -> list[Case]:
    with Lab() as lab:
        found = list(Sweep(lab).cases(stage))
    if given.kinds:
        found = one_of_each_kind(found)
    return [case for case in found if given.only in str(case)][given.skip :: given.every]


def main(description: str) -> int:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=[stage.name for stage in STAGES])
    parser.add_argument("--every", type=int, default=1, help="only each N-th fault")
    parser.add_argument("--skip", type=int, default=0, help="leave the first ones out")
    parser.add_argument("--kinds", action="store_true", help="only one fault of each kind")
    parser.add_argument("--only", default="", help="only those in whose words this is")
    parser.add_argument("--list", action="store_true", help="only tell them")
    given = parser.parse_args()
    wrong: list[str] = []
    for stage in STAGES:
        if given.stage in (None, stage.name):
            wrong += _sweep(stage, _cases(given, stage), given.list)
    _say("\n".join(wrong) or "nothing is wrong")
    return 1 if wrong else 0


def _sweep(stage: Stage, cases: list[Case], only_tell: bool) -> list[str]:
    _say(f"=== {stage.name}: {len(cases)} faults")
    if only_tell:
        _say("\n".join(map(str, cases)))
        return []
    counts: collections.Counter[str] = collections.Counter()
    wrong, rest, begun = [], list(cases), time.monotonic()
    while rest:
        with Lab() as lab:
            sweep = Sweep(lab)
            while rest:
                case = rest.pop(0)
                try:
                    counts["took place" if sweep.run(case) else "never came"] += 1
                except (Wrong, LabError) as error:
                    wrong.append(str(error))
                    _say(f"WRONG {error}")
                    break
    _say(f"{stage.name}: {dict(counts)}, {len(wrong)} wrong, in {time.monotonic() - begun:.0f} s")
    return wrong
