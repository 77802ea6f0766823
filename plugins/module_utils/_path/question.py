# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is asked: from where to where."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import PROTOCOLS

CHOICES = ("tcp", "udp", "icmp")
_LONGEST = 60


class Question(Value):
    """A packet. It comes from a namespace (None is the host), or from an address outside through an interface."""

    namespace: str | None
    address: IPAddress | None
    interface: str | None
    destination: IPAddress
    protocol: str
    port: int | None
    seconds: float

    @property
    def outside(self) -> bool:
        return self.interface is not None

    @property
    def number(self) -> int:
        """The number of the protocol."""
        return PROTOCOLS["icmpv6" if self.protocol == "icmp" and self.destination.version == 6 else self.protocol]

    @property
    def packet(self) -> str:
        """What is sent."""
        if self.protocol == "icmp":
            return f"an echo request to {self.destination}"
        return f"{self.protocol.upper()} to {self.destination} port {self.port}"


def read(options: t.Mapping[str, t.Any]) -> Question:
    """The validated question; raises Invalid."""
    source = {name: value for name, value in (options["source"] or {}).items() if value not in (None, False)}
    namespace, address, interface = (source.get(name) for name in ("namespace", "address", "interface"))
    if (namespace is not None) + bool(source.get("host")) + (address is not None or interface is not None) > 1:
        raise Invalid("source", source, "one of namespace, host, and address with interface")
    if (address is None) != (interface is None):
        raise Invalid("source", source, "address and interface together")
    destination = addresses.address("destination", options["destination"])
    if destination.is_multicast or destination.is_unspecified:
        raise Invalid("destination", options["destination"], "a unicast address")
    if destination.version == 6 and destination.ipv4_mapped:
        raise Invalid("destination", options["destination"], f"{destination.ipv4_mapped}, as an IPv4 address")
    if destination.version == 6 and destination.is_link_local and address is None:
        raise Invalid("destination", options["destination"], "no link-local address unless source.interface is given")
    sender = None if address is None else addresses.address("source.address", address)
    if sender is not None and sender.version != destination.version:
        raise Invalid("source.address", address, f"an address of the same IP version as {destination}")
    if sender is not None and (
        sender.is_multicast or sender.is_unspecified or (sender.version, sender.is_loopback) == (6, True)
    ):
        raise Invalid("source.address", address, "an address that a packet from outside can have")
    seconds = options["timeout"]
    if not 0 < seconds <= _LONGEST:
        raise Invalid("timeout", seconds, f"more than 0 and up to {_LONGEST} seconds")
    return Question(
        namespace=None if namespace is None else names.namespace_ref("source.namespace", namespace),
        address=sender,
        interface=None if interface is None else names.interface_name("source.interface", interface),
        destination=destination,
        protocol=options["protocol"],
        port=_port(options["protocol"], options["port"]),
        seconds=seconds,
    )


def _port(protocol: str, port: int | None) -> int | None:
    if protocol == "icmp":
        if port is not None:
            raise Invalid("port", port, "no port with protocol icmp")
        return None
    if port is None:
        raise Missing("port", f"the one that {protocol.upper()} goes to, from 1 to 65535")
    if not 1 <= port <= 65535:
        raise Invalid("port", port, "a port from 1 to 65535")
    return port
