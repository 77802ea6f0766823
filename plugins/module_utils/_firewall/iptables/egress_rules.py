# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Chains that compare what endpoints send with their lists, in mangle and, should that be flushed, in filter.

What is forwarded and what goes to the host itself is judged by the same chain of the bridge, by the same lists. It
returns what may pass, and the rules of the network decide about that as if there were no list:

    LINUXNET-FROM               -i br0 -j LINUXNET-EGRESS-56c5eb3
    INPUT                       -i br0 -j LINUXNET-GATEWAY-56c5eb3
    LINUXNET-GATEWAY-56c5eb3    -d 172.18.0.1/32 -p icmp -m icmp --icmp-type 8 -j RETURN
    LINUXNET-GATEWAY-56c5eb3    -g LINUXNET-EGRESS-56c5eb3
    LINUXNET-EGRESS-56c5eb3     -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN
    LINUXNET-EGRESS-56c5eb3     -m mac --mac-source 02:42:ac:12:00:02 -g LINUXNET-56c5eb3-00wu2gqki2
    LINUXNET-56c5eb3-00wu2gqki2 -m conntrack --ctorigdst 10.0.0.0/8 --ctdir ORIGINAL -j RETURN
    LINUXNET-56c5eb3-00wu2gqki2 -j DROP

The names end with a digest of the bridge's name; those of lists with the sender's MAC address in base 36, as a chain's
name has at most 28 characters.
"""

from __future__ import annotations

import collections
import hashlib
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    PortRange,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import Destination, disjoint
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Isolation, Sender
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.chains import Group
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place

_ROOT, _GATEWAY = "LINUXNET-EGRESS-", "LINUXNET-GATEWAY-"
_NAME = re.compile(rf"(?:{_ROOT}|{_GATEWAY})([0-9a-f]{{7}})|LINUXNET-([0-9a-f]{{7}})-([0-9a-z]{{10}})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ICMP = {"ipv4": "icmp", "ipv6": "ipv6-icmp"}
_PING = {"ipv4": "-m icmp --icmp-type 8", "ipv6": "-m icmp6 --icmpv6-type 128"}
#: Neighbour solicitations and advertisements.
_NEIGHBOURS = (135, 136)


class Write(t.Protocol):
    """Returns the text of a rule that carries a network's mark and names its bridge."""

    def __call__(self, target: str, **match: t.Any) -> str: ...


def _digest(bridge: str) -> str:
    return hashlib.sha256(bridge.encode("utf-8", "surrogateescape")).hexdigest()[:7]


def root(bridge: str) -> str:
    """The name of a bridge's chain."""
    return _ROOT + _digest(bridge)


def gateway(bridge: str) -> str:
    """The name of a bridge's chain for what goes to the host itself."""
    return _GATEWAY + _digest(bridge)


def list_of(bridge: str, mac_address: str) -> str:
    """The name of the chain of a sender's list."""
    number, digits = int(mac_address.replace(":", ""), 16), ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return f"LINUXNET-{_digest(bridge)}-{digits.rjust(10, '0')}"


def is_ours(chain: str) -> bool:
    """Whether a chain is one of these, for any bridge."""
    return _NAME.fullmatch(chain) is not None


def is_list(chain: str) -> bool:
    """Whether a chain holds the list of one sender."""
    parts = _NAME.fullmatch(chain)
    return bool(parts and parts[3])


def places(network: Isolation, family: str, bridged: bool, write: Write) -> t.Iterator[Place]:
    """The rules of a network, in mangle and filter alike.

    :param bridged: whether iptables sees bridged frames
    """
    if not network.limits or network.inhibit_gateway:
        return
    for passing in _to_gateway(network, family):
        yield Place(gateway(network.bridge), write("RETURN", **passing))
    for passing in _always(network, family, bridged):
        yield Place(root(network.bridge), write("RETURN", **passing))
    for sender in network.senders or ():
        chain = list_of(network.bridge, sender.mac_address)
        for match in _listed(sender, family):
            yield Place(chain, write("RETURN", **match))
        yield Place(chain, write("DROP"))
    if network.egress == "deny":
        yield Place(root(network.bridge), write("DROP"))


def _to_gateway(network: Isolation, family: str) -> t.Iterator[dict[str, t.Any]]:
    """Without these, an endpoint would not find its gateway. ARP is no matter of these tables."""
    if family == "ipv6":
        for kind in _NEIGHBOURS:
            yield {"protocol": "ipv6-icmp", "matches": (f"-m icmp6 --icmpv6-type {kind}",)}
    for address in network.gateways:
        if family_of(address) == family:
            ping = {"protocol": _ICMP[family], "matches": (_PING[family],)}
            yield {"destination": rule_text.host_network(address), **ping}


def _always(network: Isolation, family: str, bridged: bool) -> t.Iterator[dict[str, t.Any]]:
    """What no list is about: neighbours, replies, and errors about connections. Not what a helper expects."""
    within = {"in_interface": network.bridge, "out_interface": network.bridge}
    if network.icc:
        yield within
    elif bridged:
        yield {**within, "matches": ("-m physdev --physdev-is-bridged",)}
    yield {"matches": ("-m conntrack --ctstate ESTABLISHED --ctdir REPLY",)}
    yield {"protocol": _ICMP[family], "matches": ("-m conntrack --ctstate RELATED",)}


def _listed(sender: Sender, family: str) -> t.Iterator[dict[str, t.Any]]:
    for one in sender.destinations:
        if one.family == family:
            network = one.network
            host = spelled(network.network_address)
            text = host if network.num_addresses == 1 else f"{host}/{network.prefixlen}"
            ports = f" --ctorigdstport {_range(one.ports)}" if one.ports else ""
            match = f"-m conntrack --ctorigdst {text}{ports} --ctdir ORIGINAL"
            yield {"protocol": one.protocol, "matches": (match,)}
    for one in sender.receivers:
        if one.family == family:
            ported = (f"-m {one.protocol} --dport {_range(one.ports)}",) if one.ports else ()
            matches = ("-m conntrack --ctdir ORIGINAL", *ported)
            yield {"destination": one.network, "protocol": one.protocol, "matches": matches}


def _range(ports: PortRange) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}:{ports.last}"


def reading(found: t.Iterable[tuple[str, Place]]) -> tuple[Sender, ...]:
    """The lists that rules contain, each with its family."""
    lists: dict[str, tuple[list[Destination], list[Destination]]] = collections.defaultdict(lambda: ([], []))
    for family, place in found:
        if not is_list(place.chain):
            continue
        destinations, receivers = lists[_mac(place.chain.rpartition("-")[2])]
        options = rule_text.fields(place.text).options
        if "--ctorigdst" in options:
            destinations.append(_destination(options, "--ctorigdst", "--ctorigdstport"))
        elif "--ctdir" in options:
            receivers.append(_destination({"-d": _ALL[family], **options}, "-d", "--dport"))
    ordered = sorted(lists.items())
    return tuple(Sender(mac_address, *map(disjoint, map(tuple, pair))) for mac_address, pair in ordered)


#: iptables does not show this.
_ALL = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


def _mac(digits: str) -> str:
    return (int(digits, 36) & (1 << 48) - 1).to_bytes(6, "big").hex(":")


def _destination(options: t.Mapping[str, str], address: str, port: str) -> Destination:
    network = rule_text.network_of(options[address])
    told = options.get(port)
    if told is None:
        return Destination(network)
    first, _colon, last = told.partition(":")
    return Destination(network, options.get("-p"), PortRange(int(first), int(last or first)))


def denies(found: t.Iterable[Place]) -> bool:
    """Whether endpoints without a list may send nowhere."""
    roots = (place for place in found if place.chain.startswith(_ROOT))
    return any(rule_text.fields(place.text).target == "DROP" for place in roots)


def groups(bridges: t.Iterable[str], names: t.Iterable[str]) -> list[Group]:
    """The groups of these bridges' chains among ``names``, inner groups first."""
    by_digest = {_digest(bridge): bridge for bridge in bridges}
    inside: dict[str, list[str]] = {}
    for name in sorted(names):
        parts = _NAME.fullmatch(name)
        bridge = by_digest.get(parts[1] or parts[2]) if parts else None
        if parts and bridge is not None:
            lists = inside.setdefault(bridge, [])
            lists += [name] if parts[3] else []
    found = []
    for bridge, lists in inside.items():
        found += [Group((name,), (), (_way_in(bridge, name),)) for name in lists]
        forwarded = Place(chains.FROM, rule_text.render(root(bridge), [chains.SHARED], in_interface=bridge))
        further = Place(gateway(bridge), f"-m comment --comment {chains.SHARED} -g {root(bridge)}")
        arriving = Place("INPUT", rule_text.render(gateway(bridge), [chains.SHARED], in_interface=bridge))
        found.append(Group((root(bridge),), (), (forwarded, further), tuple(lists)))
        found.append(Group((gateway(bridge),), (), (arriving,), (root(bridge), *lists)))
    return found


def _way_in(bridge: str, name: str) -> Place:
    mac_address = _mac(name.rpartition("-")[2])
    match = f"-m mac --mac-source {mac_address} -m comment --comment {chains.SHARED} -g {name}"
    return Place(root(bridge), match)


def rank(text: str, shared: bool) -> tuple[int, ...]:
    """The order within these chains: what passes in any case, then the lists, then what nobody lets pass."""
    if shared:
        return (2,)
    return (3,) if rule_text.fields(text).target == "DROP" else (1,)
