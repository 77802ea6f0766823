# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks.once MODULE OPTIONS``: run a module once in this new Python and measure its parts.

The last line on standard error is JSON: CPU milliseconds for what all modules import of Ansible, for the module's own
imports, and for its work, including the programs that it started.
"""

from __future__ import annotations

import importlib
import itertools
import json
import resource
import sys

from tests.lab import modules


def _spent() -> float:
    """User and system time of this process, and of its children that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(name: str, options: str) -> None:
    """options: JSON."""
    times = [_spent()]
    for imported in ("ansible.module_utils.basic", modules.code_of(name)):
        importlib.import_module(imported)
        times.append(_spent())
    result = modules.run_main(name, json.loads(options), check=False, diff=False)
    times.append(_spent())
    if result.get("failed"):
        raise SystemExit(result["msg"])
    spent = (after - before for before, after in itertools.pairwise(times))
    told = {what: round(seconds * 1000, 1) for what, seconds in zip(("Ansible", "imports", "work"), spent, strict=True)}
    print(json.dumps(told), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
