# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Definitions for the host: bridge, rules and forwarding."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import egress, guard, return_paths, staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft, with_prefix
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.macs import bridge_mac
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

Element = dict[str, t.Any]


def unmanaged_links(draft: Draft, view: HostView) -> list[Element]:
    """The interfaces that network managers have to leave alone.

    They include those of endpoints that stay if endpoints are only added. A card that is added by force may have its
    addresses from a manager, and stays managed.
    """
    network = draft.network
    found = {draft.host_end(endpoint) for endpoint in network.endpoints}
    limited = (draft.host_end(endpoint) for endpoint in network.endpoints if "egress" in endpoint.rates)
    found.update(map(names.limiting_device, limited))
    if not network.external:
        found.add(network.name)
    if not network.ports_force:
        found.update(network.ports)
    if network.appends:
        found.update(view.unmanaged_links or (), (str(end["name"]) for end in view.our_ends()))
        found.update(_limiting_devices_that_stay(draft, view))
    return [{"interfaces": sorted(found), "persistent": network.persistent, "state": "present"}]


def _limiting_devices_that_stay(draft: Draft, view: HostView) -> set[str]:
    """The devices that limit what endpoints send that are not listed."""
    listed = draft.ends.all_names
    unlisted = (str(end["name"]) for end in view.our_ends() if end["name"] not in listed)
    devices = (view.interfaces.get(names.limiting_device(end)) for end in unlisted)
    return {str(device["name"]) for device in devices if device and view.owner_of(device) == view.owner}


def bridge(draft: Draft, view: HostView) -> list[Element]:
    """The bridge itself, unless it is external.

    Its MAC address is explicit, since rules and endpoints refer to it: a persistent network may also start on a copy of
    the disk, where the machine ID differs.
    """
    network = draft.network
    if network.external:
        return []
    own = bridge_mac(network, view)
    return [{"name": network.name, "state": "present", "mtu": draft.mtu, "mac_address": own}]


def bridge_forward(draft: Draft, view: HostView, directory: egress.Directory) -> list[Element]:
    """What may cross the bridge.

    Both families are covered even if the network uses only one: root in an endpoint can add an address of the other,
    and the host would forward its packets.
    """
    network = draft.network
    if network.external:
        return []
    return [
        {
            "bridge": network.name,
            "state": "present",
            "subnets": [str(subnet.network) for subnet in network.subnets],
            "gateway_mode": network.gateway_modes["ipv4"],
            "gateway_mode_ipv6": network.gateway_modes["ipv6"],
            "internal": network.internal,
            "icc": network.icc,
            "trusted_interfaces": list(network.trusted_interfaces),
            "masquerade": network.masquerade,
            "masquerade_protocols": network.masquerade_protocols,
            "answers_by": return_paths.answers_by(draft, view),
            "gateways": _own_addresses(draft, view),
            "inhibit_gateway": network.inhibit_gateway,
            "neighbours": guard.in_rules(draft, view),
            "purge_neighbours": not network.appends,
            "egress": network.egress,
            "senders": egress.senders(network, view, directory),
            "purge_senders": not network.appends,
            "forward_policy": network.forward_policy,
            "ip_version": "both" if view.has_ipv6 else "ipv4",
            **_firewall(network),
        }
    ]


def _firewall(network: Network) -> Element:
    """The option of those kinds that write rules."""
    return {} if network.firewall == "auto" else {"firewall": network.firewall}


def _own_addresses(draft: Draft, view: HostView) -> list[str]:
    """The host's addresses in the subnets through which endpoints reach published ports.

    They are the bridge's own, and others that ports are published on.
    """
    network = draft.network
    found = [subnet.gateway for subnet in network.subnets if subnet.gateway and not network.inhibit_gateway]
    asked = [entry.host_ip for entry in draft.published]
    asked += sorted(rule["host_ip"] or "" for rule in staying.published(draft, view))
    published = [parse_address(address) for address in asked if address]
    found += [address for address in published if network.subnet_holding(address)]
    return list(dict.fromkeys(map(str, found)))


def masquerade(network: Network) -> list[Element]:
    """Source NAT for each subnet, except on a routed network, which keeps its addresses, or an internal one."""
    if network.internal or not network.masquerade:
        return []
    found = []
    for subnet in network.subnets:
        if network.gateway_modes[subnet.family] == "routed":
            continue
        element: Element = {
            "source": str(subnet.network),
            "out_interface": f"!{network.name}",
            "state": "present",
            **_firewall(network),
        }
        if subnet.family in network.masquerade_addresses:
            element["to_source"] = str(network.masquerade_addresses[subnet.family])
        found.append(element)
    return found


def dnat(draft: Draft) -> list[Element]:
    """The published ports. Those on an external bridge do not name it, since that would set its route_localnet."""
    found = []
    for entry in draft.published:
        element: Element = {
            "ip_version": entry.ip_version,
            "protocol": entry.protocol,
            "host_port": str(entry.host),
            "to_address": entry.to_address,
            "to_port": str(entry.to),
            "gateway_mode": "routed" if entry.routed else "nat",
            "state": "present",
            **_firewall(draft.network),
        }
        if entry.host_ip:
            element["host_ip"] = entry.host_ip
        if entry.allowed_sources:
            element["allowed_sources"] = [str(source) for source in entry.allowed_sources]
        if not draft.network.external:
            element["out_interface"] = draft.network.name
        found.append(element)
    return found


#: By family. The setting that enables IPv6 comes last, so that the others already apply to the link-local address.
_BRIDGE_SETTINGS = {
    "ipv4": {
        "net.ipv4.conf.IFNAME.rp_filter": "2",
        "net.ipv4.conf.IFNAME.arp_ignore": "0",
        "net.ipv4.conf.IFNAME.accept_redirects": "0",
        "net.ipv4.conf.IFNAME.promote_secondaries": "1",
    },
    "ipv6": {
        "net.ipv6.conf.IFNAME.accept_dad": "0",
        "net.ipv6.conf.IFNAME.addr_gen_mode": "0",
        "net.ipv6.conf.IFNAME.accept_redirects": "0",
        "net.ipv6.conf.IFNAME.disable_ipv6": "0",
    },
}


def _is_routed(network: Network) -> bool:
    """Whether the host routes for the endpoints."""
    return not (network.internal or network.inhibit_gateway)


def bridge_interface(draft: Draft, view: HostView) -> list[Element]:
    """The bridge's addresses, which are the endpoints' gateways, and the settings it needs before it goes up.

    The host may have other defaults for new interfaces, and the bridge may have been changed by hand. rp_filter is
    loose, since replies of an endpoint on two networks may return through the other bridge. Redirects from endpoints
    are ignored. Packets from the bridge are forwarded, unless the network is internal. Its link-local address gets no
    duplicate address detection: until that ends, which takes seconds, the host could not resolve endpoints when it
    forwards packets to them.
    """
    network = draft.network
    if network.external:
        return []
    gateways = [
        with_prefix(subnet.gateway, subnet)
        for subnet in network.subnets
        if subnet.gateway and not network.inhibit_gateway
    ]
    settings: dict[str, str] = {}
    for word in network.families:
        settings.update(_BRIDGE_SETTINGS[word])
    # For IPv6, only the host's switch is used; the bridge's own would remove default routes by router advertisement.
    if "ipv4" in network.families and _is_routed(network):
        settings["net.ipv4.conf.IFNAME.forwarding"] = "1"
    moved = guard.former_neighbours(draft, view)
    neighbours = guard.all_on_the_bridge(draft, view) if moved else guard.on_the_bridge(draft, view)
    return [
        {
            "name": network.name,
            "state": "present",
            "enabled": True,
            "addresses": gateways,
            "purge_addresses": True,
            "neighbours": neighbours if gateways else [],
            "purge_neighbours": not network.appends or moved,
            "sysctls": settings,
        }
    ]


def ip_forward(network: Network, view: HostView) -> list[Element]:
    """Forwarding in each family that the host routes for this network. The module warns about what that opens.

    A persistent network has a file for it besides the service: a host interface with advertised routes has to be told
    to keep accepting them as soon as it appears, which may be before the service.
    """
    wanted = network.families if _is_routed(network) else ()
    return [
        {"ip_version": word, "state": "enabled", "persistent": network.persistent}
        for word in FAMILIES
        if word in wanted
    ] + left_over.ip_forward(view, wanted)
