# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warns about policy rules before the main table, such as those of VPNs, that divert packets to a subnet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network, Subnet

_EVERYTHING = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


def warnings(network: Network, view: HostView) -> Iterator[str]:
    """A warning for each subnet and rule, with the route responsible."""
    for subnet in network.subnets:
        for rule in _before_main(subnet, view):
            route = _taking(subnet, rule, view, network.name)
            if route:
                to = f" to {rule['to']}" if rule["to"] else ""
                way = f" over {route['interface']}" if route["interface"] else f" ({route['type']})"
                yield (
                    f"{subnet.path}.subnet: the host's policy rule {rule['priority']}{to} leads to table"
                    f" {rule['table']} before the main one, and its route to {route['to']}{way} takes packets"
                    f" to {subnet.network}"
                )


def _before_main(subnet: Subnet, view: HostView) -> Iterator[View]:
    for rule in view.policy_rules:
        if rule["ip_version"] != subnet.family or not (rule["to"] is None or _meets(subnet, rule["to"])):
            continue
        covered = rule["to"] is None or _contains(rule["to"], subnet.network)
        suppressed = rule["suppressed"] is not None and rule["suppressed"] >= subnet.network.prefixlen
        if rule["table"] == "main" and covered and not suppressed:
            return
        if rule["table"] not in ("main", "local"):
            yield rule


def _taking(subnet: Subnet, rule: View, view: HostView, own: str) -> View | None:
    """A route of the table that packets to all or part of the subnet take."""
    there = [
        (route, _EVERYTHING[subnet.family] if route["to"] == "default" else str(route["to"]))
        for route in view.all_routes
        if route["table"] == rule["table"] and route["ip_version"] == subnet.family
    ]
    returned = [_length(to) for route, to in there if route["type"] == "throw" and _contains(to, subnet.network)]
    for route, to in there:
        if route["type"] == "throw" or route["interface"] == own or not _meets(subnet, to):
            continue
        ignored = max([*returned, -1 if rule["suppressed"] is None else int(rule["suppressed"])])
        if _length(to) > ignored:
            return route
    return None


def _length(to: str) -> int:
    return ipaddress.ip_network(to).prefixlen


def _contains(to: str, subnet: IPNetwork) -> bool:
    other = ipaddress.ip_network(to)
    return other.prefixlen <= subnet.prefixlen and subnet.network_address in other


def _meets(subnet: Subnet, to: str) -> bool:
    other = ipaddress.ip_network(to)
    return _contains(to, subnet.network) or other.network_address in subnet.network
