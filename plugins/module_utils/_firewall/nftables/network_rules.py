# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules of one network: what may cross its bridge.

They say what the rules of iptables say, in chains of the bridge's own, to which maps by the interface lead: a packet
meets no rule of a network that it has nothing to do with. A family without a subnet is closed.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPNetwork,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import TRANSLATED, Isolation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import egress_rules, layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Document,
    Element,
    Line,
    Rank,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import (
    IP,
    chain_of,
    of_family,
    quoted,
    shown,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks, port_guards

KIND = "forward"
#: The network by family, in their order; a family that it leaves to others is not there.
Parts = t.Mapping[str, Isolation]
#: Where a packet from an internal network may go beside the network itself: to those who listen on the same segment.
_SEGMENT = {
    "ipv4": (ipaddress.ip_network("224.0.0.0/4"), ipaddress.ip_network("255.255.255.255/32")),
    "ipv6": (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("ff00::/8")),
}
#: Of these conntrack tells one connection from the other, by ports or identifiers.
_COMMON = {"ipv4": ("tcp", "udp", "icmp", "sctp"), "ipv6": ("tcp", "udp", "ipv6-icmp", "sctp")}
#: What the host answers to, and what no program of it would speak from.
_HOST_TYPES = {"ipv4": ("local", "broadcast"), "ipv6": ("local", "anycast")}


def document(parts: Parts) -> Document:
    """The part of the table that a network asks for."""
    made = Document()
    network = next(iter(parts.values()))
    mark = marks.comment(KIND, network.owner)
    bridge = quoted(network.bridge)

    def lead(name: str, kind: str, verdict: str, texts: t.Iterable[str]) -> None:
        chain = chain_of(kind, network.bridge)
        made.add(chain, (Line(text, mark) for text in texts))
        made.include(name, [Element(bridge, mark, f"{verdict} {chain}")])

    made.include("bridges", [Element(bridge, mark)])
    if any(one.internal for one in parts.values()):
        lead("segments", layout.SEGMENT, "goto", _segment(parts))
    lead("sender", layout.FROM, "goto", _from(parts))
    lead("receiver", layout.TO, "goto", _to(parts))
    if "ipv4" in parts:
        lead("loopback", layout.HOST, "goto", _host(parts["ipv4"]))
    if any(map(egress_rules.judges, parts.values())):
        lead("egress", layout.EGRESS, "jump", egress_rules.always(parts))
        lead("gateways", layout.GATEWAY, "jump", egress_rules.to_gateway(parts))
        for name, keys in egress_rules.elements(parts):
            made.include(name, [Element(key, mark) for key in keys])
    hairpin = list(_hairpin(parts))
    if hairpin:
        lead("hairpins", layout.HAIRPIN, "jump", hairpin)
    comment = f"{mark} {network.bridge}"
    made.add(layout.SENDERS, (Line(text, comment, rank) for rank, text in _senders(parts)))
    made.add(layout.NAMES, (Line(text, comment, rank) for rank, text in _names(parts)))
    for family, one in parts.items():
        known, speakers = _guard(one, family, mark)
        made.include(layout.set_of("known", family), known)
        made.include(layout.set_of("speaker", family), speakers)
    return made


def _subnets(parts: Parts) -> t.Iterator[tuple[str, Isolation, IPNetwork]]:
    for family, network in parts.items():
        for subnet in network.subnets_of(family):
            yield family, network, subnet


def _mode(network: Isolation, family: str) -> str:
    return network.gateway_mode[family] if network.subnets_of(family) else "closed"


def _segment(parts: Parts) -> t.Iterator[str]:
    for family, network in parts.items():
        if network.internal:
            for reachable in (*network.subnets_of(family), *_SEGMENT[family]):
                yield f"{IP[family]} daddr {shown(reachable)} return"
            yield of_family(family, "drop")


def _from(parts: Parts) -> t.Iterator[str]:
    """Who may speak at all, judged before where it goes: what returns from here may."""
    for family, network in parts.items():
        yield of_family(family, f"oifname {quoted(network.bridge)} return")
        for subnet in network.subnets_of(family) if not network.internal else ():
            for known in _known(network, family, subnet):
                yield f"{IP[family]} saddr {shown(subnet)} {known}return"
        yield of_family(family, "drop")


def _known(network: Isolation, family: str, subnet: IPNetwork) -> t.Iterator[str]:
    """The connections that may leave. An error is translated if the connection that it is about is, so it may leave
    if a neighbour of ours began that one, or if that came by a published port."""
    mode, word = _mode(network, family), IP[family]
    if mode == "routed":
        yield ""
        return
    limited = network.masquerade and network.masquerade_protocols == "common"
    for protocol in _COMMON[family] if limited else ("",):
        yield f"{f'meta l4proto {protocol} ' if protocol else ''}ct state established,new "
    yield f"ct state related ct original {word} saddr {shown(subnet)} "
    yield "ct direction reply ct status dnat "
    if mode == "nat-unprotected" or network.trusted_interfaces:
        if limited:
            yield "ct state established ct direction reply "
        yield f"ct state related ct original {word} daddr {shown(subnet)} "


def _to(parts: Parts) -> t.Iterator[str]:
    """What may reach the endpoints. A connection that nobody published enters by no state of conntrack: only its
    answers do, so that what slipped in while there were no rules dies with their return."""
    for family, network in parts.items():
        yield from (of_family(family, text) for text in _entering(network, family))


def _entering(network: Isolation, family: str) -> t.Iterator[str]:
    bridge, mode = quoted(network.bridge), _mode(network, family)
    # Without icc, what the bridge itself carries from and to cards, if rules see that.
    yield f"iifname {bridge} {'' if network.icc else f'meta mark {port_guards.CARD_MARK} '}accept"
    if network.internal or mode == "closed":
        yield "drop"
        return
    for kind in _HOST_TYPES[family]:
        yield f"fib saddr type {kind} drop"
    for trusted in network.trusted_interfaces:
        yield f"iifname {quoted(trusted)} accept"
    if mode in TRANSLATED:
        yield from _published(network, family)
    if not network.icc:
        # What stands below would let the detour by the gateway pass, and what began while it was open go on.
        yield f"iifname {bridge} drop"
    if mode == "routed":
        yield f"jump {layout.OPENED}"
        word, port = IP[family], "meta l4proto . th dport"
        yield f"{word} saddr . {word} daddr . {port} @{layout.set_of('open_from', family)} accept"
        yield f"{word} daddr . {port} @{layout.set_of('open', family)} accept"
        # Nobody else gets in, not even by what passes for a reply.
        yield f"{word} daddr . {port} @{layout.set_of('shut', family)} drop"
        yield f"jump {layout.SHUT}"
    yield from _answers(network, family, mode)
    if mode == "routed":
        yield f"meta l4proto {'icmp' if family == 'ipv4' else 'ipv6-icmp'} accept"
    yield "accept" if mode == "nat-unprotected" else "drop"


def _published(network: Isolation, family: str) -> t.Iterator[str]:
    """Connections that were meant for the host and are led to an endpoint. One that was meant for an endpoint from
    the first, whose port alone somebody else's rule has changed, nobody has published."""
    yield f"ct status dnat {_not_meant_for(network, family)}accept"
    for gateway in network.gateways:
        if family_of(gateway) == family:
            yield f"ct status dnat ct original {IP[family]} daddr {spelled(gateway)} accept"


def _not_meant_for(network: Isolation, family: str) -> str:
    """Matches for connections that did not begin towards any of the subnets."""
    subnets = network.subnets_of(family)
    return "".join(f"ct original {IP[family]} daddr != {shown(subnet)} " for subnet in subnets)


def _answers(network: Isolation, family: str, mode: str) -> t.Iterator[str]:
    yield "ct state established ct direction reply accept"
    if mode in TRANSLATED:
        yield "ct direction reply ct status snat accept"
        if not network.masquerade:
            yield f"ct state related ct direction reply {_not_meant_for(network, family)}accept"


def _host(network: Isolation) -> t.Iterator[str]:
    """To the host's programs that speak from 127.x come answers of published ports alone."""
    for subnet in network.subnets_of("ipv4") if not network.internal else ():
        yield f"ip saddr {shown(subnet)} ct direction reply ct status dnat return"
    yield "drop"


def _hairpin(parts: Parts) -> t.Iterator[str]:
    """Give published connections a source by which the answer comes back through here."""
    for family, network in parts.items():
        subnets = network.subnets_of(family)
        if network.internal or network.gateway_mode[family] == "routed" or not subnets:
            continue
        for subnet in subnets:
            yield f"{IP[family]} saddr {shown(subnet)} ct status dnat masquerade"
        if family == "ipv4":
            yield "ip saddr 127.0.0.0/8 ct status dnat masquerade"


def _senders(parts: Parts) -> t.Iterator[tuple[Rank, str]]:
    """Endpoints that answer by another network come before that network's own chain; who pretends to be one, after."""
    for family, network in parts.items():
        for number, text in enumerate(_answers_elsewhere(network, family)):
            yield (1, network.bridge, family, number), text
    for family, network, subnet in _subnets(parts):
        yield (6, network.bridge, family, str(subnet)), f"{IP[family]} saddr {shown(subnet)} drop"


def _names(parts: Parts) -> t.Iterator[tuple[Rank, str]]:
    """Nobody elsewhere speaks in the name of an endpoint, to whomever. Dropped before the way is looked for, nothing of
    it is remembered. Where the router is elsewhere, lawful packets may come by way of it."""
    there = {family: network for family, network in parts.items() if not network.inhibit_gateway}
    for family, network in there.items():
        for number, text in enumerate(_answers_elsewhere(network, family)):
            yield (1, network.bridge, family, number), text
    for family, network, subnet in _subnets(there):
        text = f"iifname != {quoted(network.bridge)} {IP[family]} saddr {shown(subnet)} drop"
        yield (6, network.bridge, family, str(subnet)), text


def _answers_elsewhere(network: Isolation, family: str) -> t.Iterator[str]:
    """Answers of endpoints whose default route is on another network, by their own addresses and MAC addresses."""
    for interface, address, mac_address in network.answers_by if not network.internal else ():
        if family_of(address) == family:
            sender = f"ether saddr {mac_address} " if mac_address else ""
            routed = _mode(network, family) == "routed"
            state = "ct state established,related ct direction reply" if routed else "ct direction reply ct status dnat"
            yield f"iifname {quoted(interface)} {IP[family]} saddr {spelled(address)} {sender}{state} return"


def _guard(network: Isolation, family: str, mark: str) -> tuple[list[Element], list[Element]]:
    """The addresses that are held to a MAC address, and the pairs that may speak."""
    if network.inhibit_gateway:
        return [], []
    pairs = [one for one in network.neighbours or () if family_of(one[0]) == family]
    bridge = quoted(network.bridge)
    known = dict.fromkeys(f"{bridge} . {spelled(address)}" for address, _mac_address in pairs)
    speakers = [f"{bridge} . {spelled(address)} . {mac_address}" for address, mac_address in pairs]
    return [Element(key, mark) for key in known], [Element(key, mark) for key in speakers]
