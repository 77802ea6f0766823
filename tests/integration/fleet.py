# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty hosts, each with networks of another kind, and what must hold on each after the role has run.

Host N has 192.0.2.N and 2001:db8::N on the shared segment, and 10.N.0.0/24 and fd00:N::/64 for its endpoints. The
neighbour on the segment has routes to all of these, as an attacker would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

NEIGHBOUR = ("192.0.2.200", "2001:db8::200")
ROUTER = ("192.0.2.254", "2001:db8::254")
WORLD = ("198.51.100.1", "2001:db8:ff::1")

Network = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A client and an address to ask, with the answer: "SOURCE at ADDRESS" as the server saw it, or "nobody"."""

    client: str
    address: str
    port: int
    answer: str
    protocol: str = "tcp"


@dataclass(frozen=True)
class Member:
    """One host: what it has before, its networks, and the questions that show whether they work.

    serves: where endpoints listen, each a namespace, protocol, address and port
    world_knows: whether the router has a route to the host's endpoints
    """

    number: int
    kind: str
    networks: list[Network]
    questions: list[Question]
    serves: list[tuple[str, str, str, int]]
    given: str = ""
    backend: str = "nft"
    world_knows: bool = False

    @property
    def name(self) -> str:
        return f"h{self.number:02}-{self.kind}"


@dataclass(frozen=True)
class Builder:
    """Building blocks for the kinds of hosts below: addresses of host N, and questions that many of them share."""

    n: int
    web: dict[str, Any] = field(default_factory=lambda: {"namespace": "web", "published_ports": ["8080:80"]})

    @property
    def host(self) -> tuple[str, str]:
        return f"192.0.2.{self.n}", f"2001:db8::{self.n}"

    @property
    def second(self) -> str:
        """A second address of the host."""
        return f"192.0.2.{100 + self.n}"

    def inner(self, last: int) -> tuple[str, str]:
        return f"10.{self.n}.0.{last}", f"fd00:{self.n}::{last}"

    def network(self, *endpoints: dict[str, Any], families: str = "4", **options: Any) -> Network:
        subnets = {"4": f"10.{self.n}.0.0/24", "6": f"fd00:{self.n}::/64"}
        wanted = [{"subnet": subnets[family]} for family in families]
        return {"name": "br-fleet", "ipam_config": wanted, "endpoints": list(endpoints), **options}

    def listening(self, version: int = 0) -> list[tuple[str, str, str, int]]:
        """The endpoints web and db, listening on port 80."""
        return [(name, "tcp", self.inner(last)[version], 80) for name, last in (("web", 2), ("db", 3))]

    def published(self, version: int = 0, port: int = 8080, to: int = 80, last: int = 2) -> Question:
        answer = f"{NEIGHBOUR[version]} at {self.inner(last)[version]}"
        return Question("neighbour", self.host[version], port, answer if to else "nobody")

    def closed(self, version: int = 0, port: int = 80, address: str = "") -> Question:
        """An endpoint cannot be reached except through its published ports, at the published address."""
        return Question("neighbour", address or self.inner(2)[version], port, "nobody")

    def open(self, version: int = 0, client: str = "neighbour") -> Question:
        """The endpoint's own port can be reached at its own address."""
        source = NEIGHBOUR[version] if client == "neighbour" else self.inner(3)[version]
        inner = self.inner(2)[version]
        return Question(client, inner, 80, f"{source} at {inner}")

    def leaves(self, version: int = 0, source: str = "", client: str = "web") -> Question:
        """Outgoing connections have this source address, by default the host's."""
        return Question(client, WORLD[version], 80, f"{source or self.host[version]} at {WORLD[version]}")


DB = {"namespace": "db"}
Kind = Callable[[Builder], Member]


def _member(
    b: Builder, kind: str, networks: list[Network], questions: list[Question], version: int = 0, **more: Any
) -> Member:
    return Member(b.n, kind, networks, questions, **{"serves": b.listening(version), **more})


def nat(b: Builder) -> Member:
    return _member(b, "nat", [b.network(b.web)], [b.published(), b.closed(), b.leaves()])


def both_families(b: Builder) -> Member:
    asked = [question for v in (0, 1) for question in (b.published(v), b.closed(v), b.leaves(v))]
    serves = b.listening(0) + b.listening(1)
    return _member(b, "dual", [b.network(b.web, DB, families="46")], [*asked, b.open(1, "db")], serves=serves)


def ipv6_alone(b: Builder) -> Member:
    asked = [b.published(1), b.closed(1), b.leaves(1), Question("web", WORLD[0], 80, "nobody")]
    return _member(b, "ipv6", [b.network(b.web, families="6")], asked, version=1)


def internal(b: Builder) -> Member:
    web = {"namespace": "web"}
    asked = [b.open(client="db"), b.closed(), Question("web", WORLD[0], 80, "nobody")]
    return _member(b, "internal", [b.network(web, DB, internal=True)], asked)


def apart(b: Builder) -> Member:
    asked = [Question("db", b.inner(2)[0], 80, "nobody"), b.published(), b.leaves(client="db")]
    return _member(b, "apart", [b.network(b.web, DB, icc=False)], asked)


def routed(b: Builder) -> Member:
    asked = [b.open(), b.closed(port=81), Question("neighbour", b.host[0], 8080, "nobody")]
    asked.append(b.leaves(source=b.inner(2)[0]))
    serves = [*b.listening(), ("web", "tcp", b.inner(2)[0], 81)]
    network = b.network(b.web, gateway_mode="routed")
    return _member(b, "routed", [network], asked, serves=serves, world_knows=True)


def unprotected(b: Builder) -> Member:
    asked = [b.published(), b.open(), b.leaves()]
    return _member(b, "unprotected", [b.network(b.web, gateway_mode="nat-unprotected")], asked)


def chosen_source(b: Builder) -> Member:
    given = f"ip address add {b.second}/24 dev eth0"
    network = b.network(b.web, masquerade_address=b.second)
    return _member(b, "snat", [network], [b.leaves(source=b.second), b.published()], given=given)


def datagrams(b: Builder) -> Member:
    web = {"namespace": "web", "published_ports": ["5353:53/udp"]}
    udp = replace(b.published(port=5353), protocol="udp")
    serves = [("web", "udp", b.inner(2)[0], 53), ("web", "tcp", b.inner(2)[0], 80)]
    return _member(b, "udp", [b.network(web)], [udp, b.closed(), b.leaves()], serves=serves)


def a_range(b: Builder) -> Member:
    web = {"namespace": "web", "published_ports": ["7000-7002:7100-7102"]}
    serves = [("web", "tcp", b.inner(2)[0], port) for port in range(7100, 7104)]
    asked = [b.published(port=7000), b.published(port=7002), b.closed(port=7003, address=b.host[0]), b.leaves()]
    return _member(b, "range", [b.network(web)], asked, serves=serves)


def one_address(b: Builder) -> Member:
    given = f"ip address add {b.second}/24 dev eth0"
    by_second = replace(b.published(), address=b.second)
    asked = [by_second, b.closed(port=8080, address=b.host[0]), b.leaves()]
    return _member(b, "address", [b.network(b.web, default_host_ip=b.second)], asked, given=given)


def loopback(b: Builder) -> Member:
    web = {"namespace": "web", "published_ports": ["127.0.0.1:8080:80"]}
    here = Question("host", "127.0.0.1", 8080, f"{b.inner(1)[0]} at {b.inner(2)[0]}")
    asked = [here, b.closed(port=8080, address=b.host[0]), b.leaves()]
    return _member(b, "loopback", [b.network(web)], asked)


def unmasked(b: Builder) -> Member:
    asked = [b.leaves(source=b.inner(2)[0]), b.published()]
    return _member(b, "unmasked", [b.network(b.web, masquerade=False)], asked, world_knows=True)


def trusted(b: Builder) -> Member:
    asked = [b.open(), b.published(), b.leaves()]
    return _member(b, "trusted", [b.network(b.web, trusted_interfaces=["eth0"])], asked)


def legacy(b: Builder) -> Member:
    network = b.network(b.web, DB, families="46", mtu="1400")
    asked = [b.published(), b.published(1), b.closed(), b.leaves(1)]
    return _member(b, "legacy", [network], asked, serves=b.listening(0) + b.listening(1), backend="legacy")


def external(b: Builder) -> Member:
    given = f"ip link add br-fleet type bridge; ip address add 10.{b.n}.0.1/24 dev br-fleet; ip link set br-fleet up"
    network = b.network(b.web, external=True)
    network["ipam_config"][0]["iprange"] = f"10.{b.n}.0.128/25"
    serves = [("web", "tcp", b.inner(128)[0], 80)]
    return _member(b, "external", [network], [b.published(last=128)], serves=serves, given=given)


def found_namespace(b: Builder) -> Member:
    given = "touch /run/box; unshare --net=/run/box true"
    return _member(b, "path", [b.network({**b.web, "path": "/run/box"})], [b.published(), b.leaves()], given=given)


def chosen_addresses(b: Builder) -> Member:
    web = {**b.web, "ipv4_address": b.inner(77)[0], "mac_address": "02:00:00:00:00:77"}
    network = b.network(web, DB)
    network["ipam_config"][0].update(gateway=b.inner(254)[0], aux_addresses={"printer": b.inner(1)[0]})
    serves = [("web", "tcp", b.inner(77)[0], 80)]
    return _member(b, "addresses", [network], [b.published(last=77), b.leaves(client="db")], serves=serves)


def two_networks(b: Builder) -> Member:
    back = {
        "name": "br-back",
        "internal": True,
        "ipam_config": [{"subnet": f"10.{b.n}.1.0/24"}],
        "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}, DB],
    }
    inside = Question("web", f"10.{b.n}.1.3", 80, f"10.{b.n}.1.2 at 10.{b.n}.1.3")
    asked = [inside, b.published(), b.leaves(), Question("db", WORLD[0], 80, "nobody")]
    serves = [("web", "tcp", b.inner(2)[0], 80), ("db", "tcp", f"10.{b.n}.1.3", 80)]
    return _member(b, "two", [b.network(b.web), back], asked, serves=serves)


def a_dozen(b: Builder) -> Member:
    endpoints = [{"namespace": f"n{i}", "published_ports": [f"{9000 + i}:80"]} for i in range(12)]
    serves = [(f"n{i}", "tcp", b.inner(2 + i)[0], 80) for i in (0, 11)]
    asked = [b.published(port=9000), b.published(port=9011, last=13), b.leaves(client="n11"), b.closed()]
    return _member(b, "dozen", [b.network(*endpoints, forward_policy="drop")], asked, serves=serves)


KINDS: tuple[Kind, ...] = (
    nat, both_families, ipv6_alone, internal, apart, routed, unprotected, chosen_source, datagrams, a_range,
    one_address, loopback, unmasked, trusted, legacy, external, found_namespace, chosen_addresses, two_networks,
    a_dozen,
)  # fmt: skip
MEMBERS = {member.name: member for member in (kind(Builder(n)) for n, kind in enumerate(KINDS, 1))}
