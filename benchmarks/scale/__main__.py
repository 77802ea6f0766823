# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks.scale [--write] [--only PART ...]``: what networks cost, in three parts.

rivals: build, see again, change and remove networks of many endpoints. Each contestant has a lab host of its own for
each size and round; the median of the rounds counts. iptables is the legacy one, since nft takes few edits at once in a
user namespace. It takes hours, and the page tells how many: above all for Ansible without the role, which is given up
with 1000 endpoints, then for Docker, CNI and netavark. The budget is what it takes to show that something is a hundred
times as slow as the role. ``--budget 130 --enough`` shows the same in little more than an hour, without the rivals'
times at the largest size.

beside: what a run of the role costs beside Ansible alone (benchmarks/beside_ansible.py), some ten minutes.

modules: what each module takes of its own (benchmarks/own_time.py), a minute or two.

With --write the numbers go to docs/: as they come to scale.json, where those of a part that is not measured stay, and
at the end to scale.md and, of the rivals, to scale.svg. --page makes these two again without measuring.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Iterator

from benchmarks import beside_ansible, own_time
from benchmarks.scale import aims, cells, lives, page, record
from benchmarks.scale.cells import Cell, Found
from benchmarks.scale.rivals import RIVALS, Rival
from tests.engines import packages
from tests.lab.errors import LabError

#: Starts a thousand containers that are connected afterwards.
_PREPARE_SECONDS = 3600


def rounds(rival: Rival, count: int, budget: float, options: argparse.Namespace) -> Iterator[dict[str, Cell]]:
    """Lives of one network, until one does not end well or the patience is exhausted."""
    begun = time.monotonic()
    for _round in range(options.rounds):
        try:
            life = lives.live(rival, count, budget, max(budget, _PREPARE_SECONDS if options.enough else 0))
        except LabError as error:  # no reason to lose what took hours
            print(error, file=sys.stderr, flush=True)
            life = {"build": cells.failed(str(error))}
        yield life
        if time.monotonic() - begun > options.patience or any("why" in cell for cell in life.values()):
            return


def measure(options: argparse.Namespace) -> Iterator[Found]:
    """All results so far, again after each contestant at each size."""
    found: Found = {}
    given_up: dict[str, tuple[int, dict[str, Cell]]] = {}
    for count in sorted(options.sizes):
        for name in options.rivals:
            deciding = options.enough and count == max(options.sizes)
            enough = aims.enough(found, count, name) if deciding else None
            if name in given_up and enough is None:
                smaller, life = given_up[name]
                row = cells.untried(life, smaller)
            else:
                row = cells.median(list(rounds(RIVALS[name], count, enough or options.budget, options)))
                if cells.is_given_up(row):
                    given_up[name] = (count, row)
            found.setdefault(str(count), {})[name] = row
            print(page.line(count, name, row), flush=True)
            yield found


def _rivals(options: argparse.Namespace) -> bool:
    begun = time.monotonic()
    packages.fetch()
    found: Found = {}
    for found in measure(options):
        if options.write:
            told = {"versions": record.versions(), "budget": options.budget, "enough": options.enough, "costs": found}
            record.save(record.RIVALS, told, begun)
    return not any(cells.is_failed(life) for row in found.values() for life in row.values())


def _beside(options: argparse.Namespace) -> bool:
    begun = time.monotonic()
    rows: aims.Beside = {}
    for row, numbers in beside_ansible.measure_all(options.rounds):
        rows[row.what] = numbers
        print(f"{row.what}: {numbers['ratio']:.2f} times Ansible alone", flush=True)
        if options.write:
            record.save(record.BESIDE, {"rounds": options.rounds, "rows": rows}, begun)
    return True


def _modules(options: argparse.Namespace) -> bool:
    begun = time.monotonic()
    own = own_time.measure(options.rounds)
    print(*(f"{name}: {times['imports']:.0f} + {times['work']:.0f} ms" for name, times in own.items()), sep="\n")
    if options.write:
        record.save(record.MODULES, {"rounds": options.rounds, "own_time": own}, begun)
    return True


_MEASURE = {record.RIVALS: _rivals, record.BESIDE: _beside, record.MODULES: _modules}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", default=list(record.PARTS), choices=record.PARTS, metavar="PART",
        help="measure these parts (%(choices)s)",
    )  # fmt: skip
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rivals", nargs="+", default=list(RIVALS), choices=list(RIVALS))
    parser.add_argument("--rounds", type=int, default=3, help="at most (%(default)s)")
    parser.add_argument(
        "--patience", type=float, default=120, metavar="SECONDS",
        help="no further round of a contestant at a size after these (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--budget", type=float, default=3000, metavar="SECONDS",
        help="a stage is given up after these, and the contestant not tried at larger sizes (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--enough", action="store_true",
        help="at the largest size give each contestant as long as decides its aim, whatever the budget",
    )  # fmt: skip
    parser.add_argument("--write", action="store_true", help="write docs/scale.json, .md and, of the rivals, .svg")
    parser.add_argument("--page", action="store_true", help="measure nothing: write .md and .svg from docs/scale.json")
    options = parser.parse_args()
    if options.page:
        page.write(record.load())
        return 0
    if options.write and record.RIVALS in options.only and importlib.util.find_spec("matplotlib") is None:
        parser.error("--write needs matplotlib, which `make bench` installs")
    if options.enough and aims.ROLE not in options.rivals:
        parser.error("--enough needs the role, which the others are compared with")
    well = [_MEASURE[part](options) for part in options.only]
    if options.write:
        page.write(record.load(), with_plot=record.RIVALS in options.only)
    return int(not all(well))


if __name__ == "__main__":
    sys.exit(main())
