# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is wanted of a firewall, whichever carries it out: plain values, each with its owner."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    IPNetwork,
    PortRange,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings

GATEWAY_MODES = ("nat", "nat-unprotected", "routed")
#: Those in which connections of endpoints get a new source.
TRANSLATED = ("nat", "nat-unprotected")
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

#: Addresses with the MAC address that each belongs to; one with two MAC addresses stands there twice.
Neighbours = tuple[bindings.Pair, ...]


class Answer(t.NamedTuple):
    """An endpoint that answers by another interface than its bridge."""

    interface: str
    address: IPAddress
    #: From which it does; None where nobody can say, as where another router sends it on.
    mac_address: str | None = None


@dataclasses.dataclass(frozen=True)
class Isolation:
    """What may cross a bridge: a network and the promises that hold for it."""

    bridge: str
    owner: str
    subnets: tuple[IPNetwork, ...]
    #: By family; one of GATEWAY_MODES.
    gateway_mode: t.Mapping[str, str]
    internal: bool = False
    icc: bool = True
    trusted_interfaces: tuple[str, ...] = ()
    #: Whether what leaves is translated; a setting of its own, since that is an intent of its own.
    masquerade: bool = True
    #: By what endpoints answer whose default route is on another network.
    answers_by: tuple[Answer, ...] = ()
    #: ``common`` or ``all``: what may leave where it is translated.
    masquerade_protocols: str = "common"
    #: The host's own addresses in the subnets.
    gateways: tuple[IPAddress, ...] = ()
    #: Whether the endpoints' router is not this host.
    inhibit_gateway: bool = False
    #: Whose MAC addresses are known; None leaves those that the firewall knows.
    neighbours: Neighbours | None = None

    def subnets_of(self, family: str) -> list[IPNetwork]:
        return [subnet for subnet in self.subnets if family_of(subnet) == family]


class Key(t.NamedTuple):
    """What can be published once."""

    family: str
    protocol: str
    #: None stands for every address of the host.
    host_ip: IPAddress | None
    host_port: PortRange

    def __str__(self) -> str:
        host = "" if self.host_ip is None else f"[{self.host_ip}]:" if self.family == "ipv6" else f"{self.host_ip}:"
        return f"{host}{self.host_port}/{self.protocol} ({self.family})"

    @property
    def loopback(self) -> bool:
        return self.host_ip is not None and self.host_ip in LOOPBACK


@dataclasses.dataclass(frozen=True)
class Publication:
    """A published port or range of ports, of as many ports at the endpoint."""

    key: Key
    owner: str
    to_address: IPAddress
    to_port: PortRange
    in_interface: str | None = None
    out_interface: str | None = None
    gateway_mode: str = "nat"

    @property
    def from_this_host(self) -> bool:
        """Whether 127.0.0.1 leads to it, for which the way out needs route_localnet."""
        return (
            self.key.family == "ipv4" and self.gateway_mode == "nat" and (self.key.host_ip is None or self.key.loopback)
        )

    def views(self) -> dict[str, t.Any]:
        """Its attributes in option words."""
        return {
            "to_address": spelled(self.to_address),
            "to_port": str(self.to_port),
            "in_interface": self.in_interface,
            "out_interface": self.out_interface,
            "gateway_mode": self.gateway_mode,
        }


@dataclasses.dataclass(frozen=True)
class SourceNat:
    """Source translation of one network, towards one interface, all but one (``!br0``) or all."""

    source: IPNetwork
    out_interface: str | None
    owner: str
    to_source: IPAddress | None = None
    random_fully: bool = False

    @property
    def family(self) -> str:
        return family_of(self.source)

    @property
    def key(self) -> tuple[IPNetwork, str | None]:
        """What can be translated once."""
        return (self.source, self.out_interface)

    def views(self) -> dict[str, t.Any]:
        """Its attributes in option words."""
        return {
            "to_source": spelled(self.to_source) if self.to_source else None,
            "random_fully": self.random_fully,
        }


class ExposedPort(t.NamedTuple):
    """A translated port, and where the user said so."""

    place: str
    key: Key


class Exposure(t.NamedTuple):
    """As much of a network as tells what others may do to it."""

    bridge: str
    families: tuple[str, ...]
    internal: bool
    ports: tuple[ExposedPort, ...]
