# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the documents that are made from the code, or those that are named: python -m docs.make [NAME ...]

`drift`, `nftables` and `rules` are pages in docs/, `packets` pictures there, `plan` is docs/plan.schema.json, and
`aggregate` is what modules say about their option of that name.
"""

from __future__ import annotations

import importlib
import sys

from tests.lab.paths import import_collection

_NAMES = ("aggregate", "drift", "nftables", "packets", "plan", "rules")


def main(names: list[str]) -> None:
    if unknown := sorted(set(names) - set(_NAMES)):
        raise SystemExit(f"There is no {', '.join(unknown)}, only {', '.join(_NAMES)}.")
    import_collection()
    for name in names or _NAMES:
        importlib.import_module(f"docs.make.{name}").write()


if __name__ == "__main__":
    main(sys.argv[1:])
