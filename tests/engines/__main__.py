# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role beside Docker, CNI and netavark: build the same networks with each, ask the same, and print the table.

``python -m tests.engines [--write]``. Ends with 1 if a cell differs from ours without a declared reason or a declared
difference does not occur, and with 2 if something that is needed is missing.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.engines import packages
from tests.engines.answers import ask
from tests.engines.cni import Cni
from tests.engines.docker import Docker
from tests.engines.engine import Engine
from tests.engines.netavark import Netavark
from tests.engines.page import PAGE, page
from tests.engines.questions import POLICY, questions
from tests.engines.role import Role
from tests.engines.scene import policies, scene
from tests.engines.table import Cells, Table


def _column(engine: Engine) -> dict[str, str]:
    begin = time.monotonic()
    with scene(engine) as built:
        cells = {POLICY.name: policies(built.host)}
        cells |= ask(built, questions())
    print(f"{engine.title}: {len(cells)} answers in {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return cells


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the page docs/engines.md as well")
    options = parser.parse_args()
    try:
        packages.fetch()
        engines: list[Engine] = [Role(), Docker(proxy=True), Docker(proxy=False), Cni(), Netavark()]
        cells: Cells = {engine.name: _column(engine) for engine in engines}
    except packages.Missing as error:
        print(error, file=sys.stderr)
        return 2
    table = Table(engines, [POLICY, *questions()], cells)
    text = page(table)
    print(text, end="")
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    for difference in table.errors:
        print(f"ERROR {difference}", file=sys.stderr)
    return int(bool(table.errors))


if __name__ == "__main__":
    sys.exit(main())
