# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known about one stage of one contestant at one size: a dictionary, as in scale.json.

Either seconds, cpu, memory and processes (see meter.Cost), each the median of several rounds, or why there are none. If
it was given up, more_than is how many seconds it would have taken at least.
"""

from __future__ import annotations

import statistics
from typing import Any

Cell = dict[str, Any]
#: By size, contestant and stage.
Found = dict[str, dict[str, dict[str, Cell]]]

MEASURED = ("seconds", "cpu", "memory", "processes")


def given_up(seconds: float) -> Cell:
    return {"why": f"more than {seconds:.0f} s", "more_than": seconds}


def failed(said: str) -> Cell:
    """The last line of a command's output that mentions an error, or else the last line."""
    lines = said.strip().splitlines() or [""]
    return {"why": "failed: " + ([line for line in lines if "error" in line.lower()] or lines)[-1]}


def unreached(life: dict[str, Cell]) -> Cell | None:
    """The cell of the following stages, if one of these did not end well."""
    ill = next((stage for stage, cell in life.items() if "why" in cell), None)
    return None if ill is None else {"why": f"not reached: {ill} {life[ill]['why']}"}


def is_given_up(life: dict[str, Cell]) -> bool:
    return any("more_than" in cell for cell in life.values())


def is_failed(life: dict[str, Cell]) -> bool:
    return any("failed" in cell.get("why", "") for cell in life.values())


def untried(life: dict[str, Cell], count: int) -> dict[str, Cell]:
    """The cells of a larger size, after a life with COUNT endpoints of which something was given up.

    With more endpoints, a stage takes at least as long, whether it was given up or measured.
    """
    sentence = next(cell["why"] for cell in life.values() if "more_than" in cell)
    why = f"not tried, since it took {sentence} with {count}"
    least = {stage: cell.get("seconds", cell.get("more_than")) for stage, cell in life.items()}
    return {stage: {"why": why, **({"more_than": least[stage]} if least[stage] else {})} for stage in life}


def median(lives: list[dict[str, Cell]]) -> dict[str, Cell]:
    """The medians by stage, or why there is none."""
    found: dict[str, Cell] = {}
    for stage in {stage: None for life in lives for stage in life}:
        rounds = [life[stage] for life in lives if stage in life]
        without = [cell for cell in rounds if "why" in cell]
        if without:
            found[stage] = without[0]
        else:
            medians = {key: statistics.median(cell[key] for cell in rounds) for key in MEASURED}
            found[stage] = {**medians, "rounds": len(rounds)}
    return found


def told(cell: Cell | None) -> str:
    """The text of a cell; empty if the contestant cannot do it."""
    if cell is None:
        return ""
    if "why" in cell:
        return str(cell["why"])
    more = f"{cell['cpu']:.2f} s, {cell['memory']:.0f} MiB, {cell['processes']:.0f}"
    return f"{cell['seconds']:.2f} ({more})"
