# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""From wishes about single rules to the edits of a whole table, and back: which wish each edit serves."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import chain_order, chains, ranks, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.tables import Edit, Place, Table


@dataclasses.dataclass(frozen=True)
class Claim:
    """What one wish says about one table: the rules there that are its own now, and those that it wants instead."""

    found: tuple[Place, ...] = ()
    wanted: tuple[Place, ...] = ()


@dataclasses.dataclass(frozen=True)
class Draft:
    """The edits of one table, and for each claim the part that it is the reason for."""

    edits: list[Edit]
    shares: list[list[Edit]]


def draft(table: Table, claims: t.Sequence[Claim], groups: t.Sequence[chains.Group]) -> Draft:
    """The least edits after which every claim has the rules that it wants and no others.

    :param groups: the groups of chains that the claims are about; no other chain is looked at
    """
    managed: dict[str, dict[str, None]] = collections.defaultdict(dict)
    wished: dict[str, dict[str, None]] = collections.defaultdict(dict)
    for claim in claims:
        for place in claim.found + claim.wanted:
            managed[place.chain][place.text] = None
        for place in claim.wanted:
            wished[place.chain][place.text] = None
    made, removed = [], []
    for group in groups:
        alive = _alive(table, group, managed, wished)
        wanted = any(wished.get(chain) for chain in group.content)
        # Where only rules that are not ours to judge keep the group alive, its jumps are not ours to judge either.
        if wanted or not alive:
            _claim_jumps(table, group, wanted, managed, wished)
        if wanted:
            made += [Edit("N", chain) for chain in group.chains if chain not in table.chains]
    edits: list[Edit] = []
    for chain, texts in managed.items():
        current = table.chains.get(chain, [])
        edits += chain_order.edits(chain, current, list(wished[chain]), texts, ranks.rank_of(chain))
    for group in groups:
        if not _alive(table, group, managed, wished):
            removed += [Edit("X", chain) for chain in group.chains if _removable(table, chain, edits)]
    ordered = made + sorted(edits, key=lambda edit: edit.verb != "D") + removed
    return Draft(ordered, _shares(ordered, claims, groups))


def _alive(
    table: Table, group: chains.Group, managed: t.Mapping[str, t.Container[str]], wished: t.Mapping[str, t.Any]
) -> bool:
    """Whether anything is in the group's chains in the end, be it foreign."""
    return any(
        wished.get(chain) or any(text not in managed.get(chain, ()) for text in table.chains.get(chain, ()))
        for chain in group.content
    )


def _claim_jumps(
    table: Table,
    group: chains.Group,
    wanted: bool,
    managed: dict[str, dict[str, None]],
    wished: dict[str, dict[str, None]],
) -> None:
    """The jumps of a group: ours that are there in any form, and those that belong there while it is wanted."""
    for place in group.jumps:
        targets = group.chains
        for text in table.chains.get(place.chain, ()):
            if chains.is_shared(text) and rule_text.fields(text).target in targets:
                managed[place.chain][text] = None
        managed[place.chain][place.text] = None
        if wanted:
            wished[place.chain][place.text] = None


def _removable(table: Table, chain: str, edits: t.Sequence[Edit]) -> bool:
    """Whether the chain is there, will be empty, and no foreign rule leads to it."""
    if chain not in table.chains:
        return False
    deleted = collections.Counter((edit.chain, edit.text) for edit in edits if edit.verb == "D")
    for other, texts in table.chains.items():
        for text, count in collections.Counter(texts).items():
            stays = count > deleted[other, text]
            if stays and (other == chain or rule_text.fields(text).target == chain):
                return False
    return True


def _shares(edits: t.Sequence[Edit], claims: t.Sequence[Claim], groups: t.Sequence[chains.Group]) -> list[list[Edit]]:
    """Split the edits among the claims.

    A rule's edit belongs to the claim that found or wants it. An edit of the shared chains belongs to every claim that
    wants a rule in that group, or, where none does, to those that had the last ones, or to the first of all.
    """
    owners: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for number, claim in enumerate(claims):
        for place in {**dict.fromkeys(claim.found), **dict.fromkeys(claim.wanted)}:
            owners[place.chain, place.text].append(number)
    for group in groups:
        reasons = _reasons(claims, group)
        for place in group.jumps:
            owners[place.chain, place.text] = reasons
        for chain in group.chains:
            owners[chain, ""] = reasons
    shares: list[list[Edit]] = [[] for _claim in claims]
    for edit in edits:
        numbers = owners.get((edit.chain, edit.text))
        if numbers is None:
            numbers = _reasons(
                claims, next(group for group in groups if rule_text.fields(edit.text).target in group.chains)
            )
        for number in numbers:
            shares[number].append(edit)
    return shares


def _reasons(claims: t.Sequence[Claim], group: chains.Group) -> list[int]:
    """The claims for whose sake a group's chains and jumps are edited."""
    wanting = [
        number for number, claim in enumerate(claims) if any(place.chain in group.content for place in claim.wanted)
    ]
    having = [
        number for number, claim in enumerate(claims) if any(place.chain in group.content for place in claim.found)
    ]
    return wanting or having or [0]
