# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules of one network: what may cross its bridge.

The same drops are in mangle and in filter. A DROP in mangle holds even if another tool accepts the packet earlier in
filter, and as filter is complete too, flushing mangle opens nothing. What may pass returns from our chains in mangle
(RETURN) and is accepted in filter.
"""

from __future__ import annotations

import functools
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPNetwork,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import LOOPBACK, TRANSLATED, Isolation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    egress_rules,
    guard_rules,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "forward"
#: The target that lets a packet pass, by table.
_PASS = {"filter": "ACCEPT", "mangle": "RETURN"}

#: Prefix of the comments that name a bridge.
_ABOUT = "bridge-"
#: What an internal network may send to besides itself: receivers on the same segment.
SEGMENT = {
    "ipv4": (ipaddress.ip_network("224.0.0.0/4"), ipaddress.ip_network("255.255.255.255/32")),
    "ipv6": (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("ff00::/8")),
}


def _rule(network: Isolation, target: str, **match: t.Any) -> str:
    return rule_text.render(target, [marks.comment(KIND, network.owner)], **match)


def _rule_elsewhere(network: Isolation, target: str, **match: t.Any) -> str:
    """A rule whose interfaces do not show which bridge it is for, so a comment names it."""
    return rule_text.render(target, [marks.comment(KIND, network.owner), f"{_ABOUT}{network.bridge}"], **match)


def rules(network: Isolation, family: str, table: str, bridged: bool = False) -> tuple[Place, ...]:
    """The network's rules in one table. A family without a subnet gets only the drops, which keep it closed.

    :param bridged: whether iptables sees bridged frames
    """
    if table == "raw":
        return tuple(_raw(network, family))
    if table == "nat":
        return tuple(_nat(network, family))
    within = _within(network, table, bridged)
    forwarded = _internal(network, within) if network.internal else _forwarded(network, family, table, within)
    judged = (*egress(network, family, bridged), *forwarded)
    if table == "filter":
        return judged
    return (*guards(network, family), *_prerouting(network, family), *judged, *_input(network, family))


def beside(network: Isolation, table: str) -> tuple[Place, ...]:
    """What another firewall has judged passes, whatever the policy of FORWARD is or its rules end with."""
    if table != "filter":
        return ()
    return (
        Place(chains.TO, _rule(network, "ACCEPT", out_interface=network.bridge)),
        Place(chains.TO, _rule(network, "ACCEPT", in_interface=network.bridge)),
    )


def _forwarded(network: Isolation, family: str, table: str, within: t.Sequence[str]) -> t.Iterator[Place]:
    yield from _from(network, family)
    yield from _to(network, family, table, within)


def _mode_of(network: Isolation, family: str) -> str:
    """A family without a subnet is ``closed``."""
    return network.gateway_mode[family] if network.subnets_of(family) else "closed"


def _raw(network: Isolation, family: str) -> t.Iterator[Place]:
    """Drop 127.x from and to endpoints, which route_localnet would let pass, and what leaves an internal segment."""
    bridge = network.bridge
    if family == "ipv4":
        yield Place(chains.RAW, _rule(network, "DROP", in_interface=bridge, source=LOOPBACK))
        yield Place(chains.RAW, _rule(network, "DROP", in_interface=bridge, destination=LOOPBACK))
    if network.internal:
        for reachable in (*network.subnets_of(family), *SEGMENT[family]):
            yield Place(chains.RAW, _rule(network, "RETURN", in_interface=bridge, destination=reachable))
        yield Place(chains.RAW, _rule(network, "DROP", in_interface=bridge))


def _nat(network: Isolation, family: str) -> t.Iterator[Place]:
    """Masquerade published connections that an endpoint gets from its own network or from the host's 127.x.

    Otherwise the reply would not come back through this host.
    """
    if network.internal or network.gateway_mode[family] == "routed":
        return
    published = {"out_interface": network.bridge, "matches": ("-m conntrack --ctstate DNAT",)}
    subnets = network.subnets_of(family)
    for subnet in subnets:
        yield Place(chains.POSTROUTING, _rule(network, "MASQUERADE", source=subnet, **published))
    if subnets and family == "ipv4":
        yield Place(chains.POSTROUTING, _rule(network, "MASQUERADE", source=LOOPBACK, **published))


def _within(network: Isolation, table: str, bridged: bool) -> tuple[str, ...]:
    """Packets from one port of the bridge to another.

    Without icc, only bridged frames pass, since the isolated flag of the ports has already decided about those; a
    packet sent to the gateway's MAC address as a detour was routed.

    If iptables sees no bridged frames, there is no rule about them: the physdev match makes the kernel load
    br_netfilter, which shows iptables the frames of every bridge on the host.
    """
    matches = () if network.icc else ("-m physdev --physdev-is-bridged",)
    match = {"in_interface": network.bridge, "out_interface": network.bridge, "matches": matches}
    return (_rule(network, _PASS[table], **match),) if network.icc or bridged else ()


def _internal(network: Isolation, within: t.Sequence[str]) -> t.Iterator[Place]:
    bridge = network.bridge
    yield from (Place(chains.INTERNAL, rule) for rule in within)
    if not network.icc:
        yield Place(chains.INTERNAL, _rule(network, "DROP", in_interface=bridge, out_interface=bridge))
    yield Place(chains.INTERNAL, _rule(network, "DROP", in_interface=bridge, out_interface=f"!{bridge}"))
    yield Place(chains.INTERNAL, _rule(network, "DROP", in_interface=f"!{bridge}", out_interface=bridge))


def _prerouting(network: Isolation, family: str) -> t.Iterator[Place]:
    """Drop packets from elsewhere with an endpoint's source address, wherever they are going.

    A single one to the sender's own address, or to an address of the host without a program behind it, would have
    conntrack take the sender's later packets for replies. When dropped here, they leave no entry. If the router is
    elsewhere, legitimate packets may arrive through it.
    """
    if network.inhibit_gateway:
        return
    yield from (Place(chains.PREROUTING, rule) for rule in _answers_elsewhere(network, family))
    for subnet in network.subnets_of(family):
        yield Place(chains.PREROUTING, _rule(network, "DROP", in_interface=f"!{network.bridge}", source=subnet))


def guards(network: Isolation, family: str) -> t.Iterator[Place]:
    """Bind the endpoints' addresses to their MAC addresses, which other ports of the bridge cannot use.

    If the router is elsewhere, it may forward packets of endpoints from its own MAC address.
    """
    if not network.inhibit_gateway:
        known = tuple(one for one in network.neighbours or () if family_of(one[0]) == family)
        yield from guard_rules.places(network.bridge, known, functools.partial(_rule, network))


def egress(network: Isolation, family: str, bridged: bool = False) -> t.Iterator[Place]:
    """Compare what endpoints send with their lists.

    :param bridged: whether iptables sees bridged frames
    """
    yield from egress_rules.places(network, family, bridged, functools.partial(_rule_elsewhere, network))


def _answers_elsewhere(network: Isolation, family: str) -> t.Iterator[str]:
    """Replies of endpoints whose default route uses another network, which they send from their own address.

    They have to come from the endpoint's MAC address on that network, or others there could reply in its name.
    """
    answers = ("-m conntrack --ctstate DNAT --ctdir REPLY",)
    if _mode_of(network, family) == "routed":
        answers = ("-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY",)
    for interface, address, mac_address in network.answers_by:
        if family_of(address) == family:
            source = rule_text.host_network(address)
            sender = (f"-m mac --mac-source {mac_address}",) if mac_address else ()
            yield _rule_elsewhere(network, "RETURN", in_interface=interface, source=source, matches=sender + answers)


def _input(network: Isolation, family: str) -> t.Iterator[Place]:
    """Let only replies from published ports, with endpoints' own addresses, reach programs of the host that use 127.x.

    Translated back, a forged packet would pass for a reply.
    """
    if family == "ipv4":
        to_loopback = {"in_interface": network.bridge, "destination": LOOPBACK}
        if not network.internal:
            for subnet in network.subnets_of(family):
                answer = ("-m conntrack --ctstate DNAT --ctdir REPLY",)
                yield Place(chains.INPUT, _rule(network, "RETURN", source=subnet, matches=answer, **to_loopback))
        yield Place(chains.INPUT, _rule(network, "DROP", **to_loopback))


def _from(network: Isolation, family: str) -> t.Iterator[Place]:
    """Decide by source address which packets may pass at all; their destination is checked after that.

    On translated networks, only connections that conntrack knows may leave, since nothing else gets translated. A
    routed network may reply on connections that came in through another router.

    No conntrack state lets foreign source addresses pass: an endpoint could reply in the name of a server that others
    reach through this host, and connections that a foreign source opened while rules were missing would live on. The
    exception are endpoints on two networks that reply to a published connection through the other one. Nobody else may
    use an address of an endpoint or of the host either: conntrack would take the packet for a reply, or the endpoint
    would take the sender for a neighbour.
    """
    bridge, subnets = network.bridge, network.subnets_of(family)
    mode = _mode_of(network, family)
    # Where packets within the bridge may go is decided by destination. With bridge-nf, neighbour discovery passes here.
    yield Place(chains.FROM, _rule(network, "RETURN", in_interface=bridge, out_interface=bridge))
    for subnet in subnets:
        for protocol, known in _known(network, mode, subnet):
            match = {"in_interface": bridge, "source": subnet, "protocol": protocol, "matches": known}
            yield Place(chains.FROM, _rule(network, "RETURN", **match))
    yield from (Place(chains.FROM, rule) for rule in _answers_elsewhere(network, family))
    yield Place(chains.FROM, _rule(network, "DROP", in_interface=bridge))
    for subnet in subnets:
        yield Place(chains.FROM, _rule_elsewhere(network, "DROP", source=subnet))
    if mode != "closed":
        host = (f"-m addrtype --src-type {_HOST_TYPES[family]}",)
        yield Place(chains.FROM, _rule(network, "DROP", out_interface=bridge, matches=host))


#: Address types that the host answers for besides its own addresses, and that none of its programs uses as a source.
_HOST_TYPES = {"ipv4": "LOCAL,BROADCAST", "ipv6": "LOCAL,ANYCAST"}


#: The protocols in which conntrack tells connections apart, by ports or identifiers. In any other, all packets between
#: two addresses are one connection, so whoever first sends to a peer of the host gets the replies meant for the host.
_COMMON = {"ipv4": ("tcp", "udp", "icmp", "sctp"), "ipv6": ("tcp", "udp", "ipv6-icmp", "sctp")}


def _known(network: Isolation, mode: str, subnet: IPNetwork) -> t.Iterator[tuple[str | None, tuple[str, ...]]]:
    """The connections that may leave, with the protocol if only some may.

    An ICMP error is translated if the connection it is about is, so it may leave if a neighbour opened that connection
    or it came in through a published port.
    """
    if mode == "routed":
        yield None, ()
        return
    limited = network.masquerade and network.masquerade_protocols == "common"
    for protocol in _COMMON[family_of(subnet)] if limited else (None,):
        yield protocol, ("-m conntrack --ctstate NEW,ESTABLISHED",)
    yield None, (f"-m conntrack --ctstate RELATED --ctorigsrc {subnet}",)
    yield None, ("-m conntrack --ctstate DNAT --ctdir REPLY",)
    if mode == "nat-unprotected" or network.trusted_interfaces:
        if limited:
            yield None, ("-m conntrack --ctstate ESTABLISHED --ctdir REPLY",)
        yield None, (f"-m conntrack --ctstate RELATED --ctorigdst {subnet}",)


def _to(network: Isolation, family: str, table: str, within: t.Sequence[str]) -> t.Iterator[Place]:
    """What may reach the endpoints.

    No conntrack state lets an unpublished connection in, only its replies. So one that slipped in while rules were
    missing dies with the rules' return.
    """
    bridge, let = network.bridge, _PASS[table]
    mode = _mode_of(network, family)
    yield from (Place(chains.TO, rule) for rule in within)
    if mode == "closed":
        yield Place(chains.TO, _rule(network, "DROP", out_interface=bridge))
        return
    for trusted in network.trusted_interfaces:
        yield Place(chains.TO, _rule(network, let, in_interface=trusted, out_interface=bridge))
    if mode in TRANSLATED:
        for published in _published(network, family):
            yield Place(chains.TO, _rule(network, let, out_interface=bridge, matches=published))
    if not network.icc:
        # The rules below would let the detour through the gateway pass, and connections that it opened before continue.
        yield Place(chains.TO, _rule(network, "DROP", in_interface=bridge, out_interface=bridge))
    for answers in _answers(network, family, mode):
        yield Place(chains.TO, _rule(network, let, out_interface=bridge, matches=answers))
    if mode == "routed":
        icmp = "icmp" if family == "ipv4" else "ipv6-icmp"
        yield Place(chains.TO, _rule(network, let, out_interface=bridge, protocol=icmp))
    yield Place(chains.TO, _rule(network, let if mode == "nat-unprotected" else "DROP", out_interface=bridge))
    if table == "filter":
        yield Place(chains.TO, _rule(network, let, in_interface=bridge))


def _published(network: Isolation, family: str) -> t.Iterator[tuple[str, ...]]:
    """Connections to the host that are translated to an endpoint.

    Not those that were addressed to an endpoint from the start and had only their port changed by somebody else's rule:
    nobody published these.
    """
    yield _not_meant_for("--ctstate DNAT", network.subnets_of(family))
    for gateway in network.gateways:
        if family_of(gateway) == family:
            yield (f"-m conntrack --ctstate DNAT --ctorigdst {spelled(gateway)}",)


def _not_meant_for(state: str, subnets: t.Sequence[IPNetwork], direction: str = "") -> tuple[str, ...]:
    """Matches for connections whose original destination is in none of the subnets."""
    first, *others = subnets
    ends = f" {direction}" if direction else ""
    return (
        f"-m conntrack {state} ! --ctorigdst {first}{ends}",
        *(f"-m conntrack ! --ctorigdst {other}" for other in others),
    )


def _answers(network: Isolation, family: str, mode: str) -> t.Iterator[tuple[str, ...]]:
    """Replies and the ICMP errors that belong to them.

    Of translated connections only these: an error sent to an endpoint's own address would come from a neighbour that
    routes through this host.
    """
    yield ("-m conntrack --ctstate ESTABLISHED --ctdir REPLY",)
    if mode in TRANSLATED:
        yield ("-m conntrack --ctstate SNAT --ctdir REPLY",)
        if not network.masquerade:
            yield _not_meant_for("--ctstate RELATED", network.subnets_of(family), "--ctdir REPLY")


def bridge_of(place: Place) -> str | None:
    """The bridge that one of our rules is for."""
    found = rule_text.fields(place.text)
    for comment in found.comments[1:]:
        if comment.startswith(_ABOUT):
            return comment[len(_ABOUT) :]
    ends = ("-o", "-i") if place.chain in (chains.TO, chains.POSTROUTING) else ("-i", "-o")
    name = found.options.get(ends[0]) or found.options.get(ends[1])
    return name.lstrip("!") if name else None


_CHAINS = (
    chains.RAW,
    chains.PREROUTING,
    chains.INTERNAL,
    chains.TO,
    chains.FROM,
    chains.INPUT,
    chains.POSTROUTING,
)


def found(table: Table) -> t.Iterator[tuple[Place, str, str]]:
    """The isolation rules in a table, each with its bridge and its owner."""
    of_bridges = (name for name in table.chains if guard_rules.is_ours(name) or egress_rules.is_ours(name))
    for chain in (*_CHAINS, *of_bridges):
        for text in table.chains.get(chain, ()):
            mark = rule_text.fields(text).mark
            bridge = bridge_of(Place(chain, text)) if mark and mark[0] == KIND else None
            if mark and bridge:
                yield Place(chain, text), bridge, mark[1]
