# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the planners of rules on any host."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, ranks, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.placement import END, Rank
from tests.unit.rules.worlds import Call, Options, Tables, calls, damaged, empty_host, hosts, run

_KIND = {"bridge_forward": "forward", "masquerade": "masquerade", "dnat": "dnat"}
thorough = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def _run(host: Tables, call: Call) -> tuple[Tables, bool]:
    try:
        return run(host, *call)
    except Refused:
        assume(False)
        raise


def _absent(call: Call) -> Call:
    """The same objects, given by their keys only, to be removed."""
    module, definitions = call
    keys = {
        "bridge_forward": ("bridge", "owner"),
        "masquerade": ("source", "out_interface", "owner"),
        "dnat": ("protocol", "host_ip", "host_port", "owner"),
    }[module]
    removed: list[Options] = []
    for definition in definitions:
        entry = {key: definition[key] for key in keys}
        if module == "dnat":
            entry["ip_version"] = "ipv6" if ":" in definition["to_address"] else "ipv4"
        removed.append({**entry, "state": "absent"})
    return module, removed


def _others(host: Tables, call: Call) -> dict[tuple[str, str, str], list[str]]:
    """By chain, the rules that the call must not touch, without empty chains."""
    module, definitions = call
    ours = {(_KIND[module], definition["owner"]) for definition in definitions}
    found = {}
    for key, table in host.items():
        for chain, texts in table.chains.items():
            kept = [text for text in texts if rule_text.fields(text).mark not in ours and not chains.is_shared(text)]
            if kept:
                found[(*key, chain)] = kept
    return found


def _wanted(call: Call) -> dict[tuple[str, str], set[str]]:
    """By table, the texts of the rules that the call wants, including the shared jumps."""
    alone, _changed = _run(empty_host(), call)
    return {key: {text for texts in table.chains.values() for text in texts} for key, table in alone.items()}


def _ranks(host: Tables, wanted: dict[tuple[str, str], set[str]]) -> list[list[Rank]]:
    """By chain, the ranks of the wanted rules and of what ends the chain, in order."""
    found = []
    for key, table in host.items():
        for chain, texts in table.chains.items():
            rank = ranks.rank_of(table, chain)
            judged = [(text, rank(text)) for text in texts]
            found.append([own for text, own in judged if own and (own == END or text in wanted[key])])
    return found


@thorough
@given(hosts(), calls())
def test_a_second_run_does_nothing_and_changed_is_told_exactly(host: Tables, call: Call) -> None:
    once, changed = _run(host, call)
    assert changed is (once != host)
    again, changed = _run(once, call)
    assert again == once
    assert not changed


@thorough
@given(hosts(), calls())
def test_rules_of_others_are_neither_touched_nor_moved(host: Tables, call: Call) -> None:
    once, _changed = _run(host, call)
    assert _others(once, call) == _others(host, call)


@thorough
@given(hosts(), calls(), st.data())
def test_what_was_broken_by_hand_comes_back_in_order(host: Tables, call: Call, data: st.DataObject) -> None:
    once, _changed = _run(host, call)
    broken = data.draw(damaged(once))
    repaired, changed = _run(broken, call)
    assert changed is (repaired != broken)
    alone, _changed = _run(empty_host(), call)
    for key, table in alone.items():
        for chain, texts in table.chains.items():
            assert [repaired[key].chains[chain].count(text) for text in texts] == [1] * len(texts)
    for found in _ranks(repaired, _wanted(call)):
        reachable = found[: found.index(END)] if END in found else found
        assert reachable == sorted(reachable)
        assert not [rank for rank in found[len(reachable) :] if rank != END], (
            "a rule of ours is below the end of its chain"
        )


@thorough
@given(hosts(damage=False), calls())
def test_absent_leaves_what_was_there_before(host: Tables, call: Call) -> None:
    before, _changed = _run(host, _absent(call))
    once, _changed = _run(before, call)
    gone, changed = _run(once, _absent(call))
    assert changed
    for key in (("ipv4", "filter"), ("ipv6", "filter")):  # forward_policy is not taken back
        gone[key].policies["FORWARD"] = before[key].policies["FORWARD"]
    assert gone == before


@thorough
@given(hosts(), calls())
def test_absent_twice_is_absent_once(host: Tables, call: Call) -> None:
    once, changed = _run(host, _absent(call))
    assert changed is (once != host)
    again, changed = _run(once, _absent(call))
    assert (again, changed) == (once, False)
