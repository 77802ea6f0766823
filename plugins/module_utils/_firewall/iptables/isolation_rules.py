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

import functools
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPNetwork,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import LOOPBACK, TRANSLATED, Isolation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, guard_rules, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "forward"
#: How a table says "this may pass".
_PASS = {"filter": "ACCEPT", "mangle": "RETURN"}

#: Comments that name the bridge begin like this.
_ABOUT = "bridge-"
#: Where a packet from an internal network may go beside the network itself: to those who listen on the same segment.
SEGMENT = {
    "ipv4": (ipaddress.ip_network("224.0.0.0/4"), ipaddress.ip_network("255.255.255.255/32")),
    "ipv6": (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("ff00::/8")),
}


def _rule(network: Isolation, target: str, **match: t.Any) -> str:
    return rule_text.render(target, [marks.comment(KIND, network.owner)], **match)


def _rule_elsewhere(network: Isolation, target: str, **match: t.Any) -> str:
    """A rule whose interfaces do not tell that it is about this bridge, so that a comment does."""
    return rule_text.render(target, [marks.comment(KIND, network.owner), f"{_ABOUT}{network.bridge}"], **match)


def rules(network: Isolation, family: str, table: str, bridged: bool = False) -> tuple[Place, ...]:
    """The network's rules in one table; a family without a subnet gets the drops alone, so that it stays closed.

    :param bridged: whether the kernel shows bridged frames to iptables
    """
    if table == "raw":
        return tuple(_raw(network, family))
    if table == "nat":
        return tuple(_nat(network, family))
    within = _within(network, table, bridged)
    forwarded = _internal(network, within) if network.internal else _forwarded(network, family, table, within)
    if table == "filter":
        return tuple(forwarded)
    return (*guards(network, family), *_prerouting(network, family), *forwarded, *_input(network, family))


def _forwarded(network: Isolation, family: str, table: str, within: t.Sequence[str]) -> t.Iterator[Place]:
    yield from _from(network, family)
    yield from _to(network, family, table, within)


def _mode_of(network: Isolation, family: str) -> str:
    """A family without a subnet is closed."""
    return network.gateway_mode[family] if network.subnets_of(family) else "closed"


def _raw(network: Isolation, family: str) -> t.Iterator[Place]:
    """No endpoint speaks from or to 127.x, as route_localnet would allow; an internal one to its own segment only."""
    bridge = network.bridge
    if family == "ipv4":
        yield Place(chains.RAW, _rule(network, "DROP", in_interface=bridge, source=LOOPBACK))
        yield Place(chains.RAW, _rule(network, "DROP", in_interface=bridge, destination=LOOPBACK))
    if network.internal:
        for reachable in (*network.subnets_of(family), *SEGMENT[family]):
            yield Place(chains.RAW, _rule(network, "RETURN", in_interface=bridge, destination=reachable))
        yield Place(chains.RAW, _rule(network, "DROP", in_interface=bridge))


def _nat(network: Isolation, family: str) -> t.Iterator[Place]:
    """Give published connections a source by which the answer comes back through here."""
    if network.internal or network.gateway_mode[family] == "routed":
        return
    published = {"out_interface": network.bridge, "matches": ("-m conntrack --ctstate DNAT",)}
    subnets = network.subnets_of(family)
    for subnet in subnets:
        yield Place(chains.POSTROUTING, _rule(network, "MASQUERADE", source=subnet, **published))
    if subnets and family == "ipv4":
        yield Place(chains.POSTROUTING, _rule(network, "MASQUERADE", source=LOOPBACK, **published))


def _within(network: Isolation, table: str, bridged: bool) -> tuple[str, ...]:
    """From one port of the bridge to another. Without icc only frames that were bridged pass, since the isolated flag
    of the ports has decided about those; a packet that takes the detour by the gateway's MAC was routed.

    Where no bridged frame gets here there is no rule about them: it would have the kernel load what shows the frames
    of every bridge of the host to iptables.
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
    """Nobody elsewhere speaks in the name of an endpoint, to whomever: one packet to the speaker's own address, or to
    one of the host that is not a program's, and conntrack would take the speaker's later ones for answers. Dropped
    here, nothing of it is remembered. Where the router is elsewhere, lawful packets may come by way of it.
    """
    if network.inhibit_gateway:
        return
    yield from (Place(chains.PREROUTING, rule) for rule in _answers_elsewhere(network, family))
    for subnet in network.subnets_of(family):
        yield Place(chains.PREROUTING, _rule(network, "DROP", in_interface=f"!{network.bridge}", source=subnet))


def guards(network: Isolation, family: str) -> t.Iterator[Place]:
    """An endpoint speaks from its own MAC address alone, which its port does not let others use. Where the router is
    elsewhere, it may send on what endpoints say."""
    if not network.inhibit_gateway:
        known = tuple(one for one in network.neighbours or () if family_of(one[0]) == family)
        yield from guard_rules.places(network.bridge, known, functools.partial(_rule, network))


def _answers_elsewhere(network: Isolation, family: str) -> t.Iterator[str]:
    """Answers of endpoints whose default route is on another network, by their own addresses, and from their own MAC
    addresses there: otherwise somebody over there would answer in the name of one of this network."""
    answers = ("-m conntrack --ctstate DNAT --ctdir REPLY",)
    if _mode_of(network, family) == "routed":
        answers = ("-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY",)
    for interface, address, mac_address in network.answers_by:
        if family_of(address) == family:
            source = rule_text.host_network(address)
            sender = (f"-m mac --mac-source {mac_address}",) if mac_address else ()
            yield _rule_elsewhere(network, "RETURN", in_interface=interface, source=source, matches=sender + answers)


def _input(network: Isolation, family: str) -> t.Iterator[Place]:
    """To the host's programs that speak from 127.x come answers of published ports, and those of the endpoints' own
    addresses alone: translated back, a forged one would pass for an answer."""
    if family == "ipv4":
        to_loopback = {"in_interface": network.bridge, "destination": LOOPBACK}
        if not network.internal:
            for subnet in network.subnets_of(family):
                answer = ("-m conntrack --ctstate DNAT --ctdir REPLY",)
                yield Place(chains.INPUT, _rule(network, "RETURN", source=subnet, matches=answer, **to_loopback))
        yield Place(chains.INPUT, _rule(network, "DROP", **to_loopback))


def _from(network: Isolation, family: str) -> t.Iterator[Place]:
    """Who may speak at all, judged before where it goes. Where addresses are translated only what conntrack knows may
    leave, since nothing else is translated; a routed network may answer for connections that came by another router.

    No state lets foreign sources pass: an endpoint could answer in the name of a server that others reach by way of
    this host, and what a foreign source began while rules were missing would go on. The exception are endpoints on two
    networks that answer a published connection by the other one. Nor does anybody else speak in the name of an
    endpoint or of the host: conntrack would take it for an answer, or the endpoint for a neighbour.
    """
    bridge, subnets = network.bridge, network.subnets_of(family)
    mode = _mode_of(network, family)
    # What stays on the bridge is judged by where it goes. With bridge-nf, neighbour discovery comes along here.
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


#: What the host answers to beside its own addresses, and what no program of it would speak from.
_HOST_TYPES = {"ipv4": "LOCAL,BROADCAST", "ipv6": "LOCAL,ANYCAST"}


#: Of these conntrack tells one connection from the other, by ports or identifiers. All packets of any other protocol
#: between two addresses are one connection, so that who speaks first to a host's peer gets what is meant for the host.
_COMMON = {"ipv4": ("tcp", "udp", "icmp", "sctp"), "ipv6": ("tcp", "udp", "ipv6-icmp", "sctp")}


def _known(network: Isolation, mode: str, subnet: IPNetwork) -> t.Iterator[tuple[str | None, tuple[str, ...]]]:
    """The connections that may leave, each with its protocol where only some may. An error is translated if the
    connection that it is about is, so it may leave if that is one that a neighbour of ours began, or one that came by a
    published port."""
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
    """What may reach the endpoints. A connection that nobody published enters by no state of conntrack: only its
    answers do, so what slipped in while there were no rules dies with their return."""
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
        # What stands below would let the detour by the gateway pass, and what began while it was open go on.
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
    """Connections that were meant for the host and are led to an endpoint. One that was meant for an endpoint from the
    first, whose port alone somebody else's rule has changed, nobody has published."""
    yield _not_meant_for("--ctstate DNAT", network.subnets_of(family))
    for gateway in network.gateways:
        if family_of(gateway) == family:
            yield (f"-m conntrack --ctstate DNAT --ctorigdst {spelled(gateway)}",)


def _not_meant_for(state: str, subnets: t.Sequence[IPNetwork], direction: str = "") -> tuple[str, ...]:
    """Matches for connections that did not begin towards any of the subnets."""
    first, *others = subnets
    ends = f" {direction}" if direction else ""
    return (
        f"-m conntrack {state} ! --ctorigdst {first}{ends}",
        *(f"-m conntrack ! --ctorigdst {other}" for other in others),
    )


def _answers(network: Isolation, family: str, mode: str) -> t.Iterator[tuple[str, ...]]:
    """Answers, and the errors that answer: of a translated connection those alone, since an error for an endpoint's
    own address would be a neighbour's who routes by this host."""
    yield ("-m conntrack --ctstate ESTABLISHED --ctdir REPLY",)
    if mode in TRANSLATED:
        yield ("-m conntrack --ctstate SNAT --ctdir REPLY",)
        if not network.masquerade:
            yield _not_meant_for("--ctstate RELATED", network.subnets_of(family), "--ctdir REPLY")


def bridge_of(place: Place) -> str | None:
    """The bridge that a rule of this kind is about."""
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
    """The rules of this kind in a table, each with the bridge that it is about and its owner."""
    for chain in (*_CHAINS, *filter(guard_rules.is_ours, table.chains)):
        for text in table.chains.get(chain, ()):
            mark = rule_text.fields(text).mark
            bridge = bridge_of(Place(chain, text)) if mark and mark[0] == KIND else None
            if mark and bridge:
                yield Place(chain, text), bridge, mark[1]
