# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where endpoints may send, as part of a network's isolation.

An endpoint is known by its MAC address, since its port is locked to it: it could take a free address of the subnet, but
not another MAC address.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    IPAddress,
    IPNetwork,
    family_of,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Gap, Isolations, Ref, Served
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import (
    Destination,
    disjoint,
    parse,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Isolation, Sender
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import PROTOCOLS, Chosen, Flow

CHOICES = ("allow", "deny")
#: The suboptions of a sender.
SPEC: Options = {
    "mac_address": {"type": "raw", "required": True},
    "destinations": {"type": "list", "elements": "str"},
    "receivers": {"type": "list", "elements": "str"},
}


def read_default(options: t.Mapping[str, t.Any]) -> str:
    """The option ``egress``."""
    if options["egress"] == "deny" and options["inhibit_gateway"]:
        raise Invalid("egress", "deny", "allow with inhibit_gateway, since another router forwards what endpoints send")
    return str(options["egress"])


def listed(options: t.Mapping[str, t.Any]) -> frozenset[str] | None:
    """The MAC addresses that the option ``senders`` names; None if it was not given."""
    given = options["senders"]
    return None if given is None else frozenset(addresses.mac("senders", one["mac_address"]) for one in given)


def read(
    options: t.Mapping[str, t.Any], families: t.Sequence[str], subnets: t.Sequence[IPNetwork]
) -> tuple[Sender, ...] | None:
    """The option ``senders``, validated. One without destinations and receivers has no list."""
    if options["senders"] is None:
        return None
    found: dict[str, Sender | None] = {}
    for number, raw in enumerate(options["senders"]):
        option = f"senders[{number}]"
        mac_address = addresses.mac(f"{option}.mac_address", raw["mac_address"])
        if mac_address in found:
            raise Invalid(f"{option}.mac_address", mac_address, "a MAC address that is not in the list already")
        lists = {word: _destinations(f"{option}.{word}", raw.get(word)) for word in ("destinations", "receivers")}
        for place, one in ((place, one) for place, those in lists.items() for one in those):
            _refuse_unreachable(f"{option}.{place}", one, options, families, subnets)
        limited = any(raw.get(word) is not None for word in lists)
        found[mac_address] = Sender(mac_address, **lists) if limited else None
    if options["inhibit_gateway"] and any(found.values()):
        raise Invalid("senders", "a list", "no value with inhibit_gateway, since another router forwards their packets")
    return _ordered(one for one in found.values() if one)


def _destinations(option: str, given: t.Sequence[object] | None) -> tuple[Destination, ...]:
    return disjoint(tuple(parse(f"{option}[{number}]", one) for number, one in enumerate(given or ())))


def _refuse_unreachable(
    option: str,
    one: Destination,
    options: t.Mapping[str, t.Any],
    families: t.Sequence[str],
    subnets: t.Sequence[IPNetwork],
) -> None:
    """Refuse what no packet of the network could ever match."""
    if one.family not in families or not any(family_of(subnet) == one.family for subnet in subnets):
        raise Invalid(option, str(one), f"no {one.family.replace('ip', 'IP')}, of which the network has no subnet")
    if options["internal"] and not any(_within(one.network, subnet) for subnet in subnets):
        raise Invalid(option, str(one), "addresses in its subnets, since an internal network has no way out")


def _within(one: t.Any, other: t.Any) -> bool:
    return one.version == other.version and bool(one.subnet_of(other))


def _ordered(found: t.Iterable[Sender]) -> tuple[Sender, ...]:
    return tuple(sorted(found, key=lambda one: one.mac_address))


def completed(
    network: Isolation, named: t.Container[str] | None, purge: bool, there: Isolations, ref: Ref
) -> Isolation:
    """The network with the existing lists of those who are not named, unless ``purge``."""
    if network.inhibit_gateway:
        return network.but(senders=())
    if network.senders is not None and purge:
        return network
    kept = [one for one in there.senders(ref, network.bridge) if one.mac_address not in (named or ())]
    return network.but(senders=_ordered([*(network.senders or ()), *kept]))


def views(found: t.Iterable[Sender]) -> list[dict[str, t.Any]]:
    """The lists in the form of the option."""
    return [
        {
            "mac_address": one.mac_address,
            "destinations": [str(destination) for destination in one.destinations],
            "receivers": [str(receiver) for receiver in one.receivers],
        }
        for one in _ordered(found)
    ]


def ended(served: Served[Isolation], network: Isolation, ref: Ref) -> t.Iterator[EndFlows]:
    """End connections that endpoints may not have any more.

    What they send in these stops at the rules, but what their peers reply would continue to pass.
    """
    for family in FAMILIES if network.limits else ():
        subnets = network.subnets_of(family)
        if subnets and (family, Gap.EGRESS) in served.gaps:
            yield EndFlows(ref, family, (_denied(network, subnets),))


def _denied(network: Isolation, subnets: t.Sequence[IPNetwork]) -> Chosen:
    """Connections that an endpoint opened, and that neither its list nor the network's default lets through."""
    lists = {sender.mac_address: sender for sender in network.senders or ()}
    of_address = {
        address: lists[mac_address] for address, mac_address in network.neighbours or () if mac_address in lists
    }

    def chosen(flow: Flow, _local: t.Container[IPAddress]) -> bool:
        sender = of_address.get(flow.source)
        if sender is None:
            denied = network.egress == "deny" and flow.source not in network.gateways
        else:
            denied = not _lets(sender, flow)
        return denied and any(flow.source in subnet for subnet in subnets) and not _within_bridge(flow, subnets)

    return chosen


def _within_bridge(flow: Flow, subnets: t.Iterable[IPNetwork]) -> bool:
    """Whether it is between neighbours, which the lists are not about, unless the host translates it."""
    return flow.reply_source == flow.destination and any(flow.destination in subnet for subnet in subnets)


def _lets(sender: Sender, flow: Flow) -> bool:
    return any(_covers(one, flow.protocol, flow.destination, flow.destination_port) for one in sender.destinations) or (
        any(_covers(one, flow.protocol, flow.reply_source, flow.reply_source_port) for one in sender.receivers)
    )


def _covers(one: Destination, protocol: int, address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> bool:
    if address not in one.network:
        return False
    if one.ports is None or one.protocol is None:
        return True
    return PROTOCOLS[one.protocol] == protocol and one.ports.first <= port <= one.ports.last
