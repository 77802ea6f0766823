# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/scale.svg: seconds to build by number of endpoints, one labelled line per contestant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.scale.aims import ROLE
from benchmarks.scale.cells import Found

#: Colours for colour-blind readers (Okabe and Ito), and marks for those who see no colours.
_STYLES = {
    "floor": ("#666666", "v"),
    "expert": ("#56B4E9", "s"),
    "role": ("#000000", "o"),
    "plain Ansible": ("#E69F00", "D"),
    "CNI": ("#009E73", "^"),
    "netavark": ("#CC79A7", "P"),
    "docker run": ("#D55E00", "X"),
    "docker connect": ("#0072B2", "<"),
}
#: The least distance between labels, as a fraction of the height.
_GAP = 0.045

Point = tuple[int, float]


def points(found: Found, name: str) -> tuple[list[Point], list[Point]]:
    """The measured points of a contestant, and those where it was given up. Untried sizes are not shown."""
    measured: list[Point] = []
    given_up: list[Point] = []
    for count, contestants in sorted(found.items(), key=lambda item: int(item[0])):
        cell = contestants.get(name, {}).get("build", {})
        if "seconds" in cell:
            measured.append((int(count), cell["seconds"]))
        elif "more_than" in cell and not given_up:
            given_up.append((int(count), cell["more_than"]))
    return measured, given_up


def spread(heights: list[float], gap: float) -> list[float]:
    """The same heights in ascending order, moved apart around their centres where they are closer than the gap."""
    placed: list[list[float]] = []  # blocks of neighbours: [centre, members]
    for height in heights:
        placed.append([height, 1])
        while len(placed) > 1 and placed[-1][0] - placed[-2][0] < gap * (placed[-1][1] + placed[-2][1]) / 2:
            (upper, many), (lower, few) = placed.pop(), placed.pop()
            placed.append([(upper * many + lower * few) / (many + few), many + few])
    return [centre + gap * (place - (many - 1) / 2) for centre, many in placed for place in range(int(many))]


def write(found: Found, names: list[str], path: Path) -> None:
    import matplotlib as mpl  # the one part that needs it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"  # the same numbers give the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 6), layout="constrained")
    axes.set(xscale="log", yscale="log", xlabel="endpoints", ylabel="seconds")
    axes.set_title("Seconds to build a network", loc="left")
    ends: dict[str, Point] = {}
    for name in names:
        colour, mark = _STYLES[name]
        width = 3.0 if name == ROLE else 1.5
        measured, given_up = points(found, name)
        if measured:
            axes.plot(*zip(*measured, strict=True), color=colour, marker=mark, linewidth=width, zorder=width)
        if given_up:
            from_, to = [*measured[-1:], *given_up], given_up[-1]
            axes.plot(*zip(*from_, strict=True), color=colour, linestyle=":", linewidth=width)
            axes.annotate("", (to[0], to[1] * 1.5), to, arrowprops={"arrowstyle": "->", "color": colour})
            axes.plot(*to, color=colour, marker=mark, markerfacecolor="white", zorder=4)
        if measured or given_up:
            ends[name] = (measured + given_up)[-1]
    axes.set_xticks(sorted(map(int, found)), labels=sorted(map(int, found)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    _name(axes, ends, max(map(int, found)))
    figure.savefig(path, metadata={"Date": None})


def _name(axes: Any, ends: dict[str, Point], last: int) -> None:
    """Label lines that reach the last size on the right, apart from each other, and others where they end."""
    for name, end in ends.items():
        if end[0] < last:
            axes.annotate(name, end, (-7, 3), textcoords="offset points", color=_STYLES[name][0], ha="right")
    names = sorted((name for name in ends if ends[name][0] == last), key=lambda name: ends[name][1])
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform(ends[name])[1]) for name in names]
    for name, height in zip(names, spread(heights, _GAP), strict=True):
        colour = _STYLES[name][0]
        axes.annotate(
            name, ends[name], (1.04, height), textcoords="axes fraction", color=colour, va="center",
            weight="bold" if name == ROLE else "normal", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "alpha": 0.5, "linewidth": 0.8, "shrinkA": 2, "shrinkB": 4},
        )  # fmt: skip
