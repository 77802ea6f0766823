# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Chooses the addresses of endpoints: the given one, otherwise the current one, otherwise the lowest free one."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import libraries
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import (
    HostView,
    addresses_of,
    peer_is,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network, Subnet
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.problems import Problems

Key = tuple[str, str]
Addresses = dict[str, IPAddress]


def allocate(network: Network, view: HostView, existing: dict[Key, str], problems: Problems) -> dict[Key, Addresses]:
    """The addresses of every endpoint, one per family of the network.

    What namespaces contain is hearsay: new endpoints do not get such addresses, but no endpoint loses its own because
    of them.

    :param existing: the current host ends of the endpoints
    :raises Refused: if a given address is in use, or allocated addresses fill a subnet
    """
    taken = _taken(network, view)
    hearsay = _hearsay(network, view, existing, taken)
    found: dict[Key, Addresses] = {endpoint.key: {} for endpoint in network.endpoints}
    for endpoint in network.endpoints:
        for option, address in _given(endpoint):
            if address in taken:
                raise Refused(f"{option}: {address} is already in use: {taken[address]}")
            if address in hearsay and address not in _owned(endpoint, view, existing):
                problems.of_endpoint(endpoint, f"{option}: {address} is already in use: {hearsay[address]}")
            taken[address] = endpoint.path
        found[endpoint.key].update(endpoint.addresses)
    for endpoint in network.endpoints:
        for word, address in _kept(network, endpoint, view, existing, taken, hearsay):
            if word not in found[endpoint.key]:
                found[endpoint.key][word] = address
                taken[address] = endpoint.path
    for word in network.families:
        free = _Free(network.subnets_of(word)[0], network.external, taken, hearsay)
        for endpoint in network.endpoints:
            if word not in found[endpoint.key]:
                found[endpoint.key][word] = free.lowest(endpoint, problems)
    return found


def _given(endpoint: Endpoint) -> Iterator[tuple[str, IPAddress]]:
    """The addresses given by the user, each with its option."""
    for word, address in endpoint.addresses.items():
        yield f"{endpoint.path}.{word}_address", address
    for place, address in enumerate(endpoint.further):
        yield f"{endpoint.path}.addresses[{place}]", address


def _taken(network: Network, view: HostView) -> dict[IPAddress, str]:
    """Addresses that no endpoint can get, each with a description of its holder."""
    found: dict[IPAddress, str] = {}
    for subnet in network.subnets:
        if subnet.gateway is not None:
            found[subnet.gateway] = f"the gateway of {subnet.network}"
        for name, address in subnet.aux_addresses.items():
            found[address] = f"{subnet.path}.aux_addresses.{name}"
    own = {network.name, *view.our_bridges()}
    for name, interface in view.interfaces.items():
        if network.external or name not in own:
            for address in addresses_of(interface):
                found.setdefault(address, f"{name} of the host has it")
    if network.appends:
        wanted = {endpoint.key for endpoint in network.endpoints}
        for namespace, inner, address in view.all_leases():
            if (namespace, inner) not in wanted:
                found.setdefault(address, f"{inner} of namespace {namespace} has it")
    return found


def _hearsay(
    network: Network, view: HostView, existing: dict[Key, str], taken: t.Collection[IPAddress]
) -> dict[IPAddress, str]:
    """Addresses inside namespaces on the bridge: foreign ones, and with ``appends`` those of endpoints that stay."""
    wanted = set(existing.values())
    ours = {end["name"] for end in view.our_ends()}
    found: dict[IPAddress, str] = {}
    for end in view.ports_of(network.name):
        peer = end["peer"]
        if end["name"] in wanted or not peer or not peer["netns"] or (end["name"] in ours and not network.appends):
            continue
        inner = view.inner_interface(peer["netns"], peer["name"])
        for address in addresses_of(inner) if inner else ():
            if address not in taken:
                found.setdefault(address, f"{peer['name']} of namespace {peer['netns']} has it")
    return found


def _owned(endpoint: Endpoint, view: HostView, existing: dict[Key, str]) -> list[IPAddress]:
    """The endpoint's current addresses, recorded ones first.

    Those of the interface count less, since root in its namespace can change them.
    """
    key = _current(endpoint, view, existing)
    end = view.interfaces.get(existing.get(endpoint.key, ""))
    inner = view.inner_interface(*key)
    return view.leases(*key) + (list(addresses_of(inner)) if end and inner and peer_is(end, *key) else [])


def _current(endpoint: Endpoint, view: HostView, existing: dict[Key, str]) -> Key:
    """The namespace and interface that the endpoint has now: a new interface name renames the current one."""
    peer = view.interfaces.get(existing.get(endpoint.key, ""), {}).get("peer")
    if view.leases(*endpoint.key) or not peer or peer["netns"] != endpoint.namespace:
        return endpoint.key
    former = (endpoint.namespace, str(peer["name"]))
    return endpoint.key if former in existing else former


def _kept(
    network: Network,
    endpoint: Endpoint,
    view: HostView,
    existing: dict[Key, str],
    taken: dict[IPAddress, str],
    hearsay: dict[IPAddress, str],
) -> Iterator[tuple[str, IPAddress]]:
    """The current addresses that the endpoint can keep."""
    given = view.leases(*_current(endpoint, view, existing))
    families: set[str] = set()
    for address in _owned(endpoint, view, existing):
        subnet = network.subnet_holding(address)
        barred = address in taken or (address in hearsay and address not in given)
        if subnet and subnet.usable(address) and not barred and family_of(address) not in families:
            families.add(family_of(address))
            yield family_of(address), address


class _Free:
    """The free addresses of a subnet, lowest first, iterated once for all endpoints."""

    def __init__(
        self, subnet: Subnet, external: bool, taken: t.Collection[IPAddress], hearsay: t.Collection[IPAddress]
    ) -> None:
        self._subnet = subnet
        self._barred = external and subnet.iprange is None
        self._range = subnet.iprange or subnet.network
        # A copy, since ``taken`` grows with the addresses chosen here.
        known = frozenset(taken)
        self._walk = (address for address in self._usable() if address not in known and address not in hearsay)
        self._claimed = (address for address in self._usable() if address not in known and address in hearsay)

    def _usable(self) -> Iterator[IPAddress]:
        make = ipaddress.ip_address if self._subnet.network.version == 4 else ipaddress.IPv6Address
        found = (make(int(one)) for one in libraries.netaddr().IPNetwork(str(self._range)))
        yield from (address for address in found if self._subnet.usable(address))

    def lowest(self, endpoint: Endpoint, problems: Problems) -> IPAddress:
        """The next free address; if only hearsay addresses are left, one of those, as a problem."""
        if self._barred:
            raise Refused(
                f"{endpoint.path}.{self._subnet.family}_address: it is unknown which addresses of an external "
                f"bridge are free; give the address, or {self._subnet.path}.iprange to choose from"
            )
        address = next(self._walk, None)
        if address is not None:
            return address
        sentence = (
            f"{endpoint.path}: no address is free in {self._range}; enlarge"
            f" {self._subnet.path}.{'iprange' if self._subnet.iprange else 'subnet'}"
        )
        claimed = next(self._claimed, None)
        if claimed is None:
            raise Refused(sentence)
        problems.of_address(endpoint, sentence)
        return claimed
