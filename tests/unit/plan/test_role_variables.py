# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role, its documentation, its playbook and the planner know the same variables with the same defaults."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.netplumb.linuxnet.plugins.filter.bridge_network_plan import FilterModule
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_network import VARIABLES
from tests.unit.plan.builders import variables
from tests.unit.plan.world import empty_info

ROOT = pathlib.Path(__file__).parents[3]
ROLE = ROOT / "roles" / "bridge_network"


def load(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


DOCUMENTED = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
DEFAULTS = load(ROLE / "defaults" / "main.yml")


#: What the tasks of the role see to before there is a plan.
BEFORE = {"install_dependencies"}


def test_all_know_the_same_variables() -> None:
    names = {f"bridge_network_{name}" for name in {*VARIABLES, *BEFORE}}
    assert set(DOCUMENTED) == names
    assert set(DEFAULTS) == names - {"bridge_network_name"}
    assert load(ROLE / "vars" / "main.yml")["_bridge_network_variables"] == {
        name: f"{{{{ bridge_network_{name} }}}}" for name in VARIABLES
    }


def test_the_documented_defaults_are_the_roles() -> None:
    documented = {name: option["default"] for name, option in DOCUMENTED.items() if "default" in option}
    follows = {"bridge_network_gateway_mode_ipv6": "{{ bridge_network_gateway_mode }}"}
    assert {**documented, **follows} == DEFAULTS


def test_the_playbook_passes_every_variable_and_the_roles_defaults() -> None:
    play = load(ROOT / "playbooks" / "bridge_network.yml")[0]
    defaults = play["vars"]["bridge_networks_defaults"]
    assert {f"bridge_network_{name}": value for name, value in defaults.items()} == {
        **DEFAULTS,
        "bridge_network_gateway_mode_ipv6": "",
    }
    (building,) = load(ROOT / "playbooks" / "tasks" / "build_network.yml")
    passed = building["block"][0]["vars"]
    assert {name for name in passed if name.startswith("bridge_network_")} == set(DOCUMENTED)


def test_the_options_of_an_endpoint_and_a_subnet_are_the_planners() -> None:
    plan = FilterModule().filters()["bridge_network_plan"]
    for option in ("endpoints", "ipam_config"):
        wish = variables(**{option: [{"unknown": 1}]})
        sentence = plan(wish, empty_info(), errors="return")["error"]
        known = sentence.rpartition("there are ")[2].split(", ")
        assert known == list(DOCUMENTED[f"bridge_network_{option}"]["options"])


def test_the_filter_raises_or_returns_the_sentence() -> None:
    plan = FilterModule().filters()["bridge_network_plan"]
    with pytest.raises(AnsibleFilterError, match="bridge_network_mtu: 1 is not allowed"):
        plan(variables(mtu=1), empty_info())
    assert plan(variables(mtu=1), empty_info(), errors="return").keys() == {"error"}
    assert plan(variables(), empty_info())["network"] == "br0"
