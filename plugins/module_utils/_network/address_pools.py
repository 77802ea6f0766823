# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Chooses subnets for networks without one: the one they had, otherwise the first free one of the pools. Pure.

A subnet is free if it overlaps no address, route or network of the host, no network of the same call, and no recorded
subnet of another network, even if that network is down.
"""

from __future__ import annotations

import hashlib
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPNetwork, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, LinuxnetError, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import networks_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import libraries
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section, number

_OPTIONS = ("base", "size")
#: The default pool for IPv4, the first of Docker's default-address-pools.
_IPV4 = (ipaddress.ip_network("172.16.0.0/12"), 16)
#: The least number of host bits in a subnet.
_BITS = 2


class Pool(t.NamedTuple):
    """A range of addresses, and the prefix length of the subnets to take from it."""

    base: IPNetwork
    size: int


def families(section: Section) -> tuple[str, ...]:
    """The families in which the network needs a subnet and has none. Errors in its options are reported elsewhere."""
    given = set()
    entries = section.elements("ipam_config")
    for path, entry in entries:
        try:
            given.add(family_of(addresses.network(path, entry["subnet"])))
        except (LinuxnetError, TypeError, KeyError):
            return ()
    if section.flag("external", False):
        return ()
    asked = {"ipv4": not entries, "ipv6": section.flag("enable_ipv6", False)}
    return tuple(word for word in FAMILIES if asked[word] and word not in given)


def read(section: Section, machine_id: str) -> list[Pool]:
    """The pools in the user's order, then the defaults of families without one."""
    pools = [_read_pool(path, raw) for path, raw in section.elements("address_pools")]
    known = {family_of(pool.base) for pool in pools}
    usual = {"ipv4": Pool(*_IPV4), "ipv6": Pool(unique_local(machine_id), 64)}
    return pools + [pool for word, pool in usual.items() if word not in known]


def _read_pool(path: str, raw: object) -> Pool:
    section = Section(f"{path}.", raw, _OPTIONS)
    if not section.given("base") or not section.given("size"):
        raise Invalid(path, raw, "a dictionary with base, such as 172.16.0.0/12, and size, such as 16")
    base: IPNetwork = section.read("base", addresses.network)
    size: int = section.read("size", number(base.prefixlen, base.max_prefixlen - _BITS))
    return Pool(base, size)


def unique_local(machine_id: str) -> IPNetwork:
    """The machine's own /48 of RFC 4193, with 40 bits that make it practically unique."""
    digest = hashlib.sha256(f"linuxnet {machine_id}".encode()).digest()
    return ipaddress.IPv6Network((b"\xfd" + digest[:5] + bytes(10), 48))


def first(wanted: t.Iterable[str], pools: t.Sequence[Pool]) -> list[IPNetwork]:
    """A subnet of each family, free or not, with which the rest of the input can be validated."""
    found: list[IPNetwork] = []
    for word in wanted:
        pool = next(pool for pool in pools if family_of(pool.base) == word)
        found.append(t.cast(IPNetwork, next(iter(pool.base.subnets(new_prefix=pool.size)))))
    return found


def refuse_given_addresses(network: Network, wanted: t.Collection[str]) -> None:
    """Refuse given addresses in a subnet that is not chosen yet."""
    for endpoint in network.endpoints:
        for word, address in endpoint.addresses.items():
            if word in wanted:
                option = f"{endpoint.path}.{word}_address"
                raise Invalid(option, str(address), f"only in a subnet of {network.option('ipam_config')}")


def taken(view: HostView, others: t.Iterable[IPNetwork]) -> list[IPNetwork]:
    """The networks that no chosen subnet may overlap, because others on the host use them."""
    found = list(others)
    for interface in view.interfaces.values():
        if interface["name"] not in view.our_bridges():
            found += networks_of(interface)
    for route in view.all_routes:
        if route["to"] != "default" and route["interface"] not in view.our_bridges():
            found.append(ipaddress.ip_network(route["to"], strict=False))
    return found + [ipaddress.ip_network(rule["source"]) for rule in view.foreign_rules("masquerade") if rule["source"]]


def standing(view: HostView) -> list[IPNetwork]:
    """The network's current subnets, according to its bridge's addresses."""
    here = (view.interfaces[bridge] for bridge in view.our_bridges() if bridge == view.owner)
    return [network for interface in here for network in networks_of(interface) if not network.is_link_local]


def choose(
    option: str,
    wanted: t.Iterable[str],
    pools: t.Sequence[Pool],
    known: t.Sequence[IPNetwork],
    barred: t.Iterable[IPNetwork],
) -> list[IPNetwork]:
    """Choose a subnet of each family.

    :param option: the user's name of the pools
    :param known: those that the network has or had, the most certain first
    :param barred: see :func:`taken`
    :raises Refused: if nothing is free
    """
    netaddr = libraries.netaddr()
    others = netaddr.IPSet(str(network) for network in barred)
    found = []
    for word in wanted:
        kept = next((network for network in known if family_of(network) == word), None)
        mine = [pool for pool in pools if family_of(pool.base) == word]
        free = (
            candidate
            for pool in mine
            for candidate in netaddr.IPNetwork(str(pool.base)).subnet(pool.size)
            if others.isdisjoint(netaddr.IPSet([candidate]))
        )
        chosen = kept or next((ipaddress.ip_network(str(candidate)) for candidate in free), None)
        if chosen is None:
            told = ", ".join(f"{pool.base} in /{pool.size}" for pool in mine)
            raise Refused(f"{option}: no subnet is free in {told}; give another pool, or a subnet")
        found.append(chosen)
    return found
