# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers as lines for the terminal, and as the page docs/scale.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.own_time import COLUMNS
from benchmarks.scale import aims, plot
from benchmarks.scale.aims import ALONE, ROLE
from benchmarks.scale.cells import Cell, Found, told
from benchmarks.scale.rivals import RIVALS, STAGES
from tests.lab.paths import REPOSITORY

_PAGE, _PLOT = REPOSITORY / "docs/scale.md", REPOSITORY / "docs/scale.svg"
_TITLES = {
    "build": "Built from nothing",
    "again": "Run again without a change",
    "add": "One endpoint more",
    "move": "Another host port for one endpoint",
    "remove": "Taken down",
}
_LICENCE = """\
<!--
Copyright (c) 2026, the netplumb.linuxnet authors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Many endpoints
"""
_HOW = """\
Made by `make bench`, which anybody can run, in {hours:.1f} hours on {processors} processors with Linux {kernel}. Every
contestant builds the same network on a host of its own in the lab: a bridge, and for each endpoint a namespace, a veth
pair, an address, a default route and a published port; masquerading and forwarding; IPv4. What Docker does beside that
or not, its lines say. The versions are {versions}. The same numbers, with the number of rounds of which each is the
median: [scale.json](scale.json). A contestant that takes long has fewer rounds than the others.
"""
_OWN = """\
What each module takes of its own for a network of three endpoints, in milliseconds, in a Python that was just started
(`python -m benchmarks.own_time`): importing what every module needs of Ansible; its own imports, compiled before; the
same compiled anew, as from the archive in which Ansible sends a module; its work.
"""
_CELLS = """\
A cell has the seconds, and in brackets the seconds of processor time, the largest process in MiB and the processes and
threads started. Processor time is that of the command and its children, and that of all other processes of the host
meanwhile, which are those of a daemon if there is one; the same goes for the largest process. It is read process by
process from the kernel, which rounds what ended children took down to hundredths of a second: with a thousand of
Docker's shims some seconds are lost. What the kernel clears away later is in no cell. No memory is told below that of
the process that measures, 30 MiB or so. What a contestant cannot do is left empty. A stage that takes more than
{budget:.0f} s is given up, and that contestant is not tried with more endpoints{but}.
"""
_BUT_ENOUGH = ", but for the most endpoints, where each is given as long as decides its aim"


def line(count: int, name: str, stages: dict[str, Cell]) -> str:
    """One contestant at one size, for the terminal."""
    return f"{count:5} {name:14} " + "  ".join(f"{stage} {told(cell)}" for stage, cell in stages.items())


def write(record: dict[str, Any]) -> None:
    """docs/scale.md and .svg."""
    found: Found = record["costs"]
    _PAGE.write_text("\n".join(_lines(record, found)) + "\n", encoding="utf-8")
    plot.write(found, _builders(found), _PLOT)


def _names(found: Found) -> list[str]:
    return [name for name in RIVALS if any(name in contestants for contestants in found.values())]


def _builders(found: Found) -> list[str]:
    """Those of them that build anything."""
    return [name for name in _names(found) if any("build" in row.get(name, {}) for row in found.values())]


def _lines(record: dict[str, Any], found: Found) -> Iterator[str]:
    versions = ", ".join(f"{package} {version}" for package, version in record["versions"].items())
    yield _LICENCE
    yield _filled(_HOW.format(**{**record, "versions": versions, "hours": record["seconds"] / 3600}))
    yield "![Seconds to build, by number of endpoints](scale.svg)\n"
    yield "A hollow mark with an arrow is where a contestant was given up: it takes more than that.\n"
    for name in _names(found):
        yield textwrap.fill(f"- {name}: {RIVALS[name].how}.", 120, subsequent_indent="  ")
    yield "\n## What it comes to\n"
    yield from _comparison(found)
    yield from _aims(found, record["own_time"])
    yield "\n## The modules\n"
    yield _filled(_OWN)
    yield from _own_times(record["own_time"])
    yield "\n## The numbers\n"
    yield _filled(_CELLS.format(**record, but=_BUT_ENOUGH if record["enough"] else "")).rstrip()
    for stage in STAGES:
        yield f"\n### {_TITLES[stage]}\n"
        yield from _table(
            ["endpoints", *_names(found)],
            ([count, *(told(row.get(name, {}).get(stage)) for name in _names(found))] for count, row in found.items()),
        )


def _comparison(found: Found) -> Iterator[str]:
    others = [name for name in _builders(found) if name != ROLE]
    yield "How many times as long as the role each takes to build; less than 1 is quicker:\n"
    yield from _table(
        ["endpoints", *others],
        ([count, *(str(aims.times_the_role(found, int(count), name)) for name in others)] for count in found),
    )


def _aims(found: Found, own: aims.Own) -> Iterator[str]:
    judged = [*aims.aims(found), *aims.of_modules(own)]
    words = {True: "met", False: "**not met**", None: "open"}
    counts = [sum(aim.met is met for aim in judged) for met in words]
    many = max(map(int, found))
    open_ = f", {counts[2]} open, because of what was given up or not measured" if counts[2] else ""
    yield "\n" + _filled(
        f"The aims of this project, with {many} endpoints: {counts[0]} met, {counts[1]} not met{open_}."
    )
    yield from _table(
        ["", "asked", "found", ""],
        ([aim.what[0].upper() + aim.what[1:], aim.asked, str(aim.found), words[aim.met]] for aim in judged),
    )
    yield from _least(found)


def _least(found: Found) -> Iterator[str]:
    """How much of a run does not come of the endpoints, if that was measured."""
    few, many = min(map(int, found)), max(map(int, found))
    build = aims.seconds(found, many, ROLE)
    alone, again = aims.seconds(found, many, ALONE, "again"), aims.seconds(found, few, ROLE, "again")
    if alone.least:
        text = (
            f"No run without a change can be shorter than that of Ansible alone, with {many} endpoints {alone / build} "
            f"times the role's build; that of the role with {few} takes {again / build} times as long as that build."
        )
        yield "\n" + _filled(text).rstrip()


def _own_times(own: aims.Own) -> Iterator[str]:
    rows = ([f"`{name}`", *(f"{times[column]:.0f}" for column in COLUMNS)] for name, times in own.items())
    yield from _table(["", *COLUMNS], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|"


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False) + "\n"
