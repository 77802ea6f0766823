# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Turn claims on single rules into the edits of a whole table, and attribute each edit to the claims it serves."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    placement,
    ranks,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Edit, Place, Table


class Claim(Value):
    """What one want claims in one table: the rules that are its own now, and the rules that it wants instead."""

    found: tuple[Place, ...] = ()
    wanted: tuple[Place, ...] = ()


class Draft(Value):
    """The edits of one table, and for each claim those it is responsible for."""

    edits: list[Edit]
    shares: list[list[Edit]]


def draft(table: Table, claims: t.Sequence[Claim], groups: t.Sequence[chains.Group]) -> Draft:
    """The fewest edits after which every claim has the rules that it wants and no others.

    :param groups: the groups of chains that the claims concern, with nested groups before those around them; other
        chains are left alone
    """
    managed: dict[str, dict[str, None]] = collections.defaultdict(dict)
    wanted: dict[str, dict[str, None]] = collections.defaultdict(dict)
    for claim in claims:
        for place in claim.found + claim.wanted:
            managed[place.chain][place.text] = None
        for place in claim.wanted:
            wanted[place.chain][place.text] = None
    jumps = _Jumps(table)
    made: list[Edit] = []
    removed: list[Edit] = []
    for group in groups:
        alive = _alive(table, group, managed, wanted)
        filling = any(wanted.get(chain) for chain in group.content)
        # If only rules that we do not manage keep the group alive, its jumps are not ours to change either.
        if filling or not alive:
            _claim_jumps(jumps, group, filling, managed, wanted)
        if filling:
            made += [Edit("N", chain) for chain in group.chains if chain not in table.chains]
    edits: list[Edit] = []
    for chain, texts in managed.items():
        current = table.chains.get(chain, [])
        edits += placement.edits(chain, current, list(wanted[chain]), texts, ranks.rank_of(table, chain))
    dead = [group for group in groups if not _alive(table, group, managed, wanted)]
    filled, led_to = _targets(table, edits) if dead else (set(), set())
    for group in dead:
        removed += [
            Edit("X", chain) for chain in group.chains if chain in table.chains and chain not in filled | led_to
        ]
    ordered = made + sorted(edits, key=lambda edit: edit.verb != "D") + removed
    return Draft(ordered, _shares(ordered, claims, groups))


def _alive(
    table: Table, group: chains.Group, managed: t.Mapping[str, t.Container[str]], wanted: t.Mapping[str, t.Any]
) -> bool:
    """Whether any rule, including a foreign one, remains in the group's chains."""
    return any(
        wanted.get(chain) or any(text not in managed.get(chain, ()) for text in table.chains.get(chain, ()))
        for chain in group.content
    )


class _Jumps:
    """The shared jumps by chain and target, since a chain may lead to a thousand others."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._found: dict[str, dict[str | None, list[str]]] = {}

    def between(self, chain: str, targets: t.Iterable[str]) -> t.Iterator[str]:
        """The jumps of ours from a chain to any of these, in whatever form."""
        if chain not in self._found:
            self._found[chain] = collections.defaultdict(list)
            for text in self._table.chains.get(chain, ()):
                if chains.is_shared(text):
                    self._found[chain][rule_text.fields(text).target].append(text)
        for target in targets:
            yield from self._found[chain].get(target, ())


def _claim_jumps(
    jumps: _Jumps,
    group: chains.Group,
    filling: bool,
    managed: dict[str, dict[str, None]],
    wanted: dict[str, dict[str, None]],
) -> None:
    """Manage the jumps of a group: all of ours in any form, to be replaced by the right ones if the group has rules."""
    for place in group.jumps:
        for text in jumps.between(place.chain, group.chains):
            managed[place.chain][text] = None
        managed[place.chain][place.text] = None
        if filling:
            wanted[place.chain][place.text] = None


def _targets(table: Table, edits: t.Sequence[Edit]) -> tuple[set[str], set[str]]:
    """The chains that still contain rules after the edits, and the chains that those rules jump to."""
    deleted = collections.Counter((edit.chain, edit.text) for edit in edits if edit.verb == "D")
    filled, led_to = set(), set()
    for chain, texts in table.chains.items():
        for text, count in collections.Counter(texts).items():
            if count > deleted[chain, text]:
                filled.add(chain)
                led_to.add(rule_text.fields(text).target or "")
    return filled, led_to


def _shares(edits: t.Sequence[Edit], claims: t.Sequence[Claim], groups: t.Sequence[chains.Group]) -> list[list[Edit]]:
    """Attribute each edit to claims.

    The edit of a rule belongs to the claim that found or wants it. An edit of the shared chains belongs to every claim
    that wants a rule in or below that group; if there is none, to those that had the last rules there; otherwise to the
    first claim.
    """
    owners: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    wanting: dict[str, list[int]] = collections.defaultdict(list)
    having: dict[str, list[int]] = collections.defaultdict(list)
    for number, claim in enumerate(claims):
        for place in {**dict.fromkeys(claim.found), **dict.fromkeys(claim.wanted)}:
            owners[place].append(number)
        for index, places in ((wanting, claim.wanted), (having, claim.found)):
            for chain in {place.chain for place in places}:
                index[chain].append(number)
    by_target: dict[str | None, list[int]] = {}
    touched = {edit.chain for edit in edits} | {rule_text.fields(edit.text).target for edit in edits if edit.text}
    for group in groups:
        if touched.isdisjoint(group.chains):
            continue
        reasons = _reasons(group, wanting) or _reasons(group, having) or [0]
        for place in group.jumps:
            owners[place] = reasons
        for chain in group.chains:
            owners[chain, ""] = reasons
            by_target[chain] = reasons
    shares: list[list[Edit]] = [[] for _claim in claims]
    for edit in edits:
        # An unknown text is that of a shared jump in another form.
        known = owners.get((edit.chain, edit.text))
        for number in known if known is not None else by_target[rule_text.fields(edit.text).target]:
            shares[number].append(edit)
    return shares


def _reasons(group: chains.Group, claims: t.Mapping[str, t.Sequence[int]]) -> list[int]:
    """The numbers of the claims responsible for a group's chains and jumps, given the claims by chain."""
    chosen = {number for chain in (*group.content, *group.inside) for number in claims.get(chain, ())}
    return sorted(chosen)
