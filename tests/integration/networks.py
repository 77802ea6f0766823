# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role bridge_network on a lab host, in a twentieth of the time of ansible-playbook.

The role's planner makes the plan and the modules apply it, each in a call of its own, to see what each of them does.
The role does it in one call, like ``in_one``: see test_bridge_network.py and test_role.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import ORDER
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.options import OPTIONS
from tests.lab.host import Host
from tests.lab.paths import REPOSITORY
from tests.planning import make_plan

ROLE = REPOSITORY / "roles/bridge_network"

SHOP: dict[str, Any] = {
    "name": "br-shop",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [
        {"namespace": "web", "published_ports": ["8080:80", "127.0.0.1:8081:81"]},
        {"namespace": "db", "ipv4_address": "172.18.0.10"},
    ],
}


class Runner(Protocol):
    """Runs modules: a host of the lab, or a wrapper that measures one."""

    def module(self, name: str, options: dict[str, Any] | None = None, check: bool = False) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Applied:
    """The plan, and the result of each of its modules."""

    plan: dict[str, Any]
    results: dict[str, dict[str, Any]]

    @property
    def changed(self) -> list[str]:
        """The modules that changed something."""
        return [name for name, result in self.results.items() if result["changed"]]

    @property
    def diffs(self) -> dict[str, Any]:
        return {name: result["diff"] for name, result in self.results.items() if result["diff"]}


def defaults() -> dict[str, Any]:
    """The role's defaults for a network's options."""
    read = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    found = {name.removeprefix("bridge_network_"): value for name, value in read.items()}
    return {name: value for name, value in found.items() if name in OPTIONS}


def plan(host: Runner, variables: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """What the role would do. Raises the planner's error for bad input."""
    want = {**defaults(), "firewall": getattr(host, "firewall", "auto"), **variables}
    return make_plan(want, host.module("netns_info", {"brief": True}), check)


def calls(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The modules that apply a plan one by one, in order, with their options."""
    for name in ORDER[made["state"]]:
        if made["modules"][name]:
            yield name, {"owner": made["owner"], "aggregate": made["modules"][name]}


def in_one(
    host: Host, variables: dict[str, Any], check: bool = False, fails: bool = False, **more: Any
) -> dict[str, Any]:
    """The same by the module ``bridge_network`` in one call: its result, with ``modules`` of the one network."""
    result = host.module("bridge_network", {**variables, **more}, check=check, fails=fails)
    return {**result, "modules": result["objects"][0]["modules"] if result["objects"] else {}}


def apply(host: Runner, check: bool = False, **variables: Any) -> Applied:
    """Apply the role with these variables, named without their prefix."""
    made = plan(host, variables, check)
    results = {name: host.module(name, options, check=check) for name, options in calls(made)}
    if made["service"]:
        given = {**made["service"], "owner": made["owner"], "modules": json.dumps(made["modules"])}
        results["network_service"] = host.module("network_service", given, check=check)
    return Applied(made, results)


def remove(host: Runner, name: str = SHOP["name"]) -> Applied:
    """Apply the role with state absent and the network's name alone."""
    return apply(host, name=name, state="absent")
