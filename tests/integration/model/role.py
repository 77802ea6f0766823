# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One application of the role in a tenth of a second, without ansible-playbook.

If the way of calling the role changes, this is the only part of the model test to adapt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.integration.networks import defaults
from tests.lab import modules
from tests.lab.errors import LabError, ModuleFailed
from tests.lab.host import Host


class Refusal(Exception):
    """The role's error message."""


class Killed(Exception):
    """The module was killed before it was done."""


#: Runs a module on a host, given its name, its options, and whether in check mode.
Module = Callable[[Host, str, dict[str, Any], bool], dict[str, Any]]


@dataclass(frozen=True)
class Done:
    """changed: by module name. addresses: by namespace, as planned."""

    changed: frozenset[str]
    diffs: list[Any]
    addresses: dict[str, list[str]]
    warnings: list[str]


def apply(host: Host, variables: dict[str, Any], check: bool = False, module: Module | None = None) -> Done:
    """Apply the role with these variables, named without their prefix.

    :param module: runs a module
    """
    run = module or _run
    want = {**defaults(), **variables, "return_plan": True}
    try:
        done = run(host, "bridge_network", want, check)
    except ModuleFailed as error:
        raise Refusal(error.result["msg"]) from error
    (network,) = done["objects"]
    changed = {name for name, counts in network["modules"].items() if counts["changed"]}
    addresses = {endpoint["namespace"]: endpoint["addresses"] for endpoint in network["plan"]["endpoints"]}
    return Done(frozenset(changed), done.get("diff", []), addresses, done["warnings"])


def _run(host: Host, name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
    return host.module(name, options, check=check)


def killed_after(seconds: float) -> Module:
    """A way to run modules that kills those that change the host after this time."""

    def run(host: Host, name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
        try:
            arguments = (name, options, check, False)
            result = host.call(modules.run_main, *arguments, timeout=seconds, preload=(modules.code_of(name),))
        except LabError as error:
            raise Killed from error
        if result.get("failed"):
            raise ModuleFailed(name, result)
        return dict(result)

    return run
