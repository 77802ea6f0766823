# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds conflicts inside the endpoints' namespaces: an interface or route of another network."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import NOWHERE
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_routes import RouteKey, route_key


def check_namespaces(
    network: Network, view: HostView, existing: dict[tuple[str, str], str], problems: Problems
) -> None:
    """Find endpoints that conflict with another network, or with what the namespace already has."""
    _check_each_other(network)
    _check_names(network, view)
    ours: dict[str, set[str]] = {}
    for endpoint in network.endpoints:
        ours.setdefault(endpoint.namespace, set()).add(endpoint.interface)
    for endpoint in network.endpoints:
        sentence = (
            _interface_trouble(endpoint, view, existing)
            or _default_route_trouble(network, endpoint, view, ours[endpoint.namespace])
            or _route_trouble(network, endpoint, view, ours[endpoint.namespace])
        )
        if sentence:
            problems.of_endpoint(endpoint, sentence)


def _interface_trouble(endpoint: Endpoint, view: HostView, existing: t.Collection[tuple[str, str]]) -> str | None:
    if endpoint.key in existing or view.inner_interface(*endpoint.key) is None:
        return None
    owner = _owner(endpoint.namespace, endpoint.interface, view)
    if owner == view.owner:
        return None
    whose = f"on network {owner}" if owner else "that this collection did not create"
    return (
        f"{endpoint.path}.interface: namespace {endpoint.namespace!r} already has an interface "
        f"{endpoint.interface!r} {whose};"
        " choose another interface name"
    )


def _default_route_trouble(network: Network, endpoint: Endpoint, view: HostView, ours: set[str]) -> str | None:
    for route in view.inner_default_routes(endpoint.namespace) if endpoint.default_route else ():
        if route["ip_version"] not in network.families:
            continue
        other = _holder(network, endpoint, route, view, ours)
        if other is None:
            continue
        return (
            f"{endpoint.path}.default_route: namespace {endpoint.namespace!r} has its default route on {other}"
            " and cannot have another"
            f" on network {network.name}; set default_route: false for one of them"
        )
    return None


def _route_trouble(network: Network, endpoint: Endpoint, view: HostView, ours: set[str]) -> str | None:
    """A conflict with the given routes: the kernel allows one per destination, table and metric."""
    wanted = {
        route_key(route): f"{endpoint.path}.routes[{number}].to"
        for number, route in enumerate(endpoint.routes)
        if route.get("type", "unicast") not in NOWHERE
    }
    for route in view.namespaces.get(endpoint.namespace, {}).get("routes", ()) if wanted else ():
        if (route["type"] or "unicast") != "unicast":
            continue
        path = wanted.get(_key_of(route))
        other = _holder(network, endpoint, route, view, ours) if path else None
        if other is None:
            continue
        what = "its default route" if route["to"] == "default" else f"its route to {route['to']}"
        return (
            f"{path}: namespace {endpoint.namespace!r} has {what} on {other} and cannot have another on network"
            f" {network.name} with the same table and metric; give this one another metric or table, or remove one"
        )
    return None


def _key_of(route: t.Mapping[str, t.Any]) -> RouteKey:
    """The key of an existing route, comparable with that of a wanted one."""
    version = 6 if route["ip_version"] == "ipv6" else 4
    table = str(route["table"] if route["table"] is not None else "main")
    metric = route["metric"] or 0
    to = {4: "0.0.0.0/0", 6: "::/0"}[version] if route["to"] == "default" else route["to"]
    return route_key({"to": to, "table": table, "metric": metric})


def _holder(
    network: Network, endpoint: Endpoint, route: t.Mapping[str, t.Any], view: HostView, ours: set[str]
) -> str | None:
    """A description of a route's foreign owner; None for an own route or one that will be removed."""
    interface = route["interface"]
    if not interface or interface in ours:
        return None
    owner = _owner(endpoint.namespace, interface, view)
    if owner == view.owner and not network.appends:
        # An endpoint that is no longer listed and will be removed.
        return None
    return f"network {owner}" if owner else f"its interface {interface}, which this collection did not create,"


def _check_each_other(network: Network) -> None:
    """Refuse two endpoints in one namespace with the same route, including implicit default routes."""
    first: dict[tuple[str, RouteKey], tuple[Endpoint, str, bool]] = {}
    for endpoint in network.endpoints:
        wanted = [(f"{endpoint.path}.routes[{number}].to", route) for number, route in enumerate(endpoint.routes)]
        if endpoint.default_route:
            own = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}
            wanted += [(f"{endpoint.path}.default_route", {"to": own[word]}) for word in network.families]
        for path, route in wanted:
            drops = route.get("type", "unicast") in NOWHERE
            other, earlier, both = first.setdefault((endpoint.namespace, route_key(route)), (endpoint, path, drops))
            if other is not endpoint and not (drops and both):
                raise Invalid(
                    path,
                    True if path.endswith(".default_route") else route["to"],
                    f"each destination once in namespace {endpoint.namespace} with one table and metric, and {earlier}"
                    " has this one",
                )


def _check_names(network: Network, view: HostView) -> None:
    """Refuse two names of one namespace if both endpoints need the same there."""
    first: dict[tuple[int, int, str], Endpoint] = {}
    for endpoint in network.endpoints:
        found = view.namespaces.get(endpoint.namespace)
        if endpoint.attached or not found or not found.get("inode"):
            continue
        wanted = [f"one interface {endpoint.interface!r}", *(["one default route"] if endpoint.default_route else [])]
        for what in wanted:
            other = first.setdefault((found["device"], found["inode"], what), endpoint)
            if other.namespace != endpoint.namespace:
                raise Refused(
                    f"{endpoint.path}.namespace: {endpoint.namespace!r} is the same namespace as {other.namespace!r} of"
                    f" {other.path}, which can have only {what}"
                )


def _owner(namespace: str, interface: str, view: HostView) -> str | None:
    """The network of an interface in a namespace. Only the mark on its host end is trusted."""
    end = view.host_end_at(namespace, interface)
    return view.owner_of(end) if end else None
