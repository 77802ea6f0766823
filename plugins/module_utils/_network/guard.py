# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Prevents an endpoint from taking over the address, the MAC address or the packets of another one.

Its port accepts only its own MAC address and learns no other. The host has permanent neighbour entries for the
endpoints, and accepts packets from their addresses from their MAC addresses only. The endpoint has a permanent entry
for its gateway, and ignores redirects.
"""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, link_local
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import in_order
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import return_paths, staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.macs import bridge_mac, endpoint_mac
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network

Neighbour = dict[str, str]


def port(network: Network, endpoint: Endpoint, view: HostView) -> dict[str, t.Any]:
    """The properties of an endpoint's port.

    A locked port accepts only the endpoint's MAC address, and is not flooded with frames to unknown addresses, which
    cannot be behind it.
    """
    known = [endpoint_mac(network, endpoint, view)] if endpoint.guard else []
    return {"learning": not endpoint.guard, "locked": endpoint.guard, "flood": not endpoint.guard, "fdb": known}


def on_the_bridge(draft: Draft, view: HostView) -> list[Neighbour]:
    """The endpoints as neighbours of the host, if it has an address on the bridge, including link-local addresses."""
    found: list[Neighbour] = []
    for endpoint in _guarded(draft.network):
        mac_address = endpoint_mac(draft.network, endpoint, view)
        own = [address for subnet, address in draft.all_addresses(endpoint) if subnet.gateway]
        found += [
            {"address": str(address), "mac_address": mac_address} for address in (*own, *_on_the_link(own, mac_address))
        ]
    return in_order(found)


def former_neighbours(draft: Draft, view: HostView) -> bool:
    """Whether the host has entries for former addresses of listed endpoints."""
    known = view.known_neighbours(draft.network.name) if draft.moves else {}
    return not known.keys().isdisjoint(draft.moves)


def all_on_the_bridge(draft: Draft, view: HostView) -> list[Neighbour]:
    """All neighbours of the host, including endpoints that are not listed and stay."""
    wanted = on_the_bridge(draft, view)
    taken = {value for one in wanted for value in one.values()}
    known = view.known_neighbours(draft.network.name).items()
    kept = [(address, mac) for address, mac in known if address not in draft.moves]
    others = [{"address": str(address), "mac_address": mac} for address, mac in kept if str(address) not in taken]
    return in_order(others + wanted)


def in_rules(draft: Draft, view: HostView) -> list[Neighbour]:
    """The MAC addresses for each address; for a namespace with several interfaces, those of all of them.

    The gateway's address belongs to the bridge. The host ignores IPv4 packets from its own address by itself, but not
    IPv6 packets.
    """
    network = draft.network
    if network.inhibit_gateway:
        return []
    ends: dict[str, list[str]] = {}
    for endpoint in network.endpoints:
        ends.setdefault(endpoint.namespace, []).append(endpoint_mac(network, endpoint, view))
    # Neighbours that stay keep their entries, except for other interfaces of these namespaces.
    others = [other for other in staying.endpoints(draft, view) if other.namespace in ends]
    for other in others:
        ends[other.namespace].append(other.mac_address)
    speaking = itertools.chain(
        ((one.namespace, address) for one in _guarded(network) for _subnet, address in draft.all_addresses(one)),
        ((other.namespace, address) for other in others if other.guard for address in other.addresses),
    )
    own = bridge_mac(network, view)
    gateways = [subnet.gateway for subnet in network.subnets if subnet.gateway]
    links: list[tuple[str, t.Iterable[IPAddress]]] = [] if network.external else [(own, gateways)]
    links += [
        (endpoint_mac(network, one, view), [address for _subnet, address in draft.all_addresses(one)])
        for one in _guarded(network)
    ]
    links += [(other.mac_address, other.addresses) for other in others if other.guard]
    bound = itertools.chain(
        ((gateway, own) for gateway in gateways),
        ((address, mac_address) for namespace, address in speaking for mac_address in ends[namespace]),
        ((address, mac_address) for mac_address, those in links for address in _on_the_link(those, mac_address)),
    )
    return in_order({"address": str(address), "mac_address": mac_address} for address, mac_address in bound)


def _on_the_link(own: t.Iterable[IPAddress], mac_address: str) -> t.Iterator[IPAddress]:
    """The link-local address that goes with a MAC address. An endpoint that uses another one loses nothing."""
    if any(address.version == 6 for address in own):
        yield link_local(mac_address)


def inside(draft: Draft, endpoint: Endpoint, view: HostView) -> dict[str, t.Any]:
    """The gateways as neighbours of the endpoint, but not those of an external bridge, whose MAC address may change."""
    network = draft.network
    if network.external or network.inhibit_gateway or not endpoint.guard:
        return {}
    own = bridge_mac(network, view)
    gateways = [subnet.gateway for subnet, _address in draft.subnets(endpoint) if subnet.gateway]
    known = [{"address": str(gateway), "mac_address": own} for gateway in gateways]
    return {"neighbours": known, "purge_neighbours": True}


def settings(network: Network, endpoint: Endpoint) -> dict[str, str]:
    """The settings of its interface: a forged redirect from the gateway would divert its packets."""
    words = network.families if endpoint.guard else ()
    return {f"net.{word}.conf.IFNAME.accept_redirects": "0" for word in words}


def of_the_namespace(network: Network, endpoint: Endpoint) -> dict[str, str]:
    """The settings of its namespace: for IPv4, redirects are accepted if either the interface or "all" allows it."""
    wanted = endpoint.guard and "ipv4" in network.families
    return {"net.ipv4.conf.all.accept_redirects": "0"} if wanted else {}


def warnings(network: Network, view: HostView) -> t.Iterator[str]:
    """Warn about what reaches the segments of cards: without nft, no rule sees frames that the bridge forwards."""
    if not network.ports:
        return
    free = [endpoint.namespace for endpoint in network.endpoints if view.lacks_nft or not endpoint.guard]
    if free:
        cards, those = ", ".join(network.ports), "endpoints" if view.lacks_nft else ", ".join(dict.fromkeys(free))
        cure = "install nftables on this host, or filter" if view.lacks_nft else "filter"
        yield (
            f"{network.option('ports')}: {cards}: what {those} send{'' if view.lacks_nft else 's'} reaches this "
            "segment unfiltered, including VLAN tags, spanning tree messages, DHCP offers and router advertisements; "
            f"{cure} these in the switch"
        )


def ports(draft: Draft, view: HostView) -> list[dict[str, t.Any]]:
    """What may be sent through the endpoints' ports.

    A namespace sends from any of its addresses through all of its interfaces on the network, and where its default
    route is on another network, through that interface, too.
    """
    network = draft.network
    # What is sent through a port that nothing guards is allowed anyway.
    ends: dict[str, list[str]] = {endpoint.namespace: [] for endpoint in network.endpoints}
    for endpoint in _guarded(network):
        ends[endpoint.namespace].append(draft.host_end(endpoint))
    others = [one for one in staying.endpoints(draft, view) if one.namespace in ends and one.guard]
    for other in others:
        ends[other.namespace].append(other.host_end)
    elsewhere = return_paths.ports(draft, view)
    guarded: list[tuple[str, str, str, t.Sequence[IPAddress]]] = [
        (endpoint.namespace, draft.host_end(endpoint), endpoint_mac(network, endpoint, view), own)
        for endpoint in _guarded(network)
        for own in [[address for _subnet, address in draft.all_addresses(endpoint)]]
    ]
    guarded += [(other.namespace, other.host_end, other.mac_address, other.addresses) for other in others]
    return [
        {
            "interface": end,
            "mac_addresses": [mac_address],
            "addresses": [str(address) for address in (*own, *_on_the_link(own, mac_address))],
            "other_ports": [name for name in (*ends[namespace], *elsewhere.get(end, ())) if name != end],
            "state": "present",
        }
        for namespace, end, mac_address, own in guarded
    ]


def cards(network: Network, view: HostView) -> list[dict[str, t.Any]]:
    """The ports of cards where endpoints may not reach each other: nftables knows their frames by a mark alone."""
    if network.icc or not network.ports:
        return []
    firewall = view.firewall if network.firewall == "auto" else network.firewall
    if firewall != "nftables":
        return []
    return [{"interface": name, "card": True, "state": "present"} for name in network.ports]


def _guarded(network: Network) -> t.Iterator[Endpoint]:
    return (endpoint for endpoint in network.endpoints if endpoint.guard)
