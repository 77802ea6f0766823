# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The constant rules of one network: what may cross its bridge.

The drops stand in mangle and in filter, written by one generator. A DROP in mangle holds whatever another tool
accepts earlier in filter, and with filter complete a flushed mangle opens nothing. What mangle lets pass returns to
its FORWARD chain (RETURN), what filter lets pass is accepted.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import chains, marks, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.tables import FAMILIES, Place, Table

KIND = "forward"
GATEWAY_MODES = ("nat", "nat-unprotected", "routed")
#: How a table says "this may pass".
_PASS = {"filter": "ACCEPT", "mangle": "RETURN"}

_LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
#: Where a packet from an internal network may go beside the network itself: to those who listen on the same segment.
_SEGMENT = {
    "ipv4": (ipaddress.ip_network("224.0.0.0/4"), ipaddress.ip_network("255.255.255.255/32")),
    "ipv6": (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("ff00::/8")),
}


@dataclasses.dataclass(frozen=True)
class Network:
    """A bridge and the promises that hold for it."""

    bridge: str
    owner: str
    subnets: tuple[IPNetwork, ...]
    #: By family; one of GATEWAY_MODES.
    gateway_mode: t.Mapping[str, str]
    internal: bool = False
    icc: bool = True
    trusted_interfaces: tuple[str, ...] = ()

    def subnets_of(self, family: str) -> list[IPNetwork]:
        return [subnet for subnet in self.subnets if family_of(subnet) == family]

    def rule(self, target: str, **match: t.Any) -> str:
        return rule_text.render(target, [marks.comment(KIND, self.owner)], **match)


def family_of(address: t.Any) -> str:
    """``ipv4`` or ``ipv6``, of an address or a network."""
    return f"ipv{address.version}"


def rules(network: Network, family: str, table: str) -> tuple[Place, ...]:
    """The network's rules in one table; a family without a subnet gets the drops alone, so that it stays closed."""
    if table == "raw":
        return tuple(_raw(network, family))
    if table == "nat":
        return tuple(_nat(network, family))
    if network.internal:
        return tuple(_internal(network, table))
    return tuple(_to(network, family, table)) + tuple(_from(network, family, table))


def _raw(network: Network, family: str) -> t.Iterator[Place]:
    """No endpoint speaks from or to 127.x, as route_localnet would allow; an internal one to its own segment only."""
    bridge = network.bridge
    if family == "ipv4":
        yield Place(chains.RAW, network.rule("DROP", in_interface=bridge, source=_LOOPBACK))
        yield Place(chains.RAW, network.rule("DROP", in_interface=bridge, destination=_LOOPBACK))
    if network.internal:
        for reachable in (*network.subnets_of(family), *_SEGMENT[family]):
            yield Place(chains.RAW, network.rule("RETURN", in_interface=bridge, destination=reachable))
        yield Place(chains.RAW, network.rule("DROP", in_interface=bridge))


def _nat(network: Network, family: str) -> t.Iterator[Place]:
    """Give published connections a source by which the answer comes back through here."""
    if network.internal or network.gateway_mode[family] == "routed":
        return
    published = {"out_interface": network.bridge, "matches": ("-m conntrack --ctstate DNAT",)}
    subnets = network.subnets_of(family)
    for subnet in subnets:
        yield Place(chains.POSTROUTING, network.rule("MASQUERADE", source=subnet, **published))
    if subnets and family == "ipv4":
        yield Place(chains.POSTROUTING, network.rule("MASQUERADE", source=_LOOPBACK, **published))


def _within(network: Network, table: str) -> str:
    """From one port of the bridge to another. Without icc only frames that were bridged pass, since the isolated flag
    of the ports has decided about those; a packet that takes the detour by the gateway's MAC was routed."""
    bridge = network.bridge
    bridged = () if network.icc else ("-m physdev --physdev-is-bridged",)
    return network.rule(_PASS[table], in_interface=bridge, out_interface=bridge, matches=bridged)


def _internal(network: Network, table: str) -> t.Iterator[Place]:
    bridge = network.bridge
    yield Place(chains.INTERNAL, _within(network, table))
    if not network.icc:
        yield Place(chains.INTERNAL, network.rule("DROP", in_interface=bridge, out_interface=bridge))
    yield Place(chains.INTERNAL, network.rule("DROP", in_interface=bridge, out_interface=f"!{bridge}"))
    yield Place(chains.INTERNAL, network.rule("DROP", in_interface=f"!{bridge}", out_interface=bridge))


def _to(network: Network, family: str, table: str) -> t.Iterator[Place]:
    """What may reach the endpoints. A connection that nobody published enters by no state of conntrack: only its
    answers do, so what slipped in while there were no rules dies with their return."""
    bridge, let = network.bridge, _PASS[table]
    mode = network.gateway_mode[family] if network.subnets_of(family) else "closed"
    yield Place(chains.TO, _within(network, table))
    if mode == "closed":
        yield Place(chains.TO, network.rule("DROP", out_interface=bridge))
        return
    for trusted in network.trusted_interfaces:
        yield Place(chains.TO, network.rule(let, in_interface=trusted, out_interface=bridge))
    answers = ("-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY",)
    yield Place(chains.TO, network.rule(let, out_interface=bridge, matches=answers))
    if mode != "routed":
        yield Place(chains.TO, network.rule(let, out_interface=bridge, matches=("-m conntrack --ctstate DNAT",)))
    if not network.icc:
        # What stands below would let the detour by the gateway pass.
        yield Place(chains.TO, network.rule("DROP", in_interface=bridge, out_interface=bridge))
    if mode == "routed":
        icmp = "icmp" if family == "ipv4" else "ipv6-icmp"
        yield Place(chains.TO, network.rule(let, out_interface=bridge, protocol=icmp))
    yield Place(chains.TO, network.rule(let if mode == "nat-unprotected" else "DROP", out_interface=bridge))


def _from(network: Network, family: str, table: str) -> t.Iterator[Place]:
    """What may leave. Where addresses are translated only what conntrack knows may, since nothing else is translated;
    a routed network may answer for connections that came by another router.

    No state lets foreign sources pass: an endpoint could answer in the name of a server that others reach by way of
    this host, and what a foreign source began while rules were missing would go on. The exception are endpoints on two
    networks that answer a published connection by the other one.
    """
    bridge, let = network.bridge, _PASS[table]
    subnets = network.subnets_of(family)
    routed = network.gateway_mode[family] == "routed"
    if table == "mangle":
        # With bridge-nf, neighbour discovery between endpoints comes along here and is not tracked.
        yield Place(chains.FROM, network.rule(let, in_interface=bridge, out_interface=bridge))
    if subnets and not routed:
        answers = ("-m conntrack --ctstate DNAT --ctdir REPLY",)
        yield Place(chains.FROM, network.rule(let, in_interface=bridge, matches=answers))
    known = () if routed else ("-m conntrack --ctstate NEW,RELATED,ESTABLISHED",)
    for subnet in subnets:
        yield Place(chains.FROM, network.rule(let, in_interface=bridge, source=subnet, matches=known))
    yield Place(chains.FROM, network.rule("DROP", in_interface=bridge))


def bridge_of(place: Place) -> str | None:
    """The bridge that a rule of this kind is about."""
    options = rule_text.fields(place.text).options
    name = options.get("-o") if place.chain in (chains.TO, chains.POSTROUTING) else options.get("-i")
    return name.lstrip("!") if name else None


def found(table: Table) -> t.Iterator[tuple[Place, str, str]]:
    """The rules of this kind in a table, each with the bridge that it is about and its owner."""
    for chain in (chains.RAW, chains.INTERNAL, chains.TO, chains.FROM, chains.POSTROUTING):
        for text in table.chains.get(chain, ()):
            mark = rule_text.fields(text).mark
            bridge = bridge_of(Place(chain, text)) if mark and mark[0] == KIND else None
            if mark and bridge:
                yield Place(chain, text), bridge, mark[1]


def reading(places: t.Mapping[tuple[str, str], t.Iterable[Place]], wish: Network) -> Network:
    """The network as its rules describe it; where they do not tell, because some are missing, it is as wished.

    :param places: its rules by family and table
    """
    every = {
        family: [place for key, group in places.items() if key[0] == family for place in group] for family in FAMILIES
    }
    forward = [place for group in every.values() for place in group if place.chain in (chains.INTERNAL, chains.TO)]
    if not any(every.values()):
        return wish
    internal = any(place.chain == chains.INTERNAL for place in forward) if forward else wish.internal
    within = [rule_text.fields(place.text) for place in forward]
    within = [entry for entry in within if entry.get("-i") == entry.get("-o") == wish.bridge and entry.target != "DROP"]
    icc = any("physdev" not in entry.matches for entry in within) if within else wish.icc
    return dataclasses.replace(
        wish,
        internal=internal,
        icc=icc,
        subnets=_subnets(every) or wish.subnets,
        gateway_mode={family: _mode(every[family]) or wish.gateway_mode[family] for family in FAMILIES},
        trusted_interfaces=wish.trusted_interfaces if internal or not forward else _trusted(forward, wish.bridge),
    )


def _subnets(every: t.Mapping[str, list[Place]]) -> tuple[IPNetwork, ...]:
    """The networks that rules name, in order."""
    seen: dict[IPNetwork, None] = {}
    for family, places in every.items():
        for place in places:
            text = rule_text.fields(place.text).get("-d" if place.chain == chains.RAW else "-s")
            subnet = rule_text.network_of(text) if text else None
            if subnet and subnet != _LOOPBACK and subnet not in _SEGMENT[family]:
                seen[subnet] = None
    return tuple(seen)


def _mode(places: t.Iterable[Place]) -> str | None:
    to = [rule_text.fields(place.text) for place in places if place.chain == chains.TO]
    if any("-p" in entry.options and "--dport" not in entry.options for entry in to):
        return "routed"
    if any(
        "-i" not in entry.options and not set(entry.matches) - {"comment"} and entry.target != "DROP" for entry in to
    ):
        return "nat-unprotected"
    return "nat" if any(entry.get("--ctstate") == "DNAT" for entry in to) else None


def _trusted(places: t.Iterable[Place], bridge: str) -> tuple[str, ...]:
    options = [rule_text.fields(place.text).options for place in places if place.chain == chains.TO]
    return tuple(dict.fromkeys(entry["-i"] for entry in options if entry.get("-i", bridge) != bridge))
