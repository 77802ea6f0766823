# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Isolation of bridges by rules in all four tables."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    IsolationRequest,
    Planned,
    Ref,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    Isolation,
    Neighbours,
    Sender,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    effect,
    egress_rules,
    guard_rules,
    isolation_reading,
    isolation_rules,
    port_tree,
    rule_ledger,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Edit, Place, Table

#: Chains that keep outsiders out and are shared by all networks, including the built-in ones with the jumps.
_SHARED = ("FORWARD", chains.FORWARD, "PREROUTING")
_CLOSING = (*_SHARED, chains.FROM, chains.TO, chains.PREROUTING)

#: By family and table.
_Places = dict[tuple[str, str], list[Place]]


class Isolations:
    """The isolation rules found on the host."""

    def __init__(self, tables: rule_ledger.Tables, bridged: t.Collection[tuple[Ref, str]]) -> None:
        """:param bridged: the namespaces and families in which iptables sees bridged frames"""
        self._tables = tables
        self._bridged = bridged
        #: By namespace, bridge and owner.
        self._rules: dict[Ref, dict[tuple[str, str], _Places]] = {}

    def place(self, ref: Ref) -> Ref:
        return self._tables.place(ref)

    def bridged(self, ref: Ref, family: str) -> bool:
        return (self.place(ref), family) in self._bridged

    def owners(self, ref: Ref) -> list[tuple[str, str]]:
        return list(self._found(ref))

    def of(self, ref: Ref) -> list[Isolation]:
        return [
            isolation_reading.reading(places, Isolation(bridge, owner, (), dict.fromkeys(FAMILIES, "nat")))
            for (bridge, owner), places in self._found(ref).items()
            if not _passes_alone(places, bridge, owner)
        ]

    def _found(self, ref: Ref) -> dict[tuple[str, str], _Places]:
        if ref not in self._rules:
            found: dict[tuple[str, str], _Places] = {}
            for key, table in self._tables.of(ref).items():
                for place, bridge, owner in isolation_rules.found(table):
                    found.setdefault((bridge, owner), {}).setdefault(key, []).append(place)
            self._rules[ref] = found
        return self._rules[ref]

    def neighbours(self, ref: Ref, bridge: str, family: str) -> Neighbours:
        table = self._tables.of(ref).get((family, "mangle"))
        if table is None:
            return ()
        top = guard_rules.root(bridge)
        mine = {name: texts for name, texts in table.chains.items() if name == top or name.startswith(f"{top}-")}
        return guard_rules.reading(Place(name, text) for name, texts in mine.items() for text in texts)

    def senders(self, ref: Ref, bridge: str) -> tuple[Sender, ...]:
        found = [found for (name, _owner), found in self._found(ref).items() if name == bridge]
        return egress_rules.reading(
            (family, place) for places in found for (family, _table), group in places.items() for place in group
        )

    def keeps_names(self, ref: Ref, subnet: IPNetwork) -> bool:
        return effect.keeps_names(self._tables.of(ref), subnet)

    def forwards(self, ref: Ref) -> list[str]:
        tables = self._tables.of(ref)
        return [
            family
            for family in FAMILIES
            if (family, "filter") in tables and tables[family, "filter"].policies.get("FORWARD") != "DROP"
        ]

    def plan(self, requests: t.Sequence[IsolationRequest]) -> Planned[Isolation]:
        building = any(request.present for request in requests)
        groups = functools.partial(self._groups, networks=[request.intent for request in requests], building=building)
        ledger = rule_ledger.Ledger(self._tables, len(requests), groups)
        befores = [self._claim(ledger, number, request) for number, request in enumerate(requests)]
        for number, request in enumerate(requests):
            for family in self.forwards(request.netns) if request.present and request.drops else ():
                if family in request.families:
                    ledger.add(number, request.netns, family, "filter", Edit("P", "FORWARD", "DROP"))
        steps = ledger.settle(building)
        served = [
            Served(before, *ledger.drift(number), frozenset(_gaps(ledger.shares[number], request.intent.bridge)))
            for number, (request, before) in enumerate(zip(requests, befores))
        ]
        return Planned(steps, served)

    def _claim(self, ledger: rule_ledger.Ledger, number: int, request: IsolationRequest) -> Isolation | None:
        """Claim the network's rules and return the network as they describe it, None if there are none."""
        network = request.intent
        there = self._found(request.netns).get((network.bridge, network.owner), {})
        mine: _Places = {}
        for family, name in self._tables.of(request.netns):
            # Leave families alone that the definition excludes; an absent network is removed from all of its families.
            if family in request.families:
                shown = self.bridged(request.netns, family)
                wanted = isolation_rules.rules(network, family, name, shown) if request.present else ()
                if request.elsewhere:
                    wanted = isolation_rules.beside(network, name)
                mine[family, name] = there.get((family, name), [])
                ledger.claim(number, request.netns, family, name, mine[family, name], wanted)
        if request.elsewhere:
            passing = set(isolation_rules.beside(network, "filter"))
            mine = {key: [place for place in found if place not in passing] for key, found in mine.items()}
        return isolation_reading.reading(mine, network) if any(mine.values()) else None

    def _groups(self, family: str, table: str, networks: t.Sequence[Isolation], building: bool) -> list[chains.Group]:
        """While only removing, those of published ports too: nothing else would remove chains that somebody flushed."""
        about = {chains.RAW, chains.PREROUTING, chains.TO, chains.INPUT, chains.POSTROUTING}
        found = [group for group in chains.GROUPS[family, table] if about & set(group.content)]
        if table in ("mangle", "nat") and not building:
            names = {chain for key, there in self._tables.by_key.items() if key[2] == table for chain in there.chains}
            found = port_tree.groups(chains.GROUPS[family, table], names)
        if table in ("mangle", "filter"):
            found = _around(chains.FROM, self._egress(family, table, networks), found)
        return _around(chains.PREROUTING, self._guards(family, networks), found) if table == "mangle" else found

    def _egress(self, family: str, table: str, networks: t.Sequence[Isolation]) -> list[chains.Group]:
        """The groups of the chains that compare with lists, both existing and wanted."""
        names = {name for table in self._present(family, table) for name in table.chains if egress_rules.is_ours(name)}
        for network in networks:
            names.update(place.chain for place in isolation_rules.egress(network, family))
        return egress_rules.groups({network.bridge for network in networks}, names)

    def _present(self, family: str, table: str) -> list[Table]:
        return [there for (_ref, *key), there in self._tables.by_key.items() if key == [family, table]]

    def _guards(self, family: str, networks: t.Sequence[Isolation]) -> list[chains.Group]:
        """The groups of the MAC address chains, both existing and wanted."""
        names = {
            name for table in self._present(family, "mangle") for name in table.chains if guard_rules.is_ours(name)
        }
        for network in networks:
            names.update(place.chain for place in isolation_rules.guards(network, family))
        return guard_rules.groups(family, {network.bridge for network in networks}, names)


def _around(chain: str, inner: list[chains.Group], groups: t.Sequence[chains.Group]) -> list[chains.Group]:
    """Nested groups, which lead out of that chain, with those around them."""
    inside = tuple(name for group in inner for name in group.chains)
    return inner + [
        group._replace(inside=group.inside + inside) if chain in group.content else group for group in groups
    ]


def _passes_alone(places: _Places, bridge: str, owner: str) -> bool:
    """Whether these rules only let pass what another firewall has judged."""
    passing = set(isolation_rules.beside(Isolation(bridge, owner, (), {}), "filter"))
    return all(set(found) <= passing for found in places.values())


def _gaps(share: t.Sequence[tuple[str, str, Edit]], bridge: str) -> t.Iterator[tuple[str, Gap]]:
    for family, table, edit in share:
        if edit.verb in "AID" and edit.chain in _CLOSING:
            yield family, Gap.ENTRY
        if edit.verb in "AID" and edit.chain in _SHARED:
            yield family, Gap.ENTRY_ANYWHERE
        leads_to = (guard_rules.root(bridge), chains.PREROUTING)
        if table == "mangle" and edit.verb in "AI" and rule_text.fields(edit.text).target in leads_to:
            yield family, Gap.GUARD
        if edit.verb in "AID" and (egress_rules.is_ours(edit.chain) or egress_rules.is_ours(_target(edit))):
            yield family, Gap.EGRESS


def _target(edit: Edit) -> str:
    return rule_text.fields(edit.text).target or ""
