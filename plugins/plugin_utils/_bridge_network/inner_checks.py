# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Conflicts inside the endpoints' namespaces: an interface or a default route that another network has there."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils._bridge_network.wish import Endpoint, Network


def check_namespaces(network: Network, view: HostView, existing: dict[tuple[str, str], str]) -> None:
    """Refuse endpoints that another network, or the namespace's maker, got ahead of."""
    ours: dict[str, set[str]] = {}
    for endpoint in network.endpoints:
        ours.setdefault(endpoint.namespace, set()).add(endpoint.interface)
    for endpoint in network.endpoints:
        if endpoint.key not in existing:
            _check_interface(endpoint, view)
        if endpoint.default_route:
            _check_default_route(network, endpoint, view, ours[endpoint.namespace])


def _check_interface(endpoint: Endpoint, view: HostView) -> None:
    if view.inner_interface(*endpoint.key) is None:
        return
    owner = _owner(endpoint.namespace, endpoint.interface, view)
    if owner == view.owner:
        return
    whose = f"on network {owner}" if owner else "that is not ours"
    raise Refused(
        f"{endpoint.path}.interface: namespace {endpoint.namespace!r} has an interface {endpoint.interface!r}"
        f" already, {whose};"
        " choose another interface name"
    )


def _check_default_route(network: Network, endpoint: Endpoint, view: HostView, ours: set[str]) -> None:
    for route in view.inner_routes(endpoint.namespace):
        interface = route["interface"]
        if (
            route["to"] != "default"
            or not interface
            or interface in ours
            or route["ip_version"] not in network.families
        ):
            continue
        owner = _owner(endpoint.namespace, interface, view)
        if owner == view.owner and not network.appends:
            # An endpoint that is not on the list any more, so it goes.
            continue
        other = f"network {owner}" if owner else f"its interface {interface}, which is not ours,"
        raise Refused(
            f"{endpoint.path}.default_route: namespace {endpoint.namespace!r} has its default route on {other}"
            " and cannot have another"
            f" on network {network.name}; set default_route: false for one of them"
        )


def _owner(namespace: str, interface: str, view: HostView) -> str | None:
    """The network that an interface of a namespace belongs to; only the mark on the host's end is believed."""
    end = view.host_end_at(namespace, interface)
    return view.owner_of(end) if end else None
