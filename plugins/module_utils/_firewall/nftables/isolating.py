# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What may cross a bridge, by rules of nftables."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    IPNetwork,
    family_of,
    parse_address,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    IsolationRequest,
    Planned,
    Ref,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Isolation, Neighbours, Sender
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import (
    edits,
    egress_rules,
    layout,
    network_rules,
    remembered,
    state,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Document, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings, marks

#: Sets with an element of each bridge.
_BY_BRIDGE = ("bridges", "sender", "receiver", "loopback", "segments", "hairpins", "egress", "gateways", "closed")


class Isolations:
    """The networks that are there."""

    def __init__(self, tables: state.Tables, bridged: t.Collection[tuple[Ref, str]]) -> None:
        """:param bridged: the namespaces and families in which nftables is shown what bridges carry"""
        self._tables = tables
        self._bridged = bridged

    def place(self, ref: Ref) -> Ref:
        return self._tables.place(ref)

    def bridged(self, ref: Ref, family: str) -> bool:
        return (self.place(ref), family) in self._bridged

    def owners(self, ref: Ref) -> list[tuple[str, str]]:
        return list(owners(self._tables.of(ref)).items())

    def of(self, ref: Ref) -> list[Isolation]:
        return [self._network(ref, bridge, owner) for bridge, owner in self.owners(ref)]

    def _network(self, ref: Ref, bridge: str, owner: str, want: Isolation | None = None) -> Isolation:
        """The network as it was recorded; without a record as it is wanted."""
        found = remembered.networks(bridge, self._tables.known(ref).get(bridge))
        base = next(iter(found.values()), want) or Isolation(bridge, owner, (), dict.fromkeys(FAMILIES, "nat"))
        pairs = [pair for family in FAMILIES for pair in self.neighbours(ref, bridge, family)]
        senders = self.senders(ref, bridge)
        return base.but(owner=owner, neighbours=bindings.ordered(pairs), senders=senders)

    def neighbours(self, ref: Ref, bridge: str, family: str) -> Neighbours:
        there = self._tables.of(ref).elements.get(layout.set_of("speaker", family), {})
        mine = f"{layout.quoted(bridge)} . "
        pairs = [key[len(mine) :].split(" . ") for key in there if key.startswith(mine)]
        return bindings.ordered((parse_address(address), mac_address) for address, mac_address in pairs)

    def senders(self, ref: Ref, bridge: str) -> tuple[Sender, ...]:
        there = self._tables.of(ref).elements
        return egress_rules.reading(bridge, {name: there.get(name, ()) for name in layout.LIMITING})

    def keeps_names(self, ref: Ref, subnet: IPNetwork) -> bool:
        """Whether any of the two places where a stranger's packet is dropped is whole, and leads there."""
        table = self._tables.of(ref)
        return any(self._drops(table, chain, base, subnet) for chain, base in _DROPPING)

    def _drops(self, table: Table, chain: str, base: str, subnet: IPNetwork) -> bool:
        leads = any(rule.line and rule.line.text == f"jump {chain}" for rule in table.rules.get(base, ()))
        match = f"{layout.IP[family_of(subnet)]} saddr {layout.shown(subnet)} drop"
        dropping = (rule.line.text for rule in table.rules.get(chain, ()) if rule.line)
        return leads and table.hooks.get(base) is not None and any(text.endswith(match) for text in dropping)

    def forwards(self, ref: Ref) -> list[str]:
        hook = self._tables.of(ref).hooks.get(layout.FORWARD)
        return [] if hook and hook.policy == "drop" else list(FAMILIES)

    def plan(self, requests: t.Sequence[IsolationRequest]) -> Planned[Isolation]:
        return state.planned(self._tables, requests, self._task, self._served)

    def _task(self, ref: Ref, requests: list[IsolationRequest]) -> tuple[edits.Task, dict[str, t.Any]]:
        claims = [self._claim(one) for one in requests]
        task = edits.Task(self._tables.of(ref), claims, layout.ISOLATION, self._policy(ref, requests))
        return task, {one.intent.bridge: remembered.views(self._parts(one), one.drops) for one in requests}

    def _served(self, request: IsolationRequest, share: t.Sequence[edits.Edit]) -> Served[Isolation]:
        gaps = frozenset(_gaps(share, request)) if request.present else frozenset()
        return Served(self._before(request), *state.told(share), gaps)

    def _policy(self, ref: Ref, requests: t.Sequence[IsolationRequest]) -> str:
        """Of the chain that sees all forwarded packets: those that no network lets pass are dropped if any wants it."""
        mine = {one.intent.bridge for one in requests}
        others = (found for bridge, found in self._tables.known(ref).items() if bridge not in mine)
        drops = any(one.present and one.drops for one in requests) or any(map(remembered.drops, others))
        return "drop" if drops else "accept"

    def _before(self, request: IsolationRequest) -> Isolation | None:
        network = request.intent
        owner = owners(self._tables.of(request.netns)).get(network.bridge)
        return None if owner is None else self._network(request.netns, network.bridge, owner, network)

    def _claim(self, request: IsolationRequest) -> edits.Claim:
        table, bridge = self._tables.of(request.netns), request.intent.bridge
        quoted = layout.quoted(bridge)
        elements = {name: [quoted] for name in _BY_BRIDGE if quoted in table.elements.get(name, ())}
        for name in (*layout.GUARDING, *layout.LIMITING):
            elements[name] = [key for key in table.elements.get(name, ()) if key.startswith(f"{quoted} . ")]
        rules = {
            chain: [rule.handle for rule in table.rules.get(chain, ()) if _about(rule.comment) == bridge]
            for chain in (layout.SENDERS, layout.NAMES)
        }
        own = [chain for chain in table.hooks if (layout.network_of(chain) or ("", ""))[1] == bridge]
        parts = self._parts(request)
        return edits.Claim(network_rules.document(parts) if parts else Document(), elements, rules, own)

    def _parts(self, request: IsolationRequest) -> network_rules.Parts:
        """The network by family: as asked for, or as it is in families that this is not about."""
        there = remembered.networks(request.intent.bridge, self._tables.known(request.netns).get(request.intent.bridge))
        wanted = dict.fromkeys(request.families, request.intent if request.present else None)
        both = ((family, wanted[family] if family in wanted else there.get(family)) for family in FAMILIES)
        return {family: network for family, network in both if network}


#: Chains that drop who pretends to be an endpoint, with the base chains that lead there.
_DROPPING = ((layout.NAMES, "prerouting"), (layout.SENDERS, layout.FORWARD))


_LIMITING = (*layout.LIMITING, layout.LISTED, layout.FORWARD, "input", "egress", "gateways", "closed", "")


def owners(table: Table) -> dict[str, str]:
    """The owner of every network, by bridge, as long as anything of it is there."""
    found: dict[str, str] = {}
    for name in _BY_BRIDGE:
        for key, element in table.elements.get(name, {}).items():
            mark = marks.parse_comment(element.comment)
            if mark and mark[0] == network_rules.KIND:
                found.setdefault(key.strip('"'), mark[1])
    for chain, rules in table.rules.items():
        network = layout.network_of(chain)
        for rule in rules:
            mark = marks.parse_comment((rule.comment or "").split(" ")[0])
            bridge = network[1] if network else _about(rule.comment)
            if mark and bridge and mark[0] == network_rules.KIND:
                found.setdefault(bridge, mark[1])
    return found


def _about(comment: str | None) -> str | None:
    """The bridge that a rule of a shared chain is about."""
    kind, _space, bridge = (comment or "").partition(" ")
    mark = marks.parse_comment(kind)
    return bridge if mark and mark[0] == network_rules.KIND and bridge else None


def _gaps(share: t.Sequence[edits.Edit], request: IsolationRequest) -> t.Iterator[tuple[str, Gap]]:
    """What did not hold, by what had to be put there."""
    own = {layout.chain_of(kind, request.intent.bridge) for kind in layout.PER_NETWORK}
    closing = own | {*layout.ENTRY, "sender", "receiver", ""}
    changed = {edit.where for edit in share}
    for family in request.families:
        if changed & closing:
            yield family, Gap.ENTRY
        if changed & {"prerouting", layout.FORWARD, ""}:
            yield family, Gap.ENTRY_ANYWHERE
        own_egress = {layout.chain_of(kind, request.intent.bridge) for kind in (layout.EGRESS, layout.GATEWAY)}
        if changed & {*own_egress, *_LIMITING}:
            yield family, Gap.EGRESS
        guards = {layout.set_of("known", family), layout.set_of("speaker", family), "prerouting", ""}
        if changed & guards:
            yield family, Gap.GUARD
