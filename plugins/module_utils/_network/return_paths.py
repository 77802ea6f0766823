# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""How replies reach the host from endpoints that publish here but have their default route elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.staying import Staying


def answers_by(draft: Draft, view: HostView) -> list[dict[str, Any]]:
    """The host interfaces, usually bridges, behind the default routes of such endpoints.

    Each comes with the addresses of the endpoints and, if known, their MAC address there.
    """
    network = draft.network
    found: dict[tuple[str, str | None], dict[str, None]] = {}
    for endpoint, own in _answering(draft, view):
        for route in _default_routes(network, endpoint.namespace, view):
            name = _behind(endpoint.namespace, str(route["interface"]), view)
            mine = [str(one) for one in own if family_of(one) == route["ip_version"]]
            if mine and name and name != network.name:
                key = name, _sender(endpoint, route, name, view)
                found.setdefault(key, {}).update(dict.fromkeys(mine))
    return [
        {"interface": name, "addresses": list(addresses), **({"mac_address": sender} if sender else {})}
        for (name, sender), addresses in found.items()
    ]


def ports(draft: Draft, view: HostView) -> dict[str, list[str]]:
    """The ports of other bridges through which such endpoints reply, by their host ends on this one."""
    found: dict[str, list[str]] = {}
    for endpoint, own in _answering(draft, view):
        end = endpoint.host_end if isinstance(endpoint, Staying) else draft.host_end(endpoint)
        for route in _default_routes(draft.network, endpoint.namespace, view) if own else ():
            other = view.host_end_at(endpoint.namespace, str(route["interface"]))
            if other and other["name"] != end and other["name"] not in found.get(end, ()):
                found.setdefault(end, []).append(str(other["name"]))
    return found


def _answering(draft: Draft, view: HostView) -> Iterator[tuple[Endpoint | Staying, list[IPAddress]]]:
    """Such endpoints with their addresses, including those that stay published."""
    published = staying.published_addresses(draft, view)
    for endpoint in draft.network.endpoints:
        if not endpoint.default_route:
            own = draft.addresses[endpoint.key].values()
            yield endpoint, [one for one in own if endpoint.ports or one in published]
    for other in staying.endpoints(draft, view) if published else ():
        # A default route through its own interface comes from this network.
        routes = _default_routes(draft.network, other.namespace, view)
        here = {route["ip_version"] for route in routes if route["interface"] == other.interface}
        yield other, [one for one in other.addresses if one in published and family_of(one) not in here]


def warnings(network: Network, view: HostView) -> Iterator[str]:
    """Warn about endpoints that cannot reply because they have no default route."""
    for endpoint in _elsewhere(network):
        if not any(True for _route in _default_routes(network, endpoint.namespace, view)):
            yield (
                f"{endpoint.path}.published_ports: namespace {endpoint.namespace!r} has no default route, so only "
                "this host and the network's own endpoints get replies; if another network provides one, apply "
                "that network first"
            )


def _elsewhere(network: Network) -> Iterator[Endpoint]:
    return (endpoint for endpoint in network.endpoints if endpoint.ports and not endpoint.default_route)


def _default_routes(network: Network, namespace: str, view: HostView) -> Iterator[View]:
    """The default routes with an interface, for the families of the network."""
    for route in view.inner_default_routes(namespace):
        if route["ip_version"] in network.families and route["interface"]:
            yield route


def _sender(endpoint: Endpoint | Staying, route: View, name: str, view: HostView) -> str | None:
    """The source MAC address of an endpoint's replies on another interface of the host.

    None if it is unknown, because another machine routes them or the endpoint is not guarded.
    """
    inner = view.inner_interface(endpoint.namespace, str(route["interface"]))
    outer = view.interfaces.get(name)
    if not endpoint.guard or inner is None or outer is None or not inner["mac_address"]:
        return None
    own = [str(entry["address"]).partition("/")[0] for entry in outer["addresses"]]
    return str(inner["mac_address"]) if route["via"] in own else None


def _behind(namespace: str, interface: str, view: HostView) -> str | None:
    """The host interface on which an inner interface's packets arrive: its peer's bridge, or the peer itself.

    None for one of our own ends that is off its bridge, since it will be put back.
    """
    end = view.host_end_at(namespace, interface)
    if not end or (not end["bridge"] and view.owner_of(end) == view.owner):
        return None
    return str(end["bridge"] or end["name"])
