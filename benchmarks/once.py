# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks.once MODULE OPTIONS``: run a module once in this new Python; prints what took how long.

The last line is JSON: milliseconds for what all modules import of Ansible, for the module's own imports, for its work.
"""

import json
import sys
import time

begun = time.perf_counter()

import ansible.module_utils.basic  # noqa: E402, F401  # it is the import that is measured, here and below

ansible_done = time.perf_counter()


def main(name: str, options: str) -> None:
    """options: JSON."""
    import importlib

    from tests.lab import modules

    start = time.perf_counter()
    importlib.import_module(modules.file_of(name))
    imported = time.perf_counter()
    result = modules.run_main(name, json.loads(options), check=False, diff=False)
    worked = time.perf_counter()
    if result.get("failed"):
        raise SystemExit(result["msg"])
    spent = {"Ansible": ansible_done - begun, "imports": imported - start, "work": worked - imported}
    told = {what: round(seconds * 1000, 1) for what, seconds in spent.items()}
    print(json.dumps(told), file=sys.stderr)


main(*sys.argv[1:])
