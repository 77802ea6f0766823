# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds promise with any firewall, tested with one that has no rules at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from tests.unit.rules import worlds
from tests.unit.rules.paper import Paper, Write
from tests.unit.rules.worlds import Call, Options, calls

WANTS: dict[str, Options] = {
    "bridge_forward": {"bridge": "br0", "subnets": ["172.18.0.0/16"]},
    "masquerade": {"source": "172.18.0.0/16", "out_interface": "!br0"},
    "dnat": {"host_port": "8080", "to_address": "172.18.0.2", "to_port": "80", "out_interface": "br0"},
}
OTHERS: dict[str, Options] = {
    "bridge_forward": {"internal": True},
    "masquerade": {"to_source": "192.0.2.5"},
    "dnat": {"to_address": "172.18.0.3"},
}


def _plan(paper: Paper, module: str, definitions: list[Options]) -> Plan:
    wanted = worlds.wants(module, definitions)
    return worlds.RESOURCES[module].plan(wanted, worlds.state(module, wanted, paper.have(module)))


def _run(paper: Paper, module: str, definitions: list[Options]) -> list[bool]:
    planned = _plan(paper, module, definitions)
    for step in planned.steps:
        if isinstance(step, Write):
            step.do(None)
    return [change.changed for change in planned.changes]


@given(calls(), st.data())
def test_what_is_wanted_is_there_then_and_nothing_is_left_to_do(call: Call, data: Any) -> None:
    module, definitions = call
    paper = Paper()
    first = data.draw(st.lists(st.sampled_from(definitions), unique_by=id))
    _run(paper, module, first)
    changed = _run(paper, module, definitions)
    assert changed == [definition not in first for definition in definitions]
    assert len(paper.pages[module]) == len(definitions)
    assert not any(_run(paper, module, definitions))


@pytest.mark.parametrize("module", WANTS)
def test_an_intent_changes_and_goes(module: str) -> None:
    paper = Paper()
    _run(paper, module, [WANTS[module]])
    (change,) = _plan(paper, module, [{**WANTS[module], **OTHERS[module]}]).changes
    name = next(iter(OTHERS[module]))
    assert change.before[name] != change.after[name]
    assert _run(paper, module, [{**WANTS[module], **OTHERS[module]}]) == [True]
    assert len(paper.pages[module]) == 1
    assert _run(paper, module, [{**WANTS[module], "state": "absent"}]) == [True]
    assert paper.pages[module] == []
    assert _run(paper, module, [{**WANTS[module], "state": "absent"}]) == [False]


@pytest.mark.parametrize("module", WANTS)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_another_owner_has_is_refused(module: str, state: str) -> None:
    paper = Paper()
    _run(paper, module, [{**WANTS[module], "owner": "shop"}])
    with pytest.raises(Refused, match="owner shop"):
        _plan(paper, module, [{**WANTS[module], "state": state}])


@pytest.mark.parametrize("module", WANTS)
def test_flows_that_began_without_it_end_once(module: str) -> None:
    paper = Paper()
    ended = [step for step in _plan(paper, module, [WANTS[module]]).steps if isinstance(step, EndFlows)]
    assert [step.family for step in ended] == ["ipv4"]
    _run(paper, module, [WANTS[module]])
    assert not [step for step in _plan(paper, module, [WANTS[module]]).steps if isinstance(step, EndFlows)]
