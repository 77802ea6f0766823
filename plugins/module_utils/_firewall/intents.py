# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a firewall can be asked for, whichever implements it: plain values, each with its owner."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    IPNetwork,
    PortRange,
    family_of,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.destinations import Destination
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings

GATEWAY_MODES = ("nat", "nat-unprotected", "routed")
#: The modes in which connections from endpoints get another source address.
TRANSLATED = ("nat", "nat-unprotected")
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

#: Addresses with their MAC addresses; an address with two MAC addresses is listed twice.
Neighbours = tuple[bindings.Pair, ...]


class Answer(t.NamedTuple):
    """An endpoint that replies through another interface than its bridge."""

    interface: str
    address: IPAddress
    #: The sender's MAC address; None if unknown, for example because another router forwards the reply.
    mac_address: str | None = None


class Sender(t.NamedTuple):
    """An endpoint that may send to a list of destinations and nowhere else."""

    mac_address: str
    #: As the endpoint addresses them, so that a listed address of the host leads to what is published there.
    destinations: tuple[Destination, ...] = ()
    #: Who finally gets the packets, wherever they were addressed.
    receivers: tuple[Destination, ...] = ()


class Isolation(Value):
    """One network: what may cross its bridge."""

    bridge: str
    owner: str
    subnets: tuple[IPNetwork, ...]
    #: By family; one of GATEWAY_MODES.
    gateway_mode: t.Mapping[str, str]
    internal: bool = False
    icc: bool = True
    trusted_interfaces: tuple[str, ...] = ()
    #: Whether outgoing packets get translated. The translation itself is an intent of its own, ``SourceNat``.
    masquerade: bool = True
    #: The interfaces through which endpoints reply whose default route uses another network.
    answers_by: tuple[Answer, ...] = ()
    #: ``common`` or ``all``: the protocols that may leave with a translated source address.
    masquerade_protocols: str = "common"
    #: The host's own addresses in the subnets.
    gateways: tuple[IPAddress, ...] = ()
    #: Whether the endpoints' router is another machine.
    inhibit_gateway: bool = False
    #: The known MAC addresses; None keeps those that the firewall already has.
    neighbours: Neighbours | None = None
    #: ``allow`` or ``deny``: what those may do who are no ``senders``.
    egress: str = "allow"
    #: Those with a list, by MAC address; None keeps those that the firewall already has.
    senders: tuple[Sender, ...] | None = None

    @property
    def limits(self) -> bool:
        """Whether what endpoints send is compared with lists."""
        return self.egress == "deny" or bool(self.senders)

    def subnets_of(self, family: str) -> list[IPNetwork]:
        return [subnet for subnet in self.subnets if family_of(subnet) == family]


class Key(t.NamedTuple):
    """Identifies a published port: it can be published only once."""

    family: str
    protocol: str
    #: None means every address of the host.
    host_ip: IPAddress | None
    host_port: PortRange

    def __str__(self) -> str:
        host = "" if self.host_ip is None else f"[{self.host_ip}]:" if self.family == "ipv6" else f"{self.host_ip}:"
        return f"{host}{self.host_port}/{self.protocol} ({self.family})"

    @property
    def loopback(self) -> bool:
        return self.host_ip is not None and self.host_ip in LOOPBACK


class Publication(Value):
    """A published port, or a range of them with as many ports at the endpoint."""

    key: Key
    owner: str
    to_address: IPAddress
    to_port: PortRange
    in_interface: str | None = None
    out_interface: str | None = None
    gateway_mode: str = "nat"
    #: Who may use it besides the host itself, in the family of the key and without overlaps; empty for everybody.
    allowed_sources: tuple[IPNetwork, ...] = ()

    @property
    def from_this_host(self) -> bool:
        """Whether 127.0.0.1 leads to the endpoint, which takes route_localnet on the interface towards it."""
        return (
            self.key.family == "ipv4" and self.gateway_mode == "nat" and (self.key.host_ip is None or self.key.loopback)
        )

    def views(self) -> dict[str, t.Any]:
        """Its attributes by option name."""
        return {
            "to_address": spelled(self.to_address),
            "to_port": str(self.to_port),
            "in_interface": self.in_interface,
            "out_interface": self.out_interface,
            "gateway_mode": self.gateway_mode,
            "allowed_sources": [str(source) for source in self.allowed_sources],
        }

    def admits(self, address: IPAddress) -> bool:
        """Whether this address may use it."""
        return not self.allowed_sources or any(address in source for source in self.allowed_sources)


class SourceNat(Value):
    """Source NAT of one network, out of one interface, of all but one (``!br0``) or of all."""

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
        """Identifies the translation: there can be only one."""
        return (self.source, self.out_interface)

    def views(self) -> dict[str, t.Any]:
        """Its attributes by option name."""
        return {
            "to_source": spelled(self.to_source) if self.to_source else None,
            "random_fully": self.random_fully,
        }


class ExposedPort(t.NamedTuple):
    """A translated port, and the option that asks for it."""

    place: str
    key: Key


class Exposure(t.NamedTuple):
    """The part of a network that decides which rules of others affect it."""

    bridge: str
    families: tuple[str, ...]
    #: Whether its packets are forwarded, or its bridged frames shown to the rules for such packets.
    forwarded: bool
    #: The host's ways out, if it is enough that packets may leave by them and translated ones come in.
    ways_out: tuple[str, ...]
    ports: tuple[ExposedPort, ...]
