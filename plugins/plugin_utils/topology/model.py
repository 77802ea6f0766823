# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A host's network as it is drawn: its interfaces, namespaces and published ports, and what is wrong with each."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

View = dict[str, t.Any]
#: A namespace, None for the host, and the name of an interface in it.
Where = tuple[str | None, str]


@dataclasses.dataclass
class Interface:
    """``addresses`` has no link-local ones. ``peer`` is the other end of a veth pair, as far as it has a name."""

    name: str
    namespace: str | None = None
    kind: str | None = None
    enabled: bool = True
    carrier: bool = True
    mtu: int = 0
    mac_address: str | None = None
    alias: str | None = None
    addresses: list[str] = dataclasses.field(default_factory=list)
    #: Those without a limited lifetime.
    fixed: list[str] = dataclasses.field(default_factory=list)
    bridge: str | None = None
    peer: Where | None = None
    owner: str | None = None
    endpoint: str | None = None
    faults: list[str] = dataclasses.field(default_factory=list)

    @property
    def where(self) -> Where:
        return (self.namespace, self.name)


@dataclasses.dataclass
class Space:
    """The host or a namespace. ``leases`` are the recorded addresses by interface."""

    name: str | None = None
    live: bool = True
    owners: list[str] = dataclasses.field(default_factory=list)
    interfaces: list[Interface] = dataclasses.field(default_factory=list)
    routes: list[View] = dataclasses.field(default_factory=list)
    neighbours: list[View] = dataclasses.field(default_factory=list)
    leases: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    faults: list[str] = dataclasses.field(default_factory=list)

    @functools.cached_property
    def _by_name(self) -> dict[str, Interface]:
        return {one.name: one for one in self.interfaces}

    def interface(self, name: str | None) -> Interface | None:
        return None if name is None else self._by_name.get(name)

    def defaults(self) -> list[View]:
        """The default route of each IP version that is taken: the one with the lowest metric."""
        best: dict[str, View] = {}
        for route in self.routes:
            if route["to"] == "default" and route["table"] == "main":
                known = best.get(route["ip_version"])
                if known is None or route["metric"] < known["metric"]:
                    best[route["ip_version"]] = route
        return [best[version] for version in sorted(best)]


@dataclasses.dataclass
class Port:
    """A published port. ``to`` is the interface that has the target's address."""

    protocol: str
    host_ip: str | None
    host_port: str
    owner: str
    versions: list[str]
    to_address: str | None = None
    to_port: str | None = None
    to: Where | None = None
    routed: bool = False
    rules: list[View] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)

    @property
    def outer(self) -> str:
        """What a client asks for, as Docker writes it."""
        if self.routed:
            return f"{_bracketed(self.to_address or '')}:{self.to_port}/{self.protocol}"
        host = f"{_bracketed(self.host_ip)}:" if self.host_ip else ""
        return f"{host}{self.host_port}/{self.protocol}"

    @property
    def label(self) -> str:
        """The same, with the IP version if it is published for one alone and that does not show."""
        only = len(self.versions) == 1 and not self.host_ip and not self.routed
        return f"{self.outer} ({spelled(self.versions[0])} only)" if only else self.outer


def spelled(version: str) -> str:
    """``IPv4`` for ``ipv4``."""
    return version.replace("ip", "IP", 1)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@dataclasses.dataclass
class Topology:
    """``title`` is the name of the host. ``faults`` are those of the host as a whole."""

    title: str
    host: Space
    namespaces: list[Space]
    ports: list[Port]
    rules: list[View]
    faults: list[str] = dataclasses.field(default_factory=list)

    @functools.cached_property
    def _spaces(self) -> dict[str | None, Space]:
        return {None: self.host, **{one.name: one for one in self.namespaces}}

    @functools.cached_property
    def _members(self) -> dict[str | None, list[Interface]]:
        found: dict[str | None, list[Interface]] = {}
        for one in self.host.interfaces:
            found.setdefault(one.bridge, []).append(one)
        return found

    @functools.cached_property
    def _published(self) -> dict[Where | None, list[Port]]:
        found: dict[Where | None, list[Port]] = {}
        for port in self.ports:
            found.setdefault(port.to, []).append(port)
        return found

    def space(self, name: str | None) -> Space | None:
        """The host or a namespace by name."""
        return self._spaces.get(name)

    @property
    def bridges(self) -> list[Interface]:
        return [one for one in self.host.interfaces if one.kind == "bridge"]

    def ports_of(self, bridge: str) -> list[Interface]:
        """The interfaces of the host that are ports of a bridge."""
        return self._members.get(bridge, [])

    def published_at(self, where: Where) -> list[Port]:
        """The published ports that lead to an interface."""
        return self._published.get(where, [])

    def all_faults(self) -> list[tuple[str, str]]:
        """Everything that is wrong: what it is wrong with, and a sentence."""
        spaces = [self.host, *self.namespaces]
        found = [("", sentence) for sentence in self.faults]
        for space in spaces:
            of = "" if space.name is None else f"namespace {space.name}"
            found += [(of, sentence) for sentence in space.faults]
            for one in space.interfaces:
                place = one.name if space.name is None else f"{one.name} of {space.name}"
                found += [(place, sentence) for sentence in one.faults]
        return found + [(port.outer, sentence) for port in self.ports for sentence in port.faults]
