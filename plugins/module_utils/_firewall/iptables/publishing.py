# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Published ports by rules: in nat if they are translated, in mangle and filter if they are only opened."""

from __future__ import annotations

import collections
import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import allowed_sources
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.allowed_sources import Part
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    Planned,
    PortRequest,
    Ref,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    port_tree,
    publish_rules,
    rule_ledger,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Edit, Place

TABLES = ("mangle", "nat", "filter")

#: A namespace and a family.
_Where = tuple[Ref, str]


class _Rule(t.NamedTuple):
    """A rule found on the host."""

    table: str
    place: Place


class Publications:
    """The published ports found on the host."""

    def __init__(self, tables: rule_ledger.Tables) -> None:
        self._tables = tables
        self._rules: dict[tuple[Ref, Publication], list[_Rule]] = collections.defaultdict(list)
        self._by_key: dict[tuple[Ref, Key], dict[Publication, None]] = collections.defaultdict(dict)
        parts: dict[_Where, list[tuple[Part, _Rule]]] = collections.defaultdict(list)
        for (ref, family, name), table in tables.by_key.items():
            parts[ref, family] += [(part, _Rule(name, place)) for place, part in publish_rules.found(family, table)]
        for (ref, _family), found in parts.items():
            for publication, rules in allowed_sources.whole(found).items():
                self._rules[ref, publication] = rules
                self._by_key[ref, publication.key][publication] = None

    def place(self, ref: Ref) -> Ref:
        return self._tables.place(ref)

    def of(self, ref: Ref, key: Key) -> list[Publication]:
        return [] if ref in self._tables.missing else list(self._by_key.get((self.place(ref), key), ()))

    def every(self) -> list[tuple[Ref, Publication]]:
        return list(self._rules)

    def plan(self, requests: t.Sequence[PortRequest]) -> Planned[Publication]:
        ledger = self._claimed(requests)
        steps = ledger.settle(building=any(request.publication for request in requests))
        served = [
            Served(
                request.replaces[0] if request.replaces else None, *ledger.drift(number), _gaps(ledger.shares[number])
            )
            for number, request in enumerate(requests)
        ]
        return Planned(steps, served)

    def _claimed(self, requests: t.Sequence[PortRequest]) -> rule_ledger.Ledger:
        """Claim each request's rules, placed with regard to everything that will be published by any owner."""
        replaced = {
            (self.place(request.netns), publication) for request in requests for publication in request.replaces
        }
        staying = [(entry, rules) for entry, rules in self._rules.items() if entry not in replaced]
        layouts = self._layouts(requests, [entry for entry, _rules in staying])
        moved = self._moved(requests, layouts, staying)
        claims: list[tuple[int, str, list[Place], list[Place]]] = []
        for number, request in enumerate(requests):
            where = self._where(request)
            there = [rule for one in request.replaces for rule in self._rules[where[0], one]]
            for table in TABLES:
                found = [rule.place for rule in there if rule.table == table]
                wanted = list(publish_rules.rules(request.publication, table)) if request.publication else []
                wanted = [layouts[where].place(place) for place in wanted]
                if request.publication or there:
                    # When the form changes, ports of other owners move as well; they are reported with the first
                    # request.
                    for before, after in moved.pop((where, table), ()):
                        found.append(before)
                        wanted.append(after)
                if found or wanted or table == "nat":
                    claims.append((number, table, found, wanted))
        names = {place.chain for *_claim, wanted in claims for place in wanted}
        names.update(chain for chained in self._tables.by_key.values() for chain in chained.chains)
        ledger = rule_ledger.Ledger(self._tables, len(requests), functools.partial(_groups, names=names))
        for number, table, found, wanted in claims:
            ledger.claim(number, requests[number].netns, requests[number].key.family, table, found, wanted)
        return ledger

    def _where(self, request: PortRequest) -> _Where:
        return (self.place(request.netns), request.key.family)

    def _layouts(
        self, requests: t.Sequence[PortRequest], staying: t.Iterable[tuple[Ref, Publication]]
    ) -> dict[_Where, port_tree.Layout]:
        """Where the rules of translated ports will be, by namespace and family."""
        by_table: dict[_Where, list[Publication]] = {self._where(request): [] for request in requests}
        wanted = ((self.place(request.netns), request.publication) for request in requests if request.publication)
        for ref, publication in {**dict.fromkeys(staying), **dict.fromkeys(wanted)}:
            if publication.gateway_mode == "nat":
                by_table.setdefault((ref, publication.key.family), []).append(publication)
        return {where: port_tree.Layout(publications) for where, publications in by_table.items()}

    def _moved(
        self,
        requests: t.Sequence[PortRequest],
        layouts: t.Mapping[_Where, port_tree.Layout],
        staying: t.Iterable[tuple[tuple[Ref, Publication], t.Sequence[_Rule]]],
    ) -> dict[tuple[_Where, str], list[tuple[Place, Place]]]:
        """Rules that no request concerns but that have to move, by table: where they are, and where they belong."""
        concerned = {self._where(request) for request in requests}
        moved: dict[tuple[_Where, str], list[tuple[Place, Place]]] = {}
        for (ref, publication), rules in staying:
            where = (ref, publication.key.family)
            for rule in rules if where in concerned else ():
                place = layouts[where].place(rule.place)
                if place != rule.place:
                    moved.setdefault((where, rule.table), []).append((rule.place, place))
        return moved


def _groups(family: str, table: str, names: t.Iterable[str]) -> list[chains.Group]:
    about = {chains.DNAT, chains.LOOPBACK, chains.OWN, chains.ALLOW, chains.TO}
    found = [group for group in chains.GROUPS[family, table] if about & set(group.content)]
    return port_tree.groups(found, names) if table in ("mangle", "nat") else found


def _gaps(share: t.Sequence[tuple[str, str, Edit]]) -> frozenset[tuple[str, Gap]]:
    """Whether connections could bypass a rule until now."""
    return frozenset((family, Gap.PUBLICATION) for family, _table, edit in share if edit.verb in "AI")
