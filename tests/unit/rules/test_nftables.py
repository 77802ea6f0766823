# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of nftables: its page, and what a plan for it does, without a kernel."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import edits, layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Document,
    Line,
    Rule,
    Table,
)
from docs.make.nftables import COMMAND, PAGE, page

NAMES = [layout.NAMES, "to-br0"]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"made anew by: {COMMAND}"


@pytest.mark.parametrize("bridge", ["br0", "br-shop.1", "br:7@x", "0br", "a+b"])
def test_a_chain_is_found_by_its_name(bridge: str) -> None:
    for kind in layout.PER_NETWORK:
        name = layout.chain_of(kind, bridge)
        assert layout.network_of(name) == (kind, bridge)
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/")


@pytest.mark.parametrize("name", ['br"0', "br*", "br\x01"])
def test_a_name_that_no_rule_can_match_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="rename the interface"):
        layout.quoted(name)


LINES = st.lists(st.integers(0, 9), unique=True, max_size=8)


def _line(number: int, owner: str = "shop") -> Line:
    return Line(f"meta mark {number} drop", f"linuxnet-forward-{owner} br0", (number,))


def _applied(rules: list[Rule], draft: edits.Draft, chain: str) -> list[Line | None]:
    """What a chain has after a transaction."""
    there = list(rules)
    for edit in draft.edits:
        words = edit.command.split(" ")
        if words[:2] == ["delete", "rule"] and words[4] == chain:
            there = [rule for rule in there if rule.handle != int(words[-1])]
        elif words[1] == "rule" and words[4] == chain:
            text = edit.command.partition(f" {chain} ")[2]
            place = len(there)
            if words[0] == "insert":
                _position, handle, text = text.split(" ", 2)
                place = next(number for number, rule in enumerate(there) if rule.handle == int(handle))
            rule = text.partition(" comment ")[0]
            number = int(rule.split(" ")[2])
            there.insert(place, Rule(1000 + number, "", None, _line(number)))
    return [rule.line for rule in there]


@settings(deadline=None)
@given(LINES, LINES)
def test_a_chain_of_a_network_gets_its_rules_in_order(have: list[int], want: list[int]) -> None:
    rules = [Rule(handle, str(number), _line(number).comment, _line(number)) for handle, number in enumerate(have)]
    table = Table(exists=True, hooks={"to-br0": None}, rules={"to-br0": rules})
    wanted = Document(chains={"to-br0": [_line(number) for number in want]})
    draft = edits.draft(edits.Task(table, [edits.Claim(wanted, chains=["to-br0"])], layout.ISOLATION))
    if want:
        assert _applied(rules, draft, "to-br0") == [_line(number) for number in want]
        touched = [edit for edit in draft.edits if edit.where == "to-br0"]
        assert bool(touched) == (have != want)


@settings(deadline=None)
@given(LINES, LINES)
def test_a_shared_chain_keeps_what_others_have(mine: list[int], theirs: list[int]) -> None:
    """And sorts all of it."""
    others = [_line(number, "other") for number in sorted(theirs)]
    rules = [Rule(handle, line.text, line.comment, line) for handle, line in enumerate(others)]
    table = Table(exists=True, hooks={layout.NAMES: None}, rules={layout.NAMES: rules})
    wanted = Document(chains={layout.NAMES: [_line(number) for number in mine]})
    draft = edits.draft(edits.Task(table, [edits.Claim(wanted)], layout.ISOLATION))
    removed = [edit.command for edit in draft.edits if edit.command.startswith("delete rule")]
    assert removed == []
    if mine:
        found = [line.rank for line in _applied(rules, draft, layout.NAMES) if line]
        assert sorted(found) == found
        assert len(found) == len(mine) + len(theirs)


def test_each_part_has_one_keeper() -> None:
    parts = (layout.ISOLATION, layout.TRANSLATION, layout.PUBLICATION)
    chains = [chain for part in parts for chain in part.chains]
    assert sorted(chains) == sorted(layout.CONSTANT)
    assert sorted(name for part in parts for name in part.sets) == sorted(layout.SETS)
