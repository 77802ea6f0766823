# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role, its documentation, the module and its documentation have the same options with the same defaults."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import ORDER
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.options import OF_A_CALL, OPTIONS
from ansible_collections.netplumb.linuxnet.plugins.modules import bridge_network
from tests.unit.plan.builders import plan, variables

ROOT = pathlib.Path(__file__).parents[3]
ROLE = ROOT / "roles" / "bridge_network"


def load(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


DOCUMENTED = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
DEFAULTS = load(ROLE / "defaults" / "main.yml")
#: Variables that only concern the role.
OF_THE_ROLE = {"bridge_networks", "bridge_network_by", "bridge_network_install_dependencies"}
_CHECKED = ("type", "elements", "choices", "required")


def _checked(option: t.Mapping[str, t.Any], inner: str) -> dict[str, t.Any]:
    """What Ansible validates about an option and its suboptions."""
    told = {word: option[word] for word in _CHECKED if word in option}
    return {**told, "inside": {name: _checked(one, inner) for name, one in option.get(inner, {}).items()}}


def test_the_roles_variables_are_the_modules_options() -> None:
    assert set(DOCUMENTED) == {f"bridge_network_{name}" for name in OPTIONS} | OF_THE_ROLE
    for name, option in OPTIONS.items():
        documented = DOCUMENTED[f"bridge_network_{name}"]
        assert _checked(documented, "options") == _checked(option, "options"), name
        # An inventory cannot unset a variable, so the empty string means none.
        assert (documented.get("default") or None) == (option.get("default") or None), name


def test_the_documented_defaults_are_the_roles() -> None:
    documented = {name: option["default"] for name, option in DOCUMENTED.items() if "default" in option}
    assert documented == DEFAULTS


def test_the_module_documents_what_it_takes() -> None:
    documented = yaml.safe_load(bridge_network.DOCUMENTATION)["options"]
    assert list(documented) == [*OPTIONS, *OF_A_CALL]
    for name, option in {**OPTIONS, **OF_A_CALL}.items():
        assert _checked(documented[name], "suboptions") == _checked(option, "options"), name
        assert documented[name].get("default") == option.get("default"), name


def _texts(options: t.Mapping[str, t.Any], inner: str) -> dict[str, t.Any]:
    return {
        name: {"description": option["description"], **_texts(option.get(inner, {}), inner)}
        for name, option in options.items()
    }


def test_the_role_and_the_module_describe_the_options_alike() -> None:
    of_the_module = {
        name: option
        for name, option in yaml.safe_load(bridge_network.DOCUMENTATION)["options"].items()
        if name not in ("name", *OF_A_CALL)
    }
    prefixed = re.sub(r"\bO\((?=\w+[=)[])", "O(bridge_network_", json.dumps(_texts(of_the_module, "suboptions")))
    of_the_role = {f"bridge_network_{name}": text for name, text in json.loads(prefixed).items()}
    assert _texts(DOCUMENTED, "options").items() >= of_the_role.items()


def test_the_role_tells_the_module_every_variable() -> None:
    (task,) = load(ROLE / "tasks" / "call.yml")
    told = task["netplumb.linuxnet.bridge_network"]
    assert set(told) == {*OPTIONS, *OF_A_CALL}
    optional = {"gateway_mode_ipv6": "{{ bridge_network_gateway_mode_ipv6 | default(omit) }}"}
    plain = set(OPTIONS) - {"name"}
    assert {name: told[name] for name in plain} == {
        name: optional.get(name, f"{{{{ bridge_network_{name} }}}}") for name in plain
    }


@pytest.mark.parametrize("state", ORDER)
def test_the_role_composes_networks_in_the_order_of_the_call(state: str) -> None:
    tasks = load(ROLE / "tasks" / f"by_modules_{state}.yml")
    order = [word.rpartition(".")[2] for task in tasks for word in task if word.startswith("netplumb.linuxnet.")]
    assert order == list(ORDER[state])


@pytest.mark.parametrize("option", ["endpoints", "ipam_config"])
def test_the_options_of_an_endpoint_and_a_subnet_are_the_readers(option: str) -> None:
    with pytest.raises(Invalid) as raised:
        plan(variables(**{option: [{"unknown": 1}]}))
    known = str(raised.value).rpartition("there are ")[2].split(", ")
    assert known == list(OPTIONS[option]["options"])
