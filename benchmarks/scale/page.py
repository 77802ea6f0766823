# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers as lines, as a table, as JSON and as a plot."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from typing import Any

from benchmarks.scale.rivals import RIVALS, STAGES
from tests.lab.paths import REPOSITORY

#: By size, contestant and stage: what benchmarks.scale.meter.Cost has, or a sentence.
Found = dict[str, dict[str, dict[str, Any]]]

DOCS = REPOSITORY / "docs"
_TITLES = {
    "build": "Built from nothing",
    "again": "Run again without a change",
    "add": "One endpoint more",
    "move": "Another host port for one endpoint",
    "remove": "Taken down",
}
_HEAD = """\
<!--
Copyright (c) 2026, the netplumb.linuxnet authors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Many endpoints

Made by `make bench`, which anybody can run: {rounds} rounds, of which the medians are shown, on {processors} processors
with Linux {kernel}. Every contestant builds the same network on a host of its own in the lab: a bridge, and for each
endpoint a namespace, a veth pair, an address, a default route and a published port; masquerading and forwarding; IPv4.
The same numbers: [scale.json](scale.json).

![Seconds to build](scale.svg)

A cell has the seconds, and in brackets the seconds of processor time, the largest process in MiB and the processes
started. What a contestant cannot do is left empty; what took longer than allowed says so.

"""


def line(count: int, name: str, stages: dict[str, Any]) -> str:
    """One contestant at one size, for the terminal."""
    return f"{count:5} {name:14} " + "  ".join(f"{stage} {_told(cost)}" for stage, cost in stages.items())


def _told(cost: Any) -> str:
    if cost is None or isinstance(cost, str):
        return cost or ""
    more = f"{cost['cpu']:.2f} s, {cost['memory']:.0f} MiB, {cost['processes']:.0f}"
    return f"{cost['seconds']:.2f} ({more})"


def write(found: Found, rounds: int, processors: int) -> None:
    """docs/scale.md, .json and .svg."""
    made = {"kernel": platform.release(), "processors": processors, "rounds": rounds, "costs": found}
    (DOCS / "scale.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    head = _HEAD.format(rounds=rounds, processors=processors, kernel=platform.release())
    (DOCS / "scale.md").write_text(head + "\n".join(_tables(found)), encoding="utf-8")
    _plot(found)


def _names(found: Found) -> list[str]:
    return [name for name in RIVALS if any(name in contestants for contestants in found.values())]


def _tables(found: Found) -> Iterator[str]:
    for name in _names(found):
        yield f"- {name}: {RIVALS[name].how}"
    for stage in STAGES:
        yield f"\n## {_TITLES[stage]}\n"
        yield "| endpoints |" + "".join(f" {name} |" for name in _names(found))
        yield "|---|" + "---|" * len(_names(found))
        for count, contestants in found.items():
            cells = [_told(contestants.get(name, {}).get(stage)) for name in _names(found)]
            yield f"| {count} |" + "".join(f" {cell} |" for cell in cells)
    yield ""


def _plot(found: Found) -> None:
    import matplotlib as mpl  # the one part that needs it

    mpl.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name in _names(found):
        points = [
            (int(count), contestants[name]["build"]["seconds"])
            for count, contestants in found.items()
            if isinstance(contestants.get(name, {}).get("build"), dict)
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="endpoints", ylabel="seconds to build")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(DOCS / "scale.svg", metadata={"Date": None})
