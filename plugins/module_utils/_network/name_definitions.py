# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The definition of the names by which the endpoints of a network find each other, and of their resolvers."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import MOST_SERVERS, reachable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import staying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_names import GATEWAY
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

Element = dict[str, t.Any]
#: The names of each address, in the order in which they are written.
_Names = dict[IPAddress, dict[str, None]]


def netns_names(draft: Draft, view: HostView) -> list[Element]:
    """The names of all endpoints, for each of their namespaces."""
    network = draft.network
    if not network.names:
        return left_over.netns_names(view)
    found: _Names = {}
    namespaces: dict[str, Element] = {}
    for endpoint in network.endpoints:
        own = [endpoint.namespace] if names.is_host_name(endpoint.namespace) else []
        for _subnet, address in draft.subnets(endpoint):
            found.setdefault(address, {}).update(dict.fromkeys((*own, *endpoint.names.aliases)))
        namespaces.setdefault(endpoint.namespace, {"name": endpoint.namespace})
    for name, hosts in _own_hosts(draft).items():
        namespaces[name]["hosts"] = _lines(hosts)
    for name, resolver in _own_resolvers(network, view).items():
        namespaces[name].update(resolver)
    if network.appends:
        _keep(draft, view, found, namespaces)
    # In canonical order, whoever is listed, since another order would be a difference in the boot file.
    able = [namespaces[name] for name in sorted(namespaces) if name not in view.names_left_alone]
    common = {} if network.internal else _in_place_of_the_hosts(view)
    return [{"state": "present", "hosts": _lines(found), "namespaces": able, **common}]


def _lines(found: _Names) -> list[str]:
    """The lines of a hosts file, ordered by address."""
    return [" ".join([str(address), *found[address]]) for address in sorted(found, key=_place) if found[address]]


def _place(address: IPAddress) -> tuple[int, int]:
    return address.version, int(address)


def _own_hosts(draft: Draft) -> dict[str, _Names]:
    """Additional hosts that single namespaces find."""
    found: dict[str, _Names] = {}
    for endpoint in draft.network.endpoints:
        for name, given in endpoint.names.etc_hosts.items():
            hosts = found.setdefault(endpoint.namespace, {})
            for address in _gateways(draft, endpoint, name) if given is None else [given]:
                hosts.setdefault(address, {})[name] = None
    return found


def _gateways(draft: Draft, endpoint: Endpoint, name: str) -> list[IPAddress]:
    inhibited = draft.network.inhibit_gateway
    gateways = [subnet.gateway for subnet, _address in draft.subnets(endpoint) if subnet.gateway and not inhibited]
    if not gateways:
        allowed = "an address, since the bridge has none in this network"
        raise Invalid(f"{endpoint.path}.etc_hosts.{name}", GATEWAY, allowed)
    return gateways


def _own_resolvers(network: Network, view: HostView) -> dict[str, Element]:
    """The resolvers given for single namespaces, completed with what they would have otherwise."""
    found: dict[str, Element] = {}
    for endpoint in network.endpoints:
        given: Element = {
            "dns_servers": endpoint.names.dns_servers,
            "dns_search": endpoint.names.dns_search,
            "dns_options": endpoint.names.dns_options,
        }
        told = {option: list(value) for option, value in given.items() if value is not None}
        if told and view.resolvers.get(endpoint.namespace, view.owner) == view.owner:
            found.setdefault(endpoint.namespace, {}).update(told)
    for resolver in found.values():
        if resolver.get("dns_search") == ["."]:
            resolver["dns_search"] = []
        resolver.setdefault("dns_servers", list(_servers(view)))
        resolver.setdefault("dns_search", view.resolver["search"])
        resolver.setdefault("dns_options", view.resolver["options"])
    return found


def _servers(view: HostView) -> tuple[str, ...]:
    """The host's servers that a namespace can reach, or else those that systemd-resolved asks, as in Docker."""
    found = reachable(view.resolver["servers"]) or reachable(view.resolver["upstream"])
    return found[:MOST_SERVERS]


def _is_out_of_reach(view: HostView) -> bool:
    """Whether the host has a name server that a namespace cannot reach."""
    servers = view.resolver["servers"]
    return len(reachable(servers)) < len(servers)


def _in_place_of_the_hosts(view: HostView) -> Element:
    servers = _servers(view)
    if not servers or not _is_out_of_reach(view):
        return {}
    found = {
        "dns_servers": list(servers),
        "dns_search": view.resolver["search"],
        "dns_options": view.resolver["options"],
    }
    return {option: value for option, value in found.items() if value}


def _keep(draft: Draft, view: HostView, found: _Names, namespaces: dict[str, Element]) -> None:
    """Add the endpoints that are not listed and stay, with their names."""
    taken = {name for one in found.values() for name in one} | namespaces.keys()
    moved = draft.moves.keys()
    for group in view.names:
        for name in group["namespaces"]:
            namespaces.setdefault(name, {"name": name, **group["own"].get(name, {})})
    for one in staying.endpoints(draft, view):
        namespaces.setdefault(one.namespace, {"name": one.namespace})
        if names.is_host_name(one.namespace):
            for address in one.addresses:
                found.setdefault(address, {})[one.namespace] = None
    for group in view.names:
        for line in group["hosts"]:
            text, *known = line.split()
            address = parse_address(text)
            if address not in moved and taken.isdisjoint(known):
                found.setdefault(address, {}).update(dict.fromkeys(known))


def check(network: Network, view: HostView, problems: Problems) -> None:
    """Report files that have to be left alone."""
    if not network.names:
        return
    for namespace in dict.fromkeys(endpoint.namespace for endpoint in network.endpoints):
        if namespace in view.names_left_alone:
            option = network.option("names")
            problems.of_names(f"{view.names_left_alone[namespace]}; move it, or set {option} to false")
    for endpoint in network.endpoints:
        if endpoint.names.asks and view.resolvers.get(endpoint.namespace, view.owner) != view.owner:
            owner = view.resolvers[endpoint.namespace]
            path = f"/etc/netns/{endpoint.namespace}/resolv.conf"
            whose = f"was written for {owner}" if owner else "was not written by this collection"
            problems.of_names(
                f"{endpoint.path}: dns_servers, dns_search and dns_options cannot be written, since {path} {whose}"
            )


def warnings(network: Network, view: HostView) -> t.Iterator[str]:
    """Warn about endpoints without a name, and about a resolver that no endpoint can reach."""
    if not network.names or not network.endpoints:
        return
    nameless = sorted({one.namespace for one in network.endpoints if not (_is_named(one))})
    if nameless:
        more = f" and {len(nameless) - 3} more" if len(nameless) > 3 else ""
        yield (
            f"{network.option('endpoints')}: {', '.join(nameless[:3])}{more}: not a host name, so other endpoints do"
            " not find it by name; give it aliases"
        )
    unserved = any(one.names.dns_servers is None for one in network.endpoints) and not network.internal
    if unserved and _is_out_of_reach(view) and not _servers(view):
        yield (
            f"the endpoints of {network.name} find no names outside, since this host asks only itself"
            f" ({', '.join(view.resolver['servers'])}), which they do not reach; give them dns_servers"
        )


def _is_named(endpoint: Endpoint) -> bool:
    return names.is_host_name(endpoint.namespace) or bool(endpoint.names.aliases)
