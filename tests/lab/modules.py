# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of the collection inside a host without Ansible: its main(), with the arguments as JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from typing import Any

from tests.lab.paths import COLLECTION

# What every module imports. The forker does it once for all calls.
COMMON = ("ansible.module_utils.basic", "pyroute2.iproute.linux")


#: The module to which the action plugin sends the collection's code, and the entry point of that code.
WHOLE = "bridge_network"
CALL = f"ansible_collections.{COLLECTION}.plugins.module_utils._call"


def call(options: dict[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """The arguments that the action plugin of ``bridge_network`` passes, without the code."""
    return {"options": options, "role": True, **arguments({}, check, diff)["ANSIBLE_MODULE_ARGS"]}


def file_of(name: str) -> str:
    """The Python module of one of the collection's modules, given as bridge or netplumb.linuxnet.bridge."""
    return f"ansible_collections.{COLLECTION}.plugins.modules.{name.removeprefix(COLLECTION + '.')}"


def code_of(name: str) -> str:
    """The Python module with the code that a module runs, for loading it before many runs."""
    return CALL if name.removeprefix(COLLECTION + ".") == WHOLE else file_of(name)


def arguments(options: dict[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """The options, with Ansible's internal ones, as ansible-core passes them."""
    internal = {
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_remote_tmp": os.environ.get("TMPDIR", "/tmp"),
        "_ansible_keep_remote_files": False,
    }
    return {"ANSIBLE_MODULE_ARGS": {**options, **internal}}


def run_main(name: str, options: dict[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """Call main() of a module in this process, which ends afterwards. Returns the printed result."""
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    basic._ANSIBLE_ARGS = json.dumps(arguments(options, check, diff)).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    output = os.memfd_create("output")
    os.dup2(output, sys.stdout.fileno())
    with contextlib.suppress(SystemExit):
        if name.removeprefix(COLLECTION + ".") == WHOLE:
            result = importlib.import_module(CALL).run(call(options, check, diff))
            sys.stdout.write(json.dumps(result))
        else:
            importlib.import_module(file_of(name)).main()
    sys.stdout.flush()
    os.lseek(output, 0, os.SEEK_SET)
    with open(output, encoding="utf-8") as printed:
        return parse(printed.read())


def parse(printed: str) -> dict[str, Any]:
    """The result that a module printed. Additional output is an error, because Ansible would warn about it."""
    result: dict[str, Any] = json.loads(printed)
    result.pop("invocation", None)
    return result
