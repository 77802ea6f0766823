# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Chooses the names of host ends: the given one, otherwise the current one, otherwise a derived one."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View, peer_is
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network

EndpointKey = tuple[str, str]
Matches = t.Callable[[View, Endpoint], bool]


class HostEnds(t.NamedTuple):
    """The host ends of the endpoints, and leftover links.

    ``names`` are the wanted names, ``existing`` the current ones.
    """

    names: dict[EndpointKey, str]
    existing: dict[EndpointKey, str]
    stale: list[str]

    @property
    def all_names(self) -> set[str]:
        """The current names of the endpoints' links, and the wanted ones."""
        return {*self.existing.values(), *self.names.values()}


def host_ends(network: Network, view: HostView) -> HostEnds:
    """Match the endpoints with their links on the host, and name new ones."""
    existing = _reusable(network, view, _existing(network, view))
    found: dict[EndpointKey, str] = {}
    for endpoint in network.endpoints:
        if endpoint.host_interface:
            _refuse_taken(endpoint, view, existing.get(endpoint.key))
            found[endpoint.key] = endpoint.host_interface
        elif endpoint.key in existing and not _is_renamed(endpoint, view, existing[endpoint.key]):
            found[endpoint.key] = existing[endpoint.key]
    taken = set(view.interfaces) | set(found.values()) | {network.name}
    for endpoint in network.endpoints:
        if endpoint.key not in found:
            name = names.host_interface(network.name, endpoint.namespace, endpoint.interface, taken)
            found[endpoint.key] = name
            taken.add(name)
    # Module veth renames a leftover link whose name another endpoint needs.
    kept = set(existing.values()) | set(found.values())
    stale = sorted(str(end["name"]) for end in view.our_ends() if end["name"] not in kept)
    return HostEnds(found, existing, stale)


def _existing(network: Network, view: HostView) -> dict[EndpointKey, str]:
    """The current links of the endpoints, the most certain first, each link and each endpoint once.

    A link whose peer was renamed by hand, or whose endpoint has a new interface name, still belongs to the endpoint if
    its mark names the endpoint's namespace. If endpoints are only added, the latter may be one that stays.
    """
    ours = view.our_ends()

    def leads_there(end: View, endpoint: Endpoint) -> bool:
        return peer_is(end, *endpoint.key)

    def is_named_so(end: View, endpoint: Endpoint) -> bool:
        return end["name"] == _derived(network, endpoint) and view.endpoint_of(end) == endpoint.namespace

    def is_marked_so(end: View, endpoint: Endpoint) -> bool:
        return view.endpoint_of(end) == endpoint.namespace

    rounds: list[tuple[list[View], Matches]] = [(ours, leads_there), (ours, is_named_so)]
    if not network.appends:
        rounds.append((ours, is_marked_so))
    found: dict[EndpointKey, str] = {}
    used: set[str] = set()
    for candidates, matches in rounds:
        by_namespace = _by_namespace(candidates, view)
        for endpoint in network.endpoints:
            if endpoint.key in found:
                continue
            for end in by_namespace.get(endpoint.namespace, ()):
                if end["name"] not in used and matches(end, endpoint):
                    found[endpoint.key] = str(end["name"])
                    used.add(found[endpoint.key])
                    break
    return found


def _reusable(network: Network, view: HostView, existing: dict[EndpointKey, str]) -> dict[EndpointKey, str]:
    """The links that veth can find, by the wanted name or the wanted peer."""
    given = {endpoint.key: endpoint.host_interface for endpoint in network.endpoints if endpoint.host_interface}
    return {
        key: name
        for key, name in existing.items()
        if given.get(key, name) == name or peer_is(view.interfaces[name], *key)
    }


def _is_renamed(endpoint: Endpoint, view: HostView, name: str) -> bool:
    """Whether the link's name looks like systemd's own; the link is then found by its peer and renamed."""
    return names.taken_by_systemd(name) and peer_is(view.interfaces[name], *endpoint.key)


def _by_namespace(ends: list[View], view: HostView) -> dict[str, list[View]]:
    """The links by the namespace they lead to, so that a thousand endpoints are matched in one pass."""
    found: dict[str, list[View]] = {}
    for end in ends:
        marked, actual = view.endpoint_of(end), (end["peer"] or {}).get("netns")
        for namespace in dict.fromkeys((marked, actual)):
            if namespace:
                found.setdefault(namespace, []).append(end)
    return found


def _derived(network: Network, endpoint: Endpoint) -> str:
    return names.host_interface(network.name, endpoint.namespace, endpoint.interface)


def _refuse_taken(endpoint: Endpoint, view: HostView, existing: str | None) -> None:
    """Refuse a given name that a foreign interface has."""
    name = str(endpoint.host_interface)
    other = view.interfaces.get(name)
    if other is None or name == existing or view.owner_of(other) == view.owner or peer_is(other, *endpoint.key):
        return
    owner = view.owner_of(other)
    whose = f"network {owner}" if owner else "somebody else"
    raise Refused(
        f"{endpoint.path}.host_interface: {name!r} is an interface of {whose} on the host; choose another name"
    )
