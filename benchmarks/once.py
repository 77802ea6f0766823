# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks.once MODULE OPTIONS``: run a module once in this new Python and tell what took how long.

The last line on standard error is JSON: milliseconds for what all modules import of Ansible, for the module's own
imports, and for its work.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import time

from tests.lab import modules


def main(name: str, options: str) -> None:
    """options: JSON."""
    times = [time.perf_counter()]
    for imported in ("ansible.module_utils.basic", modules.code_of(name)):
        importlib.import_module(imported)
        times.append(time.perf_counter())
    result = modules.run_main(name, json.loads(options), check=False, diff=False)
    times.append(time.perf_counter())
    if result.get("failed"):
        raise SystemExit(result["msg"])
    spent = (after - before for before, after in itertools.pairwise(times))
    told = {what: round(seconds * 1000, 1) for what, seconds in zip(("Ansible", "imports", "work"), spent, strict=True)}
    print(json.dumps(told), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
