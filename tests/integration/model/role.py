# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One application of the role in a tenth of a second: its tasks, one by one, without ansible-playbook.

Whatever the role becomes, this is the one place of the model test that knows how it is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.plan import make_plan
from tests.integration.networks import defaults
from tests.lab import modules
from tests.lab.errors import LabError, ModuleFailed
from tests.lab.host import Host


class Refusal(Exception):
    """The sentence with which the role ended."""


class Killed(Exception):
    """The module was killed before it came to its end."""


_ATTEMPTS = 5

#: How a module is run on a host: its name, options and whether in check mode.
Module = Callable[[Host, str, dict[str, Any], bool], dict[str, Any]]


@dataclass(frozen=True)
class Done:
    """changed: by the names of modules. addresses: by namespace, as planned."""

    changed: frozenset[str]
    diffs: list[Any]
    addresses: dict[str, list[str]]
    warnings: list[str]


def apply(host: Host, variables: dict[str, Any], check: bool = False, module: Module | None = None) -> Done:
    """Apply the role with these variables, named without their prefix.

    :param module: how a module is run
    """
    run = module or _run
    wish = {**defaults(), **variables}
    wish["gateway_mode_ipv6"] = wish["gateway_mode_ipv6"] or wish["gateway_mode"]
    try:
        for _attempt in range(_ATTEMPTS):
            info = run(host, "netns_info", {"brief": True}, False) if wish["state"] == "present" else None
            plan = make_plan(wish, info, check)
            done = _carried_out(host, plan, check, run)
            if not done.get("stale"):
                return _kept(host, plan, done, check, run)
        raise Refusal("the host never comes to rest")
    except ModuleFailed as error:
        raise Refusal(error.result["msg"]) from error
    except LinuxnetError as error:
        raise Refusal(str(error)) from error


def _carried_out(host: Host, plan: dict[str, Any], check: bool, run: Module) -> dict[str, Any]:
    given = ("owner", "state", "modules", "problems", "seen")
    options = {word: plan[word] for word in given if plan.get(word) is not None}
    try:
        return run(host, "network_plan", options, check)
    except ModuleFailed as error:
        if "failures" not in error.result:
            raise
        return error.result  # all else is done, and what comes after that is due all the same


def _kept(host: Host, plan: dict[str, Any], done: dict[str, Any], check: bool, run: Module) -> Done:
    """Have the network come back after a reboot, or not; then tell."""
    changed = {name for name, counts in done["modules"].items() if counts["changed"]}
    diffs, warnings = done.get("diff", []), [*plan["warnings"], *done.get("warnings", [])]
    if plan["service"] is not None and done.get("persistent", True):
        options = {**plan["service"], "owner": plan["owner"]}
        if options["state"] == "present":
            options["modules"] = plan["modules"]
        kept = run(host, "network_service", options, check)
        diffs = diffs + kept.get("diff", [])
        changed |= {"network_service"} if kept["changed"] else set()
    if "failures" in done:
        raise Refusal(done["msg"])
    addresses = {endpoint["namespace"]: endpoint["addresses"] for endpoint in plan["endpoints"]}
    return Done(frozenset(changed), diffs, addresses, warnings)


def _run(host: Host, name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
    return host.module(name, options, check=check)


def killed_after(seconds: float) -> Module:
    """A way to run modules by which those that change the host have so long to live."""

    def run(host: Host, name: str, options: dict[str, Any], check: bool) -> dict[str, Any]:
        if name == "netns_info":
            return _run(host, name, options, check)
        try:
            arguments = (name, options, check, False)
            result = host.call(modules.run_main, *arguments, timeout=seconds, preload=(modules.file_of(name),))
        except LabError as error:
            raise Killed from error
        if result.get("failed"):
            raise ModuleFailed(name, result)
        return dict(result)

    return run
