# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See __init__.py. Exits with the code of `make`, or with 1 if something was left behind."""

from __future__ import annotations

import sys

from tests.fresh import visit
from tests.machines.errors import Missing, Stuck


def main(words: list[str]) -> int:
    match words:
        case [suite, "root" | "user" as user, *targets] if targets:
            return visit.make(suite, user, targets)[0]
        case _:
            sys.exit("python -m tests.fresh SUITE root|user TARGET...")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Missing, Stuck) as error:
        sys.exit(str(error))
