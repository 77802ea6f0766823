# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the table: the questions for every engine.

A row is one question about one family. It has one or several probes that should have the same result; if they do not,
the cell shows which had which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.engines.engine import ICC, INTERNAL, OLD, OLD_ADDRESS, ROUTED
from tests.engines.scene import OWN_PORT
from tests.integration.traffic.siege import ADDRESSES, SECOND

FAMILIES = ("IPv4", "IPv6")
FOREIGN = ("10.9.9.9", "fd99::9")


@dataclass(frozen=True)
class Ask:
    """A client asks a server, which says as whom it sees the client. label: distinguishes it from others in the row."""

    label: str
    client: str
    protocol: str
    address: str
    port: int
    server: str


@dataclass(frozen=True)
class Frame:
    """Root at a place sends a packet to its router's MAC address. Does it reach the target, and with which source?"""

    label: str
    sender: str
    protocol: str
    source: str
    destination: str
    port: int
    target: str


Probe = Ask | Frame


@dataclass(frozen=True)
class Question:
    """key: the name in code. topic: its heading. needs: a feature that not every engine has.

    bridge_nf: whether iptables sees bridged packets (bridge-nf-call-iptables).
    """

    key: str
    topic: str
    text: str
    family: str
    probes: tuple[Probe, ...]
    needs: str = ""
    bridge_nf: bool = True

    @property
    def name(self) -> str:
        return f"{self.key} {self.family}".strip()


#: The question that is read from the host rather than asked, before all others.
POLICY = Question("policy", "FORWARD's policy", "as the engine leaves it on a host where it was ACCEPT", "", ())

#: Ports of web, published on every address, on the second one, on 127.0.0.1 and .5, on an IPv6 address; the ranges.
_ALL = (("tcp", 8080), ("udp", 53))
_ON_SECOND = (("tcp", 8083), ("udp", 8083))
_ON_LOOPBACK = (("tcp", 8081), ("udp", 8081))
_ON_LOOPBACK_5 = (("tcp", 8082), ("udp", 8082))
_ON_IPV6 = (("tcp", 8084), ("udp", 8084))
_RANGE = (("tcp", 7000), ("udp", 7000), ("tcp", 7003), ("udp", 7003))
_BEYOND = (("tcp", 7004), ("udp", 7004))
_OLD_PORTS = (("tcp", 8100), ("udp", 8100))
_T1 = (("tcp", 8090), ("udp", 8090))
_R1 = (("tcp", 8095), ("udp", 8095))
#: Ports of endpoints: published ones, and one that is not.
_OPEN = (("tcp", 80), ("udp", 53))
_CLOSED = (("tcp", 7777), ("udp", 7777))
_LOOPBACK = ("127.0.0.1", "::1")

Ports = tuple[tuple[str, int], ...]


def _asks(client: str, address: str, ports: Ports, server: str) -> tuple[Probe, ...]:
    return tuple(
        Ask(protocol if len(ports) <= 2 else f"{port}/{protocol}", client, protocol, address, port, server)
        for protocol, port in ports
    )


def _frames(sender: str, source: str, destination: str, ports: Ports, target: str) -> tuple[Probe, ...]:
    return tuple(Frame(protocol, sender, protocol, source, destination, port, target) for protocol, port in ports)


def questions() -> list[Question]:
    """All rows in the table's order, with the families of a question next to each other."""
    found = []
    for part in (
        _published,
        _published_apart,
        _old,
        _direct,
        _between,
        _outward,
        _own,
        _internal,
        _isolated,
        _unbridged,
        _routed,
    ):
        both = [Question(*row[:3], family, *row[3:]) for at, family in enumerate(FAMILIES) for row in part(at)]
        keys = list(dict.fromkeys(question.key for question in both))
        found += sorted(both, key=lambda question: keys.index(question.key))
    return found


#: Key, topic, text, probes, required feature; and whether iptables has to see bridged packets.
Row = tuple[str, str, str, tuple[Probe, ...]] | tuple[str, str, str, tuple[Probe, ...], str, bool]


def _published(version: int) -> Iterator[Row]:
    topic = "A port published on all addresses (8080 to 80/tcp, 53 to 53/udp)"
    host, gateway, other = (ADDRESSES[name][version] for name in ("host", "br0", "br1"))
    second = SECOND if not version else ""
    ways = [
        ("lan host", "from the neighbour", "lan", host),
        ("lan second", "from the neighbour, by the host's second address", "lan", second),
        ("lan gateway", "from the neighbour, by the network's gateway address", "lan", gateway),
        ("outside host", "from the router", "outside", host),
        ("host host", "from the host, by its own address", "host", host),
        ("host loopback", "from the host, by its loopback address", "host", _LOOPBACK[version]),
        ("host second", "from the host, by its second address", "host", second),
        ("host gateway", "from the host, by the gateway address", "host", gateway),
        ("web host", "from the endpoint itself, by the host's address", "web", host),
        ("web gateway", "from the endpoint itself, by the gateway address", "web", gateway),
        ("db host", "from an endpoint beside it, by the host's address", "db", host),
        ("db gateway", "from an endpoint beside it, by the gateway address", "db", gateway),
        ("app host", "from another network, by the host's address", "app", host),
        ("app gateway", "from another network, by the port's gateway address", "app", gateway),
        ("app own gateway", "from another network, by its own gateway address", "app", other),
    ]
    for key, text, client, address in ways:
        if address:
            yield f"published {key}", topic, text, _asks(client, address, _ALL, "web")


def _published_apart(version: int) -> Iterator[Row]:
    topic = "Ports published on one address, and ranges"
    host = ADDRESSES["host"][version]
    yield "range", topic, "a range (7000-7003), first and last, from the neighbour", _asks("lan", host, _RANGE, "web")
    yield "beyond range", topic, "the port behind the range, from the neighbour", _asks("lan", host, _BEYOND, "web")
    if version:
        text = "published on the host's IPv6 address, from the neighbour"
        yield "on-ipv6 lan", topic, text, _asks("lan", host, _ON_IPV6, "web")
        text = "published on the host's IPv6 address, from the host by it"
        yield "on-ipv6 host", topic, text, _asks("host", host, _ON_IPV6, "web")
        return
    yield (
        "on-second",
        topic,
        "published on the second address, from the neighbour",
        _asks("lan", SECOND, _ON_SECOND, "web"),
    )
    text = "published on the second address, from the neighbour by the first"
    yield "on-second by first", topic, text, _asks("lan", host, _ON_SECOND, "web")
    text = "published on 127.0.0.1, from the host by it"
    yield "on-loopback host", topic, text, _asks("host", "127.0.0.1", _ON_LOOPBACK, "web")
    text = "published on 127.0.0.5, from the host by it"
    yield "on-loopback-5 host", topic, text, _asks("host", "127.0.0.5", _ON_LOOPBACK_5, "web")
    for client, who in (("lan", "the neighbour"), ("host", "the host"), ("db", "an endpoint beside it")):
        text = f"published on 127.0.0.1, from {who} by the host's address"
        yield f"on-loopback by host {client}", topic, text, _asks(client, host, _ON_LOOPBACK, "web")
    text = "published on 127.0.0.1, packets of the neighbour to 127.0.0.1 by way of the host"
    probes = _frames("lan", ADDRESSES["lan"][0], "127.0.0.1", _ON_LOOPBACK, "web")
    yield "on-loopback lan", topic, text, probes
    text = "published on 127.0.0.5, packets of the neighbour to 127.0.0.5 by way of the host"
    probes = _frames("lan", ADDRESSES["lan"][0], "127.0.0.5", _ON_LOOPBACK_5, "web")
    yield "on-loopback-5 lan", topic, text, probes


def _old(version: int) -> Iterator[Row]:
    topic = f"A port of an endpoint without IPv6 ({OLD_ADDRESS}), published on all addresses (8100)"
    host = ADDRESSES["host"][version]
    yield "old lan", topic, "from the neighbour", _asks("lan", host, _OLD_PORTS, OLD)
    yield "old host", topic, "from the host, by its own address", _asks("host", host, _OLD_PORTS, OLD)
    yield (
        "old loopback",
        topic,
        "from the host, by its loopback address",
        _asks("host", _LOOPBACK[version], _OLD_PORTS, OLD),
    )
    yield "old app", topic, "from another network, by the host's address", _asks("app", host, _OLD_PORTS, OLD)


def _direct(version: int) -> Iterator[Row]:
    topic = "An endpoint's own address, from the neighbour, which has a route to it through the host"
    web, db = ADDRESSES["web"][version], ADDRESSES["db"][version]
    yield "direct open", topic, "a port that is published", _asks("lan", web, _OPEN, "web")
    yield "direct closed", topic, "a port that is not published", _asks("lan", web, _CLOSED, "web")
    echo = Frame("echo", "lan", "echo", ADDRESSES["lan"][version], web, 0, "web")
    yield "direct echo", topic, "an ICMP echo request", (echo,)
    yield "direct db", topic, "an endpoint that publishes nothing", _asks("lan", db, _OPEN, "db")


def _between(version: int) -> Iterator[Row]:
    topic = "Between endpoints, and from the host"
    web, db, app = (ADDRESSES[name][version] for name in ("web", "db", "app"))
    yield "beside", topic, "in one network", _asks("db", web, _CLOSED, "web")
    yield (
        "across open",
        topic,
        "from another network, a port that is published, by the endpoint's address",
        _asks("app", web, _OPEN, "web"),
    )
    yield (
        "across closed",
        topic,
        "from another network, a port that is not published",
        _asks("app", web, _CLOSED, "web"),
    )
    yield "across back", topic, "from the network that publishes, into another", _asks("db", app, _OPEN, "app")
    yield "host direct", topic, "from the host, a port that is not published", _asks("host", db, _CLOSED, "db")


def _outward(version: int) -> Iterator[Row]:
    topic = "Outward"
    world, lan = ADDRESSES["outside"][version], ADDRESSES["lan"][version]
    yield "out world", topic, "an endpoint to the world", _asks("web", world, _OPEN, "outside")
    yield "out lan", topic, "an endpoint to the neighbour", _asks("app", lan, _OPEN, "lan")
    resolver = (("udp", 53),)
    text = "an endpoint asks a resolver in the world while 53/udp is published"
    yield "hijack db", topic, text, _asks("db", world, resolver, "outside")
    text = "the neighbour does so through the host"
    yield "hijack lan", topic, text, _asks("lan", world, resolver, "outside")
    text = f"an endpoint's packets from {FOREIGN[version]}, on the wire to the router"
    probes = _frames("web", FOREIGN[version], ADDRESSES["router"][version], _OPEN, "outside")
    yield "foreign source", topic, text, probes
    text = f"an endpoint's packets from {FOREIGN[version]} to another network"
    yield "foreign across", topic, text, _frames("web", FOREIGN[version], ADDRESSES["app"][version], _OPEN, "app")
    text = "an endpoint's packets that belong to no connection (a reset), on the wire to the router"
    probes = (Frame("reset", "web", "reset", ADDRESSES["web"][version], ADDRESSES["router"][version], 81, "outside"),)
    yield "invalid", topic, text, probes


def _own(version: int) -> Iterator[Row]:
    topic = "The host's own services (9999/tcp, 9999/udp), packets that a root writes"
    if version:
        return  # the kernel itself takes no packet from or to ::1
    own = (("tcp", OWN_PORT), ("udp", OWN_PORT))
    web, gateway = ADDRESSES["web"][0], ADDRESSES["br0"][0]
    text = "an endpoint to the gateway address"
    yield "own gateway", topic, text, _frames("web", web, gateway, own, "host")
    text = "an endpoint to the host's 127.0.0.1"
    yield "own loopback", topic, text, _frames("web", web, "127.0.0.1", own, "host")
    text = "an endpoint to the gateway address, from 127.0.0.5"
    yield "own from loopback", topic, text, _frames("web", "127.0.0.5", gateway, own, "host")
    text = "the neighbour to the host's 127.0.0.1"
    yield "own loopback lan", topic, text, _frames("lan", ADDRESSES["lan"][0], "127.0.0.1", own, "host")


def _internal(version: int) -> Iterator[Row]:
    topic = "An internal network"
    inside, beside, gateway = (ADDRESSES[name][version] for name in ("in1", "in2", "br2"))
    host, world, web = (ADDRESSES[name][version] for name in ("host", "outside", "web"))
    own = (("tcp", OWN_PORT), ("udp", OWN_PORT))
    rows: list[tuple[str, str, tuple[Probe, ...]]] = [
        ("beside", "between its endpoints", _asks("in2", inside, _CLOSED, "in1")),
        ("host", "from the host", _asks("host", beside, _CLOSED, "in2")),
        ("lan", "from the neighbour, by the endpoint's address", _asks("lan", inside, _OPEN, "in1")),
        ("across", "from another network", _asks("web", inside, _OPEN, "in1")),
        ("out", "to the world", _asks("in1", world, _OPEN, "outside")),
        ("out written", "to the world, packets that a root writes", _frames("in1", inside, world, _OPEN, "outside")),
        ("across written", "to another network, likewise", _frames("in1", inside, web, _OPEN, "web")),
        ("published written", "to a published port, likewise", _frames("in1", inside, host, _ALL, "web")),
        ("host written", "to the host's other address, likewise", _frames("in1", inside, host, own, "host")),
        ("gateway written", "to the network's gateway address, likewise", _frames("in1", inside, gateway, own, "host")),
    ]
    for key, text, probes in rows:
        yield f"internal {key}", topic, text, probes, INTERNAL, True


def _isolated(version: int) -> Iterator[Row]:
    topic = "A network without traffic between endpoints (icc off), of which t1 publishes 8090"
    t1, t2 = ADDRESSES["t1"][version], ADDRESSES["t2"][version]
    host, world = ADDRESSES["host"][version], ADDRESSES["outside"][version]
    rows: list[tuple[str, str, tuple[Probe, ...]]] = [
        ("beside", "between its endpoints", _asks("t2", t1, _CLOSED, "t1")),
        ("beside open", "between its endpoints, the port that is published", _asks("t2", t1, _OPEN, "t1")),
        ("by gateway", "between its endpoints, packets by way of the gateway", _frames("t2", t2, t1, _CLOSED, "t1")),
        ("out", "to the world", _asks("t2", world, _OPEN, "outside")),
        ("published lan", "its published port, from the neighbour", _asks("lan", host, _T1, "t1")),
        ("published host", "its published port, from the host", _asks("host", host, _T1, "t1")),
        ("published app", "its published port, from another network", _asks("app", host, _T1, "t1")),
        ("published t2", "its published port, from the endpoint beside it", _asks("t2", host, _T1, "t1")),
        ("published t1", "its published port, from the endpoint itself", _asks("t1", host, _T1, "t1")),
    ]
    for key, text, probes in rows:
        yield f"icc {key}", topic, text, probes, ICC, True


def _unbridged(version: int) -> Iterator[Row]:
    topic = "The same network where bridged packets are not shown to iptables (bridge-nf-call-iptables 0)"
    t1, host = ADDRESSES["t1"][version], ADDRESSES["host"][version]
    rows: list[tuple[str, str, tuple[Probe, ...]]] = [
        ("beside", "between its endpoints", _asks("t2", t1, _CLOSED, "t1")),
        ("published t2", "its published port, from the endpoint beside it", _asks("t2", host, _T1, "t1")),
        ("published t1", "its published port, from the endpoint itself", _asks("t1", host, _T1, "t1")),
    ]
    for key, text, probes in rows:
        yield f"unbridged {key}", topic, text, probes, ICC, False


def _routed(version: int) -> Iterator[Row]:
    topic = "A network without NAT (routed), of which r1 publishes 80 and 53/udp as 8095"
    r1, r2, host = ADDRESSES["r1"][version], ADDRESSES["r2"][version], ADDRESSES["host"][version]
    lan = ADDRESSES["lan"][version]
    rows: list[tuple[str, str, tuple[Probe, ...]]] = [
        ("lan open", "from the neighbour, by the endpoint's address, what is published", _asks("lan", r1, _OPEN, "r1")),
        ("lan closed", "likewise, what is not published", _asks("lan", r1, _CLOSED, "r1")),
        ("lan other", "likewise, of an endpoint that publishes nothing", _asks("lan", r2, _OPEN, "r2")),
        ("lan host", "from the neighbour, by the host's address and 8095", _asks("lan", host, _R1, "r1")),
        (
            "app open",
            "from another network, by the endpoint's address, what is published",
            _asks("app", r1, _OPEN, "r1"),
        ),
        ("app closed", "likewise, what is not published", _asks("app", r1, _CLOSED, "r1")),
        ("out", "an endpoint to the neighbour", _asks("r2", lan, _OPEN, "lan")),
    ]
    for key, text, probes in rows:
        yield f"routed {key}", topic, text, probes, ROUTED, True
