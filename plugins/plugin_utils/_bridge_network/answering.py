# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Endpoints that publish here and have their default route elsewhere: by what their answers come back to the host."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.wish import Endpoint, Network


def answers_by(network: Network, view: HostView) -> list[str]:
    """The bridges, or other interfaces of the host, behind which the default routes of such endpoints lead."""
    found = dict.fromkeys(
        name
        for endpoint in _elsewhere(network)
        for interface in _default_interfaces(network, endpoint, view)
        for name in [_behind(endpoint.namespace, interface, view)]
        if name and name != network.name
    )
    return list(found)


def warnings(network: Network, view: HostView) -> Iterator[str]:
    """Endpoints that cannot answer because they have no default route at all."""
    for endpoint in _elsewhere(network):
        if not any(True for _interface in _default_interfaces(network, endpoint, view)):
            yield (
                f"{endpoint.path}.published_ports: namespace {endpoint.namespace!r} has no default route, so only this"
                " host and the network's own endpoints are answered; where it gets one from another network, apply"
                " that network first"
            )


def _elsewhere(network: Network) -> Iterator[Endpoint]:
    return (endpoint for endpoint in network.endpoints if endpoint.ports and not endpoint.default_route)


def _default_interfaces(network: Network, endpoint: Endpoint, view: HostView) -> Iterator[str]:
    for route in view.inner_default_routes(endpoint.namespace):
        if route["ip_version"] in network.families and route["interface"]:
            yield str(route["interface"])


def _behind(namespace: str, interface: str, view: HostView) -> str | None:
    """The host's interface by which an inner one's packets come: its peer's bridge, or the peer itself."""
    end = view.host_end_at(namespace, interface)
    return str(end["bridge"] or end["name"]) if end else None
