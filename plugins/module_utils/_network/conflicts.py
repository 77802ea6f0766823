# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Conflicts between the networks of one call, all found before the first change."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, PortRange, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network, Port


def refuse(networks: t.Sequence[Network]) -> None:
    """Refuse networks that cannot coexist on a host; Refused names both sides."""
    names: dict[str, Network] = {}
    for network in networks:
        other = names.setdefault(network.name, network)
        if other is not network:
            raise Refused(
                f"{network.option('name')}: {network.name!r} is already the name of {other.prefix.rstrip('.')}"
            )
    for one, other in itertools.combinations(networks, 2):
        _refuse_subnets(one, other)
    _refuse_shared(networks)
    _refuse_settings(networks)
    _refuse_default_routes(networks)
    _refuse_ports(networks)


def refuse_names(named: t.Iterable[tuple[str, str]]) -> None:
    """Refuse duplicate names, including those of networks to remove.

    :param named: each name, with the prefix of its network's options
    """
    found: dict[str, str] = {}
    for name, prefix in named:
        if name in found:
            raise Refused(f"{prefix}name: {name!r} is already the name of {found[name].rstrip('.')}")
        found[name] = prefix


def _refuse_subnets(one: Network, other: Network) -> None:
    for mine, theirs in itertools.product(other.subnets, one.subnets):
        if mine.family == theirs.family and mine.network.overlaps(theirs.network):
            raise Refused(f"{mine.path}: {mine.network} overlaps {theirs.network} of {one.name}, by {theirs.path}")


def _refuse_shared(networks: t.Sequence[Network]) -> None:
    """Refuse what only one network can have twice: an interface in a namespace, a host end, a network card."""
    found: dict[tuple[str, ...], str] = {}
    for network in networks:
        taken: list[tuple[tuple[str, ...], str, str]] = [
            (("host", network.name), network.option("name"), f"{network.name!r} is taken")
        ]
        for endpoint in network.endpoints:
            inside = f"{endpoint.namespace} has the interface {endpoint.interface!r}"
            taken.append((("inside", *endpoint.key), f"{endpoint.path}.interface", inside))
            if endpoint.host_interface:
                name = endpoint.host_interface
                taken.append((("host", name), f"{endpoint.path}.host_interface", f"{name!r} is taken"))
        for number, name in enumerate(network.ports):
            taken.append((("host", name), f"{network.option('ports')}[{number}]", f"{name!r} is taken"))
        for key, path, words in taken:
            if key in found:
                raise Refused(f"{path}: {words} already, by {found[key]}")
            found[key] = path


def _refuse_settings(networks: t.Sequence[Network]) -> None:
    """Refuse two values of one setting in a namespace."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for network in networks:
        for endpoint in network.endpoints:
            for name, value in endpoint.sysctls.items():
                other = found.setdefault((endpoint.namespace, name), (value, endpoint.path))
                if other[0] != value:
                    raise Refused(
                        f"{endpoint.path}.sysctls: {name} of namespace {endpoint.namespace!r} cannot be {value}"
                        f" and, by {other[1]}, {other[0]}"
                    )


def _refuse_default_routes(networks: t.Sequence[Network]) -> None:
    found: dict[tuple[str, str], Endpoint] = {}
    for network in networks:
        for endpoint in network.endpoints:
            for word in network.families if endpoint.default_route else ():
                other = found.setdefault((endpoint.namespace, word), endpoint)
                if other is not endpoint and other.path != endpoint.path:
                    raise Refused(
                        f"{endpoint.path}.default_route: namespace {endpoint.namespace!r} already has its default "
                        f"route by {other.path}; set default_route: false for one of them"
                    )


class _Taken(t.NamedTuple):
    port: Port
    network: Network
    host_ip: IPAddress | None

    @property
    def range(self) -> PortRange:
        return self.port.publish.host


def _refuse_ports(networks: t.Sequence[Network]) -> None:
    """Refuse to publish one port of a host address for two endpoints."""
    by_kind: dict[tuple[str, str], list[_Taken]] = {}
    for network in networks:
        for endpoint in network.endpoints:
            for port in endpoint.ports:
                host_ip = port.publish.host_ip or network.default_host_ip
                for word in network.families if host_ip is None else (family_of(host_ip),):
                    if network.gateway_modes[word] != "routed" and port.admits(word):
                        single = None if host_ip is None or host_ip.is_unspecified else host_ip
                        taken = _Taken(port, network, single)
                        by_kind.setdefault((port.publish.protocol, word), []).append(taken)
    for listed in by_kind.values():
        _refuse_overlapping(listed)


def _refuse_overlapping(listed: list[_Taken]) -> None:
    open_ones: list[_Taken] = []
    for one in sorted(listed, key=lambda taken: taken.range.first):
        open_ones = [other for other in open_ones if other.range.last >= one.range.first]
        for other in open_ones:
            if other.network is not one.network and (
                None in (one.host_ip, other.host_ip) or one.host_ip == other.host_ip
            ):
                where = f"port {one.range}/{one.port.publish.protocol} of {one.host_ip or 'the host'}"
                raise Refused(f"{one.port.path}: {where} is already published, by {other.port.path}")
        open_ones.append(one)
