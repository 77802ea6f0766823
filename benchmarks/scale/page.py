# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers as lines for the terminal, and as the page docs/scale.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.beside_ansible import ROWS
from benchmarks.own_time import COLUMNS
from benchmarks.scale import aims, plot, rivals
from benchmarks.scale.aims import ROLE
from benchmarks.scale.cells import Cell, Found, told
from benchmarks.scale.record import BESIDE, MODULES, RIVALS
from benchmarks.scale.rivals import STAGES
from docs.make.pages import header
from tests.lab.paths import REPOSITORY

_PAGE, _PLOT = REPOSITORY / "docs/scale.md", REPOSITORY / "docs/scale.svg"
_TITLES = {
    "build": "Built from nothing",
    "again": "Run again without a change",
    "add": "One endpoint more",
    "move": "Another host port for one endpoint",
    "remove": "Taken down",
}
_LICENCE = f"""\
{header()}

# Many endpoints
"""
_INTRO = """\
Made by `make bench`, which anybody can run, in three parts, each of which says when it was measured.
"""
_MEASURED = (
    "Measured on {date} ({state}) in {took} on {processors} processors with Linux {kernel} and ansible-core {core}."
)
_BESIDE = """\
What a run of the role takes beside what `ansible-playbook` takes in any case, for the same variables, their check
against the role's argument specification, and one `ping`: seconds of the processor, of all processes, those on the host
too. A ratio is the median of {rounds} pairs of runs, one right after the other (`python -m benchmarks.beside_ansible`).
{measured}
"""
_HOW = """\
Every contestant builds the same network on a host of its own in the lab: a bridge, and for each endpoint a namespace, a
veth pair, an address, a default route and a published port; masquerading and forwarding; IPv4. What Docker does beside
that or not, its lines say. The versions are {versions}. The same numbers, with the number of rounds of which each is
the median: [scale.json](scale.json). A contestant that takes long has fewer rounds than the others. {measured}
"""
_OWN = """\
What each module takes of its own for a network of three endpoints, in milliseconds of the processor, in a Python that
was just started (`python -m benchmarks.own_time`): importing what every module needs of Ansible; its own imports,
compiled before; the same compiled anew, as from the archive in which Ansible sends a module; its work. {measured}
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


def write(record: dict[str, Any], with_plot: bool = True) -> None:
    """Write docs/scale.md, and the plot."""
    _PAGE.write_text("\n".join(lines(record)) + "\n", encoding="utf-8")
    if with_plot:
        found = _costs(record)
        plot.write(found, _builders(found), _PLOT)


def _costs(record: dict[str, Any]) -> Found:
    return dict(record.get(RIVALS, {}).get("costs", {}))


def _measured(part: dict[str, Any]) -> str:
    hours, minutes = part["seconds"] / 3600, part["seconds"] / 60
    took = f"{hours:.1f} hours" if hours >= 1 else f"{minutes:.0f} minutes"
    return _MEASURED.format(**part, took=took, core=part["ansible-core"])


def _names(found: Found) -> list[str]:
    return [name for name in rivals.RIVALS if any(name in contestants for contestants in found.values())]


def _builders(found: Found) -> list[str]:
    """Those that build anything."""
    return [name for name in _names(found) if any("build" in row.get(name, {}) for row in found.values())]


def lines(record: dict[str, Any]) -> Iterator[str]:
    """The lines of docs/scale.md. A part that was never measured is left out, and its aims are open."""
    yield _LICENCE
    yield _filled(_INTRO).rstrip()
    yield "\n## The aims\n"
    yield from _aims(record)
    if BESIDE in record:
        yield "\n## Beside Ansible alone\n"
        yield from _beside(record[BESIDE])
    if RIVALS in record:
        yield "\n## Beside others\n"
        yield from _rivals(record[RIVALS])
    if MODULES in record:
        yield "\n## The modules\n"
        yield _filled(_OWN.format(measured=_measured(record[MODULES])))
        yield from _own_times(record[MODULES]["own_time"])
    if RIVALS in record:
        yield "\n## The numbers beside others\n"
        yield from _numbers(record[RIVALS])


def _beside(part: dict[str, Any]) -> Iterator[str]:
    yield _filled(_BESIDE.format(**part, measured=_measured(part)))
    yield from _table(
        ["", "the role", "Ansible alone", "ratio"],
        (
            [what, *(f"{numbers[side]:.2f} s" for side in ("role", "alone")), f"{numbers['ratio']:.2f}"]
            for what, numbers in part["rows"].items()
        ),
    )


def _rivals(part: dict[str, Any]) -> Iterator[str]:
    found: Found = part["costs"]
    versions = ", ".join(f"{package} {version}" for package, version in part["versions"].items())
    yield _filled(_HOW.format(versions=versions, measured=_measured(part)))
    yield "![Seconds to build, by number of endpoints](scale.svg)\n"
    yield "A hollow mark with an arrow is where a contestant was given up: it takes more than that.\n"
    for name in _names(found):
        yield textwrap.fill(f"- {name}: {rivals.RIVALS[name].how}.", 120, subsequent_indent="  ")
    yield ""
    yield from _comparison(found)


def _numbers(part: dict[str, Any]) -> Iterator[str]:
    found: Found = part["costs"]
    yield _filled(_CELLS.format(**part, but=_BUT_ENOUGH if part["enough"] else "")).rstrip()
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


def judged(record: dict[str, Any]) -> list[aims.Aim]:
    """All aims, of every part."""
    asked = {row.what: row.asked for row in ROWS}
    return [
        *aims.beside_ansible(record.get(BESIDE, {}).get("rows", {}), asked),
        *aims.aims(_costs(record)),
        *aims.of_modules(record.get(MODULES, {}).get("own_time", {})),
    ]


def _aims(record: dict[str, Any]) -> Iterator[str]:
    found = judged(record)
    words = {True: "met", False: "**not met**", None: "open"}
    counts = [sum(aim.met is met for aim in found) for met in words]
    many = max(map(int, _costs(record)), default=0)
    open_ = f", {counts[2]} open, because of what was given up or not measured" if counts[2] else ""
    yield _filled(
        f"What this project asks of itself, beside others with {many} endpoints: {counts[0]} met, {counts[1]} not "
        f"met{open_}."
    )
    yield from _table(
        ["", "asked", "found", ""],
        ([aim.what[0].upper() + aim.what[1:], aim.asked, str(aim.found), words[aim.met]] for aim in found),
    )


def _own_times(own: aims.Own) -> Iterator[str]:
    rows = ([f"`{name}`", *(f"{times[column]:.0f}" for column in COLUMNS)] for name, times in own.items())
    yield from _table(["", *COLUMNS], rows)


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "|" + "|".join(f" {cell} " if cell else " " for cell in row) + "|"


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False) + "\n"
