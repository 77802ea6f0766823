# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks.scale [--write]``: build, see again, change and remove networks of many endpoints.

Each contestant has a lab host of its own for each size and round; the median of the rounds counts. iptables is the
legacy one, since nft takes few edits at once in a user namespace. With --write the numbers go to docs/.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import sys
from typing import Any

from benchmarks.scale import meter, page
from benchmarks.scale.meter import Cost
from benchmarks.scale.rivals import RIVALS, STAGES, Rival
from tests.engines import packages
from tests.integration.rule_hosts import use_backend
from tests.lab.lab import Lab

Found = dict[str, dict[str, Any]]


def live(rival: Rival, count: int, budget: float) -> dict[str, Cost | str]:
    """The costs of one network's life, by stage; a sentence in place of what was not to be had."""
    costs: dict[str, Cost | str] = {}
    with Lab(visible=(str(packages.ROOT),)) as lab:
        host = lab.host("host")
        use_backend(host, "legacy")
        for stage in STAGES:
            command = rival.command(host, stage, count)
            if command is None:
                continue
            try:
                costs[stage] = host.call(meter.measure, command, host.environment(), budget, timeout=budget + 60)
            except TimeoutError:
                return {**costs, stage: f"more than {budget:.0f} s"}
    return costs


def median(lives: list[dict[str, Cost | str]]) -> dict[str, Any]:
    """By stage: the medians, or the sentence."""
    found: dict[str, Any] = {}
    for stage in STAGES:
        costs = [one[stage] for one in lives if stage in one]
        sentences = [cost for cost in costs if isinstance(cost, str)]
        if sentences:
            found[stage] = sentences[0]
        elif costs:
            rows = [dataclasses.astuple(cost) for cost in costs if isinstance(cost, Cost)]
            found[stage] = dataclasses.asdict(Cost(*map(statistics.median, zip(*rows, strict=True))))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rivals", nargs="+", default=list(RIVALS), choices=list(RIVALS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--budget", type=float, default=600, help="seconds after which a stage is given up")
    parser.add_argument("--write", action="store_true", help="write docs/scale.md, .json and .svg")
    options = parser.parse_args()
    packages.fetch()
    found: Found = {}
    for count in options.sizes:
        for name in options.rivals:
            lives = [live(RIVALS[name], count, options.budget) for _round in range(options.rounds)]
            found.setdefault(str(count), {})[name] = median(lives)
            print(page.line(count, name, found[str(count)][name]), flush=True)
    if options.write:
        page.write(found, options.rounds, os.cpu_count() or 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
