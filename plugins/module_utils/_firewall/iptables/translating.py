# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Source NAT by rules in the nat table."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    Planned,
    Ref,
    Request,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import SourceNat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    masquerade_rules,
    rule_ledger,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Edit, Place

TABLES = ("nat",)


class Translations:
    """The source NAT found on the host."""

    def __init__(self, tables: rule_ledger.Tables) -> None:
        self._tables = tables
        self._found: dict[Ref, list[tuple[Place, SourceNat]]] = {}

    def of(self, ref: Ref) -> list[SourceNat]:
        return [rule for _place, rule in self._rules(ref)]

    def _rules(self, ref: Ref) -> list[tuple[Place, SourceNat]]:
        if ref not in self._found:
            self._found[ref] = [
                found
                for (family, _name), table in self._tables.of(ref).items()
                for found in masquerade_rules.found(family, table)
            ]
        return self._found[ref]

    def plan(self, requests: t.Sequence[Request[SourceNat]]) -> Planned[SourceNat]:
        ledger = rule_ledger.Ledger(self._tables, len(requests), _groups)
        befores = [self._claim(ledger, number, request) for number, request in enumerate(requests)]
        steps = ledger.settle(building=any(request.present for request in requests))
        return Planned(
            steps,
            [
                Served(before, *ledger.drift(number), _gaps(ledger.shares[number]))
                for number, before in enumerate(befores)
            ],
        )

    def _claim(self, ledger: rule_ledger.Ledger, number: int, request: Request[SourceNat]) -> SourceNat | None:
        """Claim the request's rules and return what they do now: if only the exemption is left, just its key."""
        family = request.intent.family
        mine = [(place, rule) for place, rule in self._rules(request.netns) if rule.key == request.intent.key]
        wanted = masquerade_rules.rules(request.intent) if request.present else ()
        ledger.claim(number, request.netns, family, "nat", [place for place, _rule in mine], wanted)
        translating = [rule for place, rule in mine if masquerade_rules.translates(place)]
        return (translating or [request.intent])[0] if mine else None


def _groups(family: str, table: str) -> list[chains.Group]:
    return [group for group in chains.GROUPS[family, table] if chains.POSTROUTING in group.content]


def _gaps(share: t.Sequence[tuple[str, str, Edit]]) -> frozenset[tuple[str, Gap]]:
    """Whether packets could leave untranslated until now."""
    return frozenset(
        (family, Gap.TRANSLATION)
        for family, _table, edit in share
        if edit.verb in "AI"
        and (edit.chain == "POSTROUTING" or masquerade_rules.translates(Place(edit.chain, edit.text)))
    )
