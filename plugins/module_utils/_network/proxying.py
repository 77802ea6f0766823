# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Proxy neighbours for a network that is part of the subnet of one of the host's interfaces.

Machines there think that the endpoints are on their segment and ask for their MAC addresses. The host answers with its
own, for addresses of endpoints only, and routes.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

Element = dict[str, t.Any]

#: For IPv4 the entries are enough; IPv6 needs this setting as well.
_SETTINGS = {"net.ipv6.conf.IFNAME.proxy_ndp": "1"}


def check(network: Network, view: HostView) -> t.Iterator[str]:
    """Check that the interface exists and has a segment of its own. Returns warnings."""
    name = network.proxy_interface
    if name is None:
        return
    interface = view.interfaces.get(name)
    option = network.option("proxy_interface")
    if interface is None:
        yield f"{option}: there is no interface {name!r} on the host"
    elif interface["bridge"]:
        raise Refused(
            f"{option}: {name!r} is a port of {interface['bridge']}, which gets what arrives there; use "
            f"{interface['bridge']}"
        )


def interfaces(draft: Draft, view: HostView) -> list[Element]:
    """The interface, which stays up or down, and those with leftover entries."""
    network, proxied = draft.network, _proxied(draft)
    stale = {} if network.appends else _stale(draft, proxied, view)
    if network.proxy_interface is None:
        return left_over.without_proxies(stale)
    there = view.interfaces.get(network.proxy_interface)
    element: Element = {
        "name": network.proxy_interface,
        "state": "present",
        "enabled": there is None or there["enabled"],
        "proxy_neighbours": proxied,
    }
    surplus = stale.pop(network.proxy_interface, ())
    if surplus:
        element["purge_proxy_neighbours"] = [str(ipaddress.ip_network(address)) for address in surplus]
    if any(network.is_proxied(subnet) for subnet in network.subnets_of("ipv6")):
        element["sysctls"] = dict(_SETTINGS)
    return [*left_over.without_proxies(stale), element]


def _proxied(draft: Draft) -> list[str]:
    """The addresses to answer for: only routed ones, since others are unknown outside."""
    network = draft.network
    return [
        str(address)
        for endpoint in network.endpoints
        for subnet, address in draft.all_addresses(endpoint)
        if network.is_proxied(subnet)
    ]


def _stale(draft: Draft, proxied: list[str], view: HostView) -> dict[str, list[str]]:
    network = draft.network
    wanted = {(network.proxy_interface or "", address) for address in proxied}
    return left_over.proxies(view, wanted, [subnet.network for subnet in network.subnets])
