# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Compares what endpoints send with their lists: elements of sets, by bridge and MAC address.

What returns from these chains may pass, and the other rules decide about it as if there were no list.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    PortRange,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import Destination, disjoint
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Isolation, Sender
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import IP, of_family, quoted

Parts = t.Mapping[str, Isolation]
_ICMP = {"ipv4": "icmp", "ipv6": "ipv6-icmp"}
_PING = {"ipv4": "icmp type echo-request", "ipv6": "icmpv6 type echo-request"}


def judges(network: Isolation) -> bool:
    """Whether anything is compared."""
    return network.limits and not network.inhibit_gateway


def _judged(parts: Parts) -> dict[str, Isolation]:
    return {family: network for family, network in parts.items() if judges(network)}


def always(parts: Parts) -> t.Iterator[str]:
    """What no list is about: neighbours, replies, and errors about connections. Not what a helper expects."""
    for family in FAMILIES:
        network = parts.get(family)
        if network is None or not judges(network):
            yield of_family(family, "return")
            continue
        if network.icc:
            yield of_family(family, f"oifname {quoted(network.bridge)} return")
        yield of_family(family, "ct state established ct direction reply return")
        yield of_family(family, f"meta l4proto {_ICMP[family]} ct state related return")
    yield f"goto {layout.LISTED}"


def to_gateway(parts: Parts) -> t.Iterator[str]:
    """Without these, an endpoint would not find its gateway. ARP is no matter of this table."""
    for family, one in _judged(parts).items():
        if family == "ipv6":
            yield "icmpv6 type nd-neighbor-solicit return"
            yield "icmpv6 type nd-neighbor-advert return"
        for address in one.gateways:
            if family_of(address) == family:
                yield f"{IP[family]} daddr {spelled(address)} {_PING[family]} return"
    yield f"goto {layout.chain_of(layout.EGRESS, _bridge(parts))}"


def elements(parts: Parts) -> t.Iterator[tuple[str, list[str]]]:
    """The keys of each set."""
    judged = _judged(parts)
    bridge = quoted(_bridge(judged))
    # With ip_version, a family may have another default than the other one; the stricter one counts.
    if any(one.egress == "deny" for one in judged.values()):
        yield "closed", [bridge]
    lists = {sender.mac_address: None for one in judged.values() for sender in one.senders or ()}
    yield "limited", [f"{bridge} . {mac_address}" for mac_address in lists]
    for family, one in judged.items():
        for name, some in _by_set(one.senders or (), family):
            yield layout.set_of(name, family), [f"{bridge} . {key}" for key in some]


def _by_set(senders: t.Sequence[Sender], family: str) -> t.Iterator[tuple[str, list[str]]]:
    for plain, ported, found in (
        (layout.REACH, layout.REACH_PORT, [(one.mac_address, one.destinations) for one in senders]),
        (layout.HAND, layout.HAND_PORT, [(one.mac_address, one.receivers) for one in senders]),
    ):
        asked = [(mac, one) for mac, those in found for one in those if one.family == family]
        pairs = [(f"{mac} . {layout.shown(one.network)}", one) for mac, one in asked]
        yield plain, [key for key, one in pairs if one.ports is None]
        yield ported, [f"{key} . {one.protocol} . {one.ports}" for key, one in pairs if one.ports is not None]


def _bridge(parts: Parts) -> str:
    return next(iter(parts.values())).bridge


def reading(bridge: str, there: t.Mapping[str, t.Iterable[str]]) -> tuple[Sender, ...]:
    """The lists that sets contain.

    :param there: the keys of each set
    """
    mine = f"{quoted(bridge)} . "
    keys = {
        name: [key[len(mine) :].split(" . ") for key in found if key.startswith(mine)] for name, found in there.items()
    }
    lists: dict[str, tuple[list[Destination], list[Destination]]] = {key[0]: ([], []) for key in keys["limited"]}
    for family in FAMILIES:
        for place, names in enumerate(((layout.REACH, layout.REACH_PORT), (layout.HAND, layout.HAND_PORT))):
            for name in names:
                for mac_address, *rest in keys[layout.set_of(name, family)]:
                    destination = _destination(rest)
                    if destination:
                        lists.setdefault(mac_address, ([], []))[place].append(destination)
    return tuple(Sender(mac, *(disjoint(tuple(one)) for one in pair)) for mac, pair in sorted(lists.items()))


def _destination(parts: t.Sequence[str]) -> Destination | None:
    """What an element says; None for one that somebody added and that we could not have written."""
    try:
        network = ipaddress.ip_network(parts[0])
        if len(parts) == 1:
            return Destination(network)
        first, _dash, last = parts[2].partition("-")
        return Destination(network, parts[1], PortRange(int(first), int(last or first)))
    except ValueError:
        return None
