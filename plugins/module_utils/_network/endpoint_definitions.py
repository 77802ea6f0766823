# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Definitions of the endpoints for netns, veth, bridge_port and interface."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import guard
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.definition_checks import check_inner
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.macs import (
    bridge_holder,
    endpoint_mac,
    host_end_mac,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_routes import route_key, route_version
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

Element = dict[str, t.Any]


def netns(network: Network) -> list[Element]:
    """Each namespace once, with the settings of all of its endpoints."""
    found: dict[str, Element] = {}
    for endpoint in network.endpoints:
        element = found.setdefault(endpoint.namespace, {"name": endpoint.namespace, "state": "present"})
        if endpoint.pid is not None:
            element["pid"] = endpoint.pid
        if endpoint.namespace_path is not None:
            element["path"] = endpoint.namespace_path
        if endpoint.container is not None:
            element["container"] = endpoint.container
        if endpoint.engine is not None:
            element["engine"] = endpoint.engine
        if endpoint.service is not None:
            element["service"] = endpoint.service
        if endpoint.sysctls:
            element["sysctls"] = {**element.get("sysctls", {}), **endpoint.sysctls}
    for endpoint in network.endpoints:
        if wanted := guard.of_the_namespace(network, endpoint):
            element = found[endpoint.namespace]
            element["sysctls"] = {**wanted, **element.get("sysctls", {})}
    return list(found.values())


def veth(draft: Draft, view: HostView) -> list[Element]:
    """One pair per endpoint: one end on the host, the other inside."""
    holder = bridge_holder(draft.network, draft.ends.names, view)
    given = dict([holder]) if holder else {}
    return [
        {
            "name": draft.host_end(endpoint),
            "peer_netns": endpoint.namespace,
            "peer_name": endpoint.interface,
            "mtu": draft.mtu,
            "mac_address": given.get(endpoint.key) or host_end_mac(draft.network, endpoint, view),
            "peer_mac_address": endpoint_mac(draft.network, endpoint, view),
            "state": "present",
        }
        for endpoint in draft.network.endpoints
    ]


def bridge_port(draft: Draft, view: HostView) -> list[Element]:
    """The host ends, and the interfaces of the host to add to the bridge.

    If iptables sees bridged frames, an endpoint needs hairpin mode to reach its own published port.
    """
    network = draft.network
    hairpin = any(view.bridge_nf(word) for word in network.families)
    ends = [
        {
            "interface": draft.host_end(endpoint),
            "bridge": network.name,
            "isolated": not network.icc,
            "hairpin": hairpin,
            **guard.port(network, endpoint, view),
            "state": "present",
        }
        for endpoint in network.endpoints
    ]
    cards: list[Element] = [
        {"interface": name, "bridge": network.name, "state": "present", **_lent(name, view, "interface_owner")}
        for name in network.ports
    ]
    return ends + _unlisted_ports(draft, view) + cards


def _unlisted_ports(draft: Draft, view: HostView) -> list[Element]:
    """The ports of unlisted endpoints that stay, if their isolation has to change.

    An isolated port still reaches those that are not.
    """
    network = draft.network
    listed = draft.ends.all_names
    return [
        {"interface": end["name"], "bridge": network.name, "isolated": not network.icc, "state": "present"}
        for end in (view.our_ends() if network.appends else ())
        if end["bridge"] == network.name and end["name"] not in listed
        if bool((end["port"] or {}).get("isolated")) is network.icc
    ]


def bandwidth(draft: Draft, view: HostView) -> list[Element]:
    """The limits of the endpoints, at the host ends. What is no longer limited comes first.

    If endpoints are only added, those that are not listed keep theirs.
    """
    network = draft.network
    limited = [endpoint for endpoint in network.endpoints if endpoint.rates]
    stay = {draft.host_end(endpoint) for endpoint in limited}
    if network.appends:
        listed = draft.ends.all_names
        stay.update(name for name in view.interfaces if name not in listed)
    ended = left_over.bandwidth(view, stay)
    old = {element["interface"] for element in ended}
    # An end that gets another name takes along what limits it, but for the device.
    renamed = {draft.ends.names[key] for key, name in draft.ends.existing.items() if name in old} - stay - old
    ended += [{"interface": name, "state": "absent"} for name in sorted(renamed)]
    return ended + [_limits(draft, endpoint) for endpoint in limited]


def _limits(draft: Draft, endpoint: Endpoint) -> Element:
    element: Element = {"interface": draft.host_end(endpoint), "state": "present"}
    least = limits.least_burst(draft.mtu)
    for word, rate in endpoint.rates.items():
        element[f"{word}_rate"] = rate.text
        if rate.burst is not None:
            if rate.burst < least:
                allowed = f"at least {least}b, the size of a frame with the network's MTU of {draft.mtu}"
                raise Invalid(f"{endpoint.path}.{word}_burst", f"{rate.burst}b", allowed)
            element[f"{word}_burst"] = f"{rate.burst}b"
    return element


def host_interfaces(draft: Draft, view: HostView) -> list[Element]:
    """The ports of the bridge, which are up. A host end has no IPv6 and ignores router advertisements."""
    settings = {"net.ipv6.conf.IFNAME.accept_ra": "0", "net.ipv6.conf.IFNAME.disable_ipv6": "1"}
    sysctls = {"sysctls": settings} if view.has_ipv6 else {}
    ends = [
        {"name": draft.host_end(endpoint), "state": "present", "enabled": True, **sysctls}
        for endpoint in draft.network.endpoints
    ]
    ports = [
        {"name": name, "state": "present", "enabled": True, **_lent(name, view, "owner")}
        for name in draft.network.ports
    ]
    return ends + ports


def _lent(name: str, view: HostView, option: str) -> Element:
    """The owner of an interface that the modules created for somebody else."""
    interface = view.interfaces.get(name)
    owner = view.owner_of(interface) if interface else None
    return {} if owner in (None, view.owner) else {option: owner}


def inner_interfaces(draft: Draft, view: HostView) -> list[Element]:
    """The interfaces of the endpoints, with exactly the wanted addresses and routes.

    rp_filter is always loose, not just in namespaces on several networks, so that it does not depend on the order of
    the networks. With the notify settings, the interface announces its MAC address when it goes up, since neighbours
    may have cached that of the endpoint which had the address before. Without accept_ra, a neighbour cannot act as a
    router. On a network without IPv6, the interface has none either: the traffic for the link-local addresses of a
    thousand endpoints would be millions of packets.
    """
    constant: dict[str, str] = {}
    if "ipv4" in draft.network.families:
        constant.update(
            {
                "net.ipv4.conf.IFNAME.rp_filter": "2",
                "net.ipv4.conf.IFNAME.arp_ignore": "0",
                "net.ipv4.conf.IFNAME.arp_notify": "1",
                "net.ipv4.conf.IFNAME.promote_secondaries": "1",
            }
        )
    if "ipv6" in draft.network.families:
        constant["net.ipv6.conf.IFNAME.ndisc_notify"] = "1"
    found = []
    for endpoint in draft.network.endpoints:
        settings = {**_ipv6_settings(draft, endpoint), **constant} if view.has_ipv6 else constant
        settings = {**settings, **guard.settings(draft.network, endpoint)}
        found.append(
            {
                "netns": endpoint.namespace,
                "name": endpoint.interface,
                "state": "present",
                "enabled": True,
                "addresses": draft.cidrs(endpoint),
                "purge_addresses": True,
                "routes": _routes(draft, endpoint),
                "purge_routes": True,
                **guard.inside(draft, endpoint, view),
                "sysctls": {**settings, **endpoint.interface_sysctls},
            }
        )
        check_inner(draft, endpoint, found[-1])
    return found


def _ipv6_settings(draft: Draft, endpoint: Endpoint) -> dict[str, str]:
    wanted = "ipv6" in draft.network.families or any(route_version(route) == 6 for route in endpoint.routes)
    return {"net.ipv6.conf.IFNAME.accept_ra": "0", "net.ipv6.conf.IFNAME.disable_ipv6": "0" if wanted else "1"}


def _routes(draft: Draft, endpoint: Endpoint) -> list[Element]:
    """The default routes through the gateways of the endpoint's subnets, then the user's routes."""
    found: list[Element] = []
    for subnet, _address in draft.subnets(endpoint) if endpoint.default_route else ():
        if subnet.gateway is None:
            raise Invalid(
                f"{endpoint.path}.default_route",
                True,
                f"{subnet.network} has no address of the bridge in it, so its gateway is unknown; give"
                f" {subnet.path}.gateway, or set this to false",
            )
        found.append({"to": "default", "via": str(subnet.gateway)})
    defaults = {route_key(route) for route in found} if endpoint.routes else ()
    for number, route in enumerate(endpoint.routes):
        if route_key(route) in defaults:
            raise Invalid(
                f"{endpoint.path}.routes[{number}].to",
                route["to"],
                f"another destination, or {endpoint.path}.default_route: false",
            )
        found.append(dict(route))
    return found
