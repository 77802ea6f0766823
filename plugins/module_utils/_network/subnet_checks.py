# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds subnets that the host reaches another way, and so cannot route to the bridge.

A less specific route, such as a private range behind a company's router, may coexist, but its targets inside the subnet
become unreachable, which is a warning. A route that appears while the network exists, such as a more specific one of a
VPN, is a warning too: it must not make a repair or an addition fail.

A network with a proxy interface overlaps that interface's subnet on purpose.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import networks_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network, Subnet

#: The metric of the kernel's own routes to directly connected networks.
_CONNECTED_METRIC = {4: 0, 6: 256}


def check_overlap(network: Network, view: HostView) -> list[str]:
    """Refuse new subnets that the host reaches elsewhere. Returns warnings."""
    own = {network.name, *network.ports, *view.our_bridges()}
    warnings = []
    for subnet in network.subnets:
        segment = network.proxy_interface if network.is_proxied(subnet) else None
        for sentence in _conflicts(subnet, view, own, segment):
            if not view.has_had(subnet.network):
                raise Refused(sentence)
            warnings.append(f"{sentence}; addresses in it are no longer reachable on the bridge")
        warnings += _hidden(subnet, view, own, segment)
    return warnings


def _conflicts(subnet: Subnet, view: HostView, own: set[str], segment: str | None) -> Iterator[str]:
    told = set()
    for name, interface in view.interfaces.items():
        for other in networks_of(interface) if name not in own else ():
            if _overlap(subnet, other) and not (name == segment and _is_wider(other, subnet)):
                told.add((name, other))
                yield (
                    f"{subnet.path}.subnet: {subnet.network} overlaps {other}, the network of the host's"
                    f" interface {_named(name, view)}"
                )
    for route, other in _routes_elsewhere(view, own):
        known = (route["interface"], other) in told
        if _overlap(subnet, other) and other.prefixlen >= subnet.network.prefixlen and not known:
            yield (
                f"{subnet.path}.subnet: {subnet.network} overlaps {other}, which the host has a route to"
                f" over {_named(route['interface'], view)}"
            )
    for route in view.dead_routes:
        other = _target(route)
        if _overlap(subnet, other) and _comes_first(route, other, subnet):
            yield (
                f"{subnet.path}.subnet: {subnet.network} overlaps {other}, for which the host has a route of type"
                f" {route['type']}, which leads nowhere"
            )


def _comes_first(route: View, other: IPNetwork, subnet: Subnet) -> bool:
    """Whether the kernel prefers the route to that of the bridge: by prefix length, then by metric."""
    if other.prefixlen != subnet.network.prefixlen:
        return other.prefixlen > subnet.network.prefixlen
    return (route["metric"] or 0) <= _CONNECTED_METRIC[other.version]


def _hidden(subnet: Subnet, view: HostView, own: set[str], segment: str | None) -> list[str]:
    return [
        f"{subnet.path}.subnet: {subnet.network} hides a part of {other}, which the host has a route to"
        f" over {route['interface']}"
        for route, other in _routes_elsewhere(view, own)
        if _is_wider(other, subnet) and not (route["interface"] == segment and not route["via"])
    ]


def _is_wider(other: IPNetwork, subnet: Subnet) -> bool:
    """Whether a network contains the subnet and more."""
    return _overlap(subnet, other) and other.prefixlen < subnet.network.prefixlen


def _overlap(subnet: Subnet, other: IPNetwork) -> bool:
    return other.version == subnet.network.version and other.overlaps(subnet.network)


def _routes_elsewhere(view: HostView, own: set[str]) -> Iterator[tuple[View, IPNetwork]]:
    for route in view.routes:
        if route["to"] == "default" or route["interface"] in own or not route["interface"]:
            continue
        target = _target(route)
        if not (target.is_link_local or target.is_multicast):
            yield route, target


def _target(route: View) -> IPNetwork:
    if route["to"] == "default":
        return ipaddress.ip_network("::/0" if route["ip_version"] == "ipv6" else "0.0.0.0/0")
    return ipaddress.ip_network(route["to"], strict=False)


def _named(interface: str, view: HostView) -> str:
    """An interface, with its network if it has one."""
    owner = view.owner_of(view.interfaces[interface]) if interface in view.interfaces else None
    return f"{interface} (network {owner})" if owner else interface
