# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Summarises a plan, for the user and for programs."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.macs import endpoint_mac
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import Published


def endpoints(draft: Draft, view: HostView) -> list[dict[str, t.Any]]:
    """The endpoints with the decisions about them."""
    ports = _ports(draft)
    return [
        {
            "namespace": endpoint.namespace,
            "interface": endpoint.interface,
            "host_interface": draft.host_end(endpoint),
            "addresses": draft.cidrs(endpoint),
            "mac_address": endpoint_mac(draft.network, endpoint, view),
            "default_route": endpoint.default_route,
            "published_ports": ports.get(endpoint.path, []),
        }
        for endpoint in draft.network.endpoints
    ]


def lines(draft: Draft, endpoints: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """A line about the network, and one for each endpoint."""
    network = draft.network
    kind = "external bridge" if network.external else "bridge"
    subnets = " ".join(str(subnet.network) for subnet in network.subnets)
    found = [f"{network.name}: {kind} for {subnets}, MTU {draft.mtu}"]
    for endpoint in endpoints:
        published = f", published {' '.join(endpoint['published_ports'])}" if endpoint["published_ports"] else ""
        found.append(f"{endpoint['namespace']}: {endpoint['interface']} {' '.join(endpoint['addresses'])}{published}")
    return found


def _ports(draft: Draft) -> dict[str, list[str]]:
    """The published ports, by path of their endpoint. A wildcard in both families counts once."""
    found: dict[str, list[str]] = {}
    for entry in draft.published:
        shown = found.setdefault(entry.path.rpartition(".published_ports")[0], [])
        text = _port(entry)
        if text not in shown:
            shown.append(text)
    return found


def _port(entry: Published) -> str:
    """A published port in Docker's short syntax."""
    address = f"[{entry.host_ip}]:" if ":" in entry.host_ip else f"{entry.host_ip}:" if entry.host_ip else ""
    return f"{address}{entry.host}:{entry.to}/{entry.protocol}"
