# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where endpoints may send: the lists, with the addresses of the endpoints and networks that they name."""

from __future__ import annotations

import functools
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import Destination
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import networks_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.allocation import allocate
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.gateways import with_gateways
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_ends import host_ends
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.macs import endpoint_mac
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Allowed, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems

Sender = dict[str, t.Any]
Found = tuple[IPNetwork, ...]


class Directory:
    """What names stand for: endpoints and networks of this call, and those that the host has already."""

    def __init__(self, networks: t.Sequence[Network], seen: t.Mapping[str, t.Any]) -> None:
        """
        :param networks: those of the call
        :param seen: the view of the host, without networks that the call removes
        """
        self._networks = {network.name: network for network in networks}
        self._seen = seen
        self._addresses: dict[str, dict[str, list[IPNetwork]]] = {}

    @functools.cached_property
    def _view(self) -> HostView:
        return HostView(self._seen, "")

    def network(self, name: str) -> Found:
        """The subnets of a network; empty if there is none of this name."""
        known = self._networks.get(name)
        if known is not None:
            return tuple(subnet.network for subnet in known.subnets)
        there = self._view.interfaces.get(name)
        return tuple(networks_of(there)) if there and there["kind"] == "bridge" else ()

    def endpoint(self, namespace: str) -> Found:
        """The addresses of a namespace, on all networks."""
        found = [one for name in self._networks for one in self._planned(name).get(namespace, ())]
        leases: t.Mapping[str, t.Any] = self._view.namespaces.get(namespace, {}).get("leases", {})
        for owner, interfaces in leases.items():
            network = self._networks.get(owner)
            if network is None or network.appends:
                found += [_host(ipaddress.ip_interface(text).ip) for those in interfaces.values() for text in those]
        return tuple(dict.fromkeys(found))

    def _planned(self, name: str) -> dict[str, list[IPNetwork]]:
        """The addresses that the endpoints of a network of this call will have, by namespace."""
        if name not in self._addresses:
            found: dict[str, list[IPNetwork]] = {}
            network, view = self._networks[name], HostView(self._seen, name)
            try:
                network = with_gateways(network, view)
                ends = host_ends(network, view)
                addresses = allocate(network, view, ends.existing, Problems(view, ends.existing))
            except LinuxnetError:
                # Its own plan says so.
                addresses = {}
            for endpoint in network.endpoints:
                own = [*addresses.get(endpoint.key, endpoint.addresses).values(), *endpoint.further]
                found.setdefault(endpoint.namespace, []).extend(map(_host, own))
            self._addresses[name] = found
        return self._addresses[name]


def _host(address: t.Any) -> IPNetwork:
    return ipaddress.ip_network(address)


def names_any(networks: t.Iterable[Network]) -> bool:
    """Whether any list contains a name."""
    lists = (endpoint.egress or () for network in networks for endpoint in network.endpoints)
    return any(allowed.destination is None for listed in lists for allowed in listed)


def check(networks: t.Sequence[Network], directory: Directory) -> None:
    """Refuse names that mean nothing, before anything is changed."""
    for network in networks:
        for endpoint in network.endpoints:
            for allowed in endpoint.egress or ():
                _receivers(network, allowed, directory)


def senders(network: Network, view: HostView, directory: Directory) -> list[Sender]:
    """The lists of the endpoints, by MAC address.

    If endpoints are only added, those without a list are there as well, since they lose the one that they had.
    """
    found: list[Sender] = []
    for endpoint in network.endpoints:
        if endpoint.egress is None:
            if network.appends:
                found.append({"mac_address": endpoint_mac(network, endpoint, view)})
            continue
        named = [one for allowed in endpoint.egress for one in _receivers(network, allowed, directory)]
        found.append(
            {
                "mac_address": endpoint_mac(network, endpoint, view),
                "destinations": [str(allowed.destination) for allowed in endpoint.egress if allowed.destination],
                # In an order that does not depend on which network joined a namespace first.
                "receivers": sorted(set(map(str, named))),
            }
        )
    return sorted(found, key=lambda one: str(one["mac_address"]))


def _receivers(network: Network, allowed: Allowed, directory: Directory) -> list[Destination]:
    """What an entry's name stands for; nothing if it is an address."""
    if allowed.destination:
        return []
    name = allowed.target.text
    endpoint, subnets = directory.endpoint(name), directory.network(name)
    if endpoint and subnets:
        raise Invalid(allowed.path, name, f"its addresses, since {name} is both a namespace and a network")
    found = endpoint or subnets
    if not found:
        raise Invalid(
            allowed.path,
            name,
            "the namespace of an endpoint or the name of a network that exists, or is in the same call",
        )
    if network.internal:
        raise Invalid(allowed.path, name, f"no name while {network.option('internal')} is true: there is no way out")
    # Neighbours reach each other without the host; without icc, it is what leads to their published ports.
    elsewhere = [one for one in found if not (network.icc and _is_own(network, one))]
    if not elsewhere:
        raise Invalid(
            allowed.path,
            name,
            f"a name outside of {network.name}: what endpoints of one network send each other is not limited by lists,"
            f" but by {network.option('icc')}",
        )
    reachable = [one for one in elsewhere if f"ipv{one.version}" in network.families]
    if not reachable:
        told = " and ".join(f"IPv{word[-1]}" for word in network.families)
        raise Invalid(allowed.path, name, f"a name with an address of {told}, which are all that {network.name} has")
    return [Destination(one, allowed.target.protocol, allowed.target.ports) for one in reachable]


def _is_own(network: Network, one: IPNetwork) -> bool:
    return network.subnet_holding(one.network_address) is not None
