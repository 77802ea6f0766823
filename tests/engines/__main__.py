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

from tests.engines.columns import ask_all
from tests.engines.packages import Missing
from tests.engines.page import PAGE, page
from tests.engines.releases import NEWEST, PRESENT
from tests.engines.table import Table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the page docs/engines.md as well")
    parser.add_argument("--only", metavar="NAME", action="append", help="beside the role these engines alone")
    options = parser.parse_args()
    try:
        PRESENT.provide()
        NEWEST.provide()
        table = Table(*ask_all(options.only))
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    text = page(table)
    print(text, end="")
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    for difference in table.errors:
        print(f"ERROR {difference}", file=sys.stderr)
    return int(bool(table.errors))


if __name__ == "__main__":
    sys.exit(main())
