# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The part of a network's rules by which its endpoints speak from their own MAC addresses alone."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    guard_rules,
    isolation_rules,
    rule_ledger,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.rule_text import fields
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.intents import Isolation, Neighbours

Tables = t.Mapping[tuple[str, str], Table]


def read(options: t.Mapping[str, t.Any], families: t.Sequence[str]) -> Neighbours | None:
    """The checked option ``neighbours``."""
    found = bindings.read_pairs("neighbours", options["neighbours"])
    if found and options["inhibit_gateway"]:
        raise Invalid("neighbours", "a list", "none with inhibit_gateway, since another router sends on what they say")
    for address, _mac_address in found or ():
        if family_of(address) not in families:
            raise Invalid("neighbours", str(address), f"addresses of {families[0]}, as ip_version says")
    return found


def there(tables: Tables, bridge: str, family: str) -> Neighbours:
    """Those of a bridge that rules are there for, if packets get to these rules."""
    table = tables.get((family, "mangle"))
    if table is None:
        return ()
    top = guard_rules.root(bridge)
    mine = {name: texts for name, texts in table.chains.items() if name == top or name.startswith(f"{top}-")}
    return guard_rules.reading(Place(name, text) for name, texts in mine.items() for text in texts)


def completed(network: Isolation, purge: bool, families: t.Iterable[str], tables: Tables) -> Isolation:
    """With the neighbours that stay beside the wished ones, unless those are all."""
    if network.inhibit_gateway:
        return dataclasses.replace(network, neighbours=())
    wished = network.neighbours or ()
    if network.neighbours is not None and purge:
        return network
    taken = {one for pair in wished for one in pair}
    found = [one for family in families for one in there(tables, network.bridge, family)]
    kept = [(address, mac_address) for address, mac_address in found if taken.isdisjoint((address, mac_address))]
    return dataclasses.replace(network, neighbours=bindings.ordered([*wished, *kept]))


def groups(wishes: t.Iterable[Isolation], tables: t.Iterable[Table], family: str) -> list[chains.Group]:
    """The groups of chains of all that is wished and there."""
    networks = list(wishes)
    names = {name for table in tables for name in table.chains if guard_rules.is_ours(name)}
    for network in networks:
        names.update(place.chain for place in isolation_rules.guards(network, family))
    return guard_rules.groups(family, {network.bridge for network in networks}, names)


def ended(
    ledger: rule_ledger.Ledger, number: int, netns: str | None, network: Isolation, tables: Tables
) -> t.Iterator[EndFlows]:
    """What began in the name of an endpoint before it was known who that is may be anybody's."""
    top = guard_rules.root(network.bridge)
    for family in sorted({family_of(address) for address, _mac_address in network.neighbours or ()}):
        added = [edit for one, table, edit in ledger.shares[number] if (one, table) == (family, "mangle")]
        led = not any(edit.verb in "AI" and fields(edit.text).target in (top, chains.PREROUTING) for edit in added)
        known = set(there(tables, network.bridge, family)) if led else set()
        new = {one[0] for one in network.neighbours or () if one not in known and family_of(one[0]) == family}
        if new:
            yield EndFlows(netns, family, (ended_flows.begun_by(new),))
