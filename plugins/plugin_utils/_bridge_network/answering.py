# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Endpoints that publish here and have their default route elsewhere: by what their answers come back to the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.draft import Draft
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.wish import Endpoint, Network


def answers_by(draft: Draft, view: HostView) -> list[dict[str, Any]]:
    """The bridges, or other interfaces of the host, behind which the default routes of such endpoints lead, each with
    the addresses of those endpoints."""
    network = draft.network
    found: dict[str, dict[str, None]] = {}
    for endpoint in _elsewhere(network):
        for family, interface in _default_interfaces(network, endpoint, view):
            name = _behind(endpoint.namespace, interface, view)
            if name and name != network.name:
                found.setdefault(name, {})[str(draft.addresses[endpoint.key][family])] = None
    return [{"interface": name, "addresses": list(addresses)} for name, addresses in found.items()]


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


def _default_interfaces(network: Network, endpoint: Endpoint, view: HostView) -> Iterator[tuple[str, str]]:
    """By family the inner interfaces of the default routes."""
    for route in view.inner_default_routes(endpoint.namespace):
        if route["ip_version"] in network.families and route["interface"]:
            yield str(route["ip_version"]), str(route["interface"])


def _behind(namespace: str, interface: str, view: HostView) -> str | None:
    """The host's interface by which an inner one's packets come: its peer's bridge, or the peer itself.

    An end of our own that is off its bridge is about to be put back there.
    """
    end = view.host_end_at(namespace, interface)
    if not end or (not end["bridge"] and view.owner_of(end) == view.owner):
        return None
    return str(end["bridge"] or end["name"])
