# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine, as defined here, builds the five networks of tests/integration/traffic/siege.py on a host.

All have the bridges, names, subnets and addresses of siege.py, and the network namespace of each endpoint has the
endpoint's name in /run/netns, whoever created it. One more network has no IPv6, and one endpoint, which publishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tests.engines.releases import Release
from tests.integration.traffic.siege import ADDRESSES, BRIDGES, ENDPOINTS, PORTS
from tests.lab.host import Host

#: The features that not every engine has.
INTERNAL, ICC, ROUTED = "internal networks", "networks without traffic between endpoints", "networks without NAT"
#: The network without IPv6.
OLD, OLD_BRIDGE, OLD_SUBNET, OLD_GATEWAY, OLD_ADDRESS = "old", "br5", "172.23.0.0/16", "172.23.0.1", "172.23.0.2"
OLD_PUBLISHED = ("8100:80", "8100:53/udp")


class Engine(Protocol):
    """An engine of one release: a column of the table, or one of two in it."""

    #: The name in code, the heading of the column, the package whose version counts, and how the engine was run.
    name: str
    heading: str
    package: str
    how: str
    lacks: frozenset[str]
    release: Release

    def build(self, host: Host) -> None:
        """Build everything. The host has its addresses, and forwarding is off."""


@dataclass(frozen=True)
class Publish:
    """A published port or port range. No address means all of the host's."""

    host_ip: str
    host_port: int
    port: int
    count: int
    protocol: str

    @classmethod
    def of(cls, text: str) -> Publish:
        """Parse Docker's short syntax: [[IP]:]HOST[-END]:PORT[-END][/PROTOCOL]."""
        ports, _slash, protocol = text.partition("/")
        host, port = ports.rsplit(":", 1)
        host_ip, _colon, host_port = host.rpartition(":")
        first, _dash, last = host_port.partition("-")
        count = int(last or first) - int(first) + 1
        return cls(host_ip.strip("[]"), int(first), int(port.partition("-")[0]), count, protocol or "tcp")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint with its network."""

    name: str
    bridge: str
    addresses: tuple[str, ...]
    published: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """A network: the subnets and gateways of its families, IPv4 first."""

    bridge: str
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    internal: bool
    icc: bool
    routed: bool = False


def networks() -> Iterator[Network]:
    for bridge, number in BRIDGES.items():
        subnets = (f"172.{number}.0.0/16", f"fd00:{number}::/64")
        yield Network(bridge, subnets, ADDRESSES[bridge], bridge == "br2", bridge != "br3", bridge == "br4")
    yield Network(OLD_BRIDGE, (OLD_SUBNET,), (OLD_GATEWAY,), internal=False, icc=True)


def endpoints() -> Iterator[Endpoint]:
    for bridge, names in ENDPOINTS.items():
        for name in names:
            yield Endpoint(name, bridge, ADDRESSES[name], tuple(PORTS.get(name, ())))
    yield Endpoint(OLD, OLD_BRIDGE, (OLD_ADDRESS,), OLD_PUBLISHED)
