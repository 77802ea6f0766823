# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports with a list of sources: who is on it gets in, nobody else does, and nothing of a former one is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import BACKENDS, NATIVE, use_backend
from tests.integration.traffic import agents
from tests.integration.traffic.combinations import SOME, Combination, prepare
from tests.integration.traffic.test_streams import becomes
from tests.lab import frames, town
from tests.lab.calls import Background
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Place
from tests.lab.town import Town

SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
WEB, DB = ("172.18.0.2", "fd00:18::2"), ("172.18.0.3", "fd00:18::3")
SECOND = ("192.0.2.5", "2001:db8::5")
#: Further addresses of the neighbour, whose own one is never on a list.
FRIEND, ALLY = ("192.0.2.77", "2001:db8::77"), ("192.0.2.201", "2001:db8::f:1")
#: Both are in networks of this list, and nobody else.
LIST = ["192.0.2.64/27", "192.0.2.201", "2001:db8::70/124", "2001:db8::f:0/112"]
#: Without the friend's.
SHORTER = ["192.0.2.201", "2001:db8::f:0/112"]
#: Published port, port that is asked, protocol, port at the endpoint.
PORTS = [
    ("8080:80", 8080, "tcp", 80),
    ("8080:80/udp", 8080, "udp", 80),
    ("7000-7003:7000-7003", 7002, "tcp", 7002),
    ("7100-7103:7200-7203/udp", 7102, "udp", 7202),
    ("53:53/udp", 53, "udp", 53),
]
VERSIONS = pytest.mark.parametrize("version", [0, 1], ids=["IPv4", "IPv6"])
FIREWALLS = pytest.mark.parametrize("backend", [*BACKENDS, NATIVE])
#: Seconds after which silence is one.
SHORT = 0.4


def network(sources: list[str] | None, **options: Any) -> dict[str, Any]:
    """A network whose web server has ports for these sources, on all addresses and on the host's second ones."""
    published = [port for port, *_rest in PORTS]
    published += [] if options else [f"{SECOND[0]}:8083:80", f"[{SECOND[1]}]:8083:80"]
    ports = [{"port": port, "allowed_sources": sources} if sources else port for port in published]
    endpoints = [
        {"namespace": name, "ipv4_address": own[0], "ipv6_address": own[1], "published_ports": found}
        for name, own, found in (("web", WEB, [*ports, "9090:81"]), ("db", DB, []))
    ]
    return {"name": "br0", "ipam_config": SUBNETS, "endpoints": endpoints, **options}


@pytest.fixture
def built() -> Iterator[Town]:
    with Lab() as lab:
        one = town.build(lab)
        for v4, v6 in (FRIEND, ALLY):
            one.neighbour.sh(f"ip address add {v4}/24 dev eth0; ip address add {v6}/64 dev eth0 nodad")
        one.host.sh(f"ip address add {SECOND[0]}/24 dev eth0; ip address add {SECOND[1]}/64 dev eth0 nodad")
        yield one


@pytest.fixture(scope="module", params=[one.param() for one in SOME])
def combination(request: pytest.FixtureRequest) -> Combination:
    made: Combination = request.param
    return made


@pytest.fixture
def each_built(built: Town, combination: Combination) -> Town:
    backend, *settings = combination
    use_backend(built.host, backend)
    prepare(built.host, *settings)
    return built


def _serve(host: Host) -> Background:
    wanted = [(kind, own, port) for _text, _asked, kind, port in PORTS for own in WEB]
    return host.inside("web").start(agents.serve_all, [*wanted, *(("tcp", own, 81) for own in WEB)])


def _questions(sources: tuple[str, str]) -> list[agents.Question]:
    """Every port on every address of the host, from these addresses."""
    asked = [(kind, port) for _text, port, kind, _to in PORTS]
    found = [(kind, host[v], port, sources[v]) for host in (town.HOST, SECOND) for kind, port in asked for v in (0, 1)]
    return [*found, *(("tcp", SECOND[v], 8083, sources[v]) for v in (0, 1))]


def _answers(place: Place, sources: tuple[str, str], timeout: float = 3.0) -> list[str | None]:
    """Who answers each question."""
    told = place.call(agents.ask_all, _questions(sources), timeout)
    return [one.split()[2] if one else None for one in told]


EVERY = [WEB[number % 2] for number in range(len(_questions(FRIEND)))]
NOBODY = [None] * len(EVERY)


def test_who_is_on_the_list_gets_in_and_nobody_else_does(each_built: Town) -> None:
    host, neighbour = each_built.host, each_built.neighbour
    apply(host, **network(LIST))
    assert apply(host, **network(LIST)).changed == []
    with _serve(host), host.server(8080), host.server(8080, "udp"), host.server(53, "udp"):
        for sources in (FRIEND, ALLY):
            assert _answers(neighbour, sources) == EVERY
        with neighbour.sniffer("eth0") as sniffer:
            assert _answers(neighbour, town.NEIGHBOUR, SHORT) == NOBODY, "not even the host itself answers"
            assert neighbour.ask(town.HOST[0], 9090), "the control: a port without a list"
            seen = [packet for packet in sniffer.packets if packet.source in (*town.HOST, *SECOND)]
            assert {packet.source_port for packet in seen if packet.destination in town.NEIGHBOUR} <= {9090, None, 0}
        for own in (*town.HOST, *SECOND, "127.0.0.1"):
            assert host.ask(own, 8080), f"the host itself, by {own}"
        db = host.inside("db")
        assert _answers(db, DB, SHORT) == NOBODY, "an endpoint is a source like all others"
        apply(host, **network([*LIST, *DB]))
        assert _answers(db, DB) == EVERY
        assert _answers(neighbour, town.NEIGHBOUR, SHORT) == NOBODY
        spoofed = {"192.0.2.201": 4001, DB[0]: 4002}
        with host.inside("web").sniffer("eth0") as inside:
            mac = host.ip("link", "show", "eth0")[0]["address"]
            for source, port in spoofed.items():
                datagram = frames.udp(source, town.HOST[0], port, 53, b"who are you?")
                neighbour.send_frames("eth0", [frames.ethernet(mac, "02:00:00:00:00:09", frames.IPV4, datagram)])
            time.sleep(SHORT)
            assert {packet.source_port for packet in inside.packets if packet.source_port in spoofed.values()} == {4001}
    apply(host, **network(None))
    with _serve(host):
        assert _answers(neighbour, town.NEIGHBOUR) == EVERY, "the control: without a list"


@VERSIONS
def test_who_is_taken_off_the_list_is_cut_off(each_built: Town, version: int) -> None:
    """Streams end on the spot, those of others go on with the same connection, and who comes back gets in."""
    host, neighbour = each_built.host, each_built.neighbour
    apply(host, **network(LIST))
    asked = [("tcp", 8080), ("udp", 8080), ("tcp", 7002), ("udp", 53)]
    with _serve(host), ExitStack() as stack:

        def streams(source: str, first: int) -> list[Background]:
            return [
                stack.enter_context(
                    neighbour.start(agents.stream, kind, town.HOST[version], port, first + number, source)
                )
                for number, (kind, port) in enumerate(asked)
            ]

        leaving, staying = streams(FRIEND[version], 40000), streams(ALLY[version], 41000)
        begun = [becomes(one, WEB[version]) for one in staying]
        for one in leaving:
            becomes(one, WEB[version])
        assert apply(host, **network(SHORTER)).changed == ["dnat"]
        time.sleep(SHORT)
        for one in leaving:
            list(one.values())
        time.sleep(SHORT)
        for one in leaving:
            assert {told.split()[0] for told in one.values()} <= {"silence"}
        assert [becomes(one, WEB[version]) for one in staying] == begun
        apply(host, **network(LIST))
        for one in leaving:
            becomes(one, WEB[version])
        assert [becomes(one, WEB[version]) for one in staying] == begun


@VERSIONS
@FIREWALLS
@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_an_endpoint_that_goes_on_sending_does_not_keep_the_way_in_open(
    built: Town, backend: str, kind: str, version: int
) -> None:
    """As in a download: what it sends from its own port would begin a connection, to which the client would reply."""
    host, neighbour = built.host, built.neighbour
    use_backend(host, backend)
    apply(host, **network(LIST))
    port = 7002 if kind == "tcp" else 53
    web = host.inside("web")
    with (
        web.start(agents.push, kind, WEB[version], port) as server,
        neighbour.start(agents.stream, kind, town.HOST[version], port, 40000, FRIEND[version]) as client,
    ):
        becomes(client, "pushed")
        assert server.next() == "heard"
        apply(host, **network(SHORTER))
        time.sleep(SHORT)
        list(server.values())
        time.sleep(2 * SHORT)
        assert list(server.values()) == []
        apply(host, **network(LIST))
        assert server.next() == "heard", "the control"


@VERSIONS
@FIREWALLS
def test_what_others_begin_from_the_same_port_is_answered(built: Town, backend: str, version: int) -> None:
    """The host and other endpoints, whose source ports are published for somebody else."""
    host, neighbour = built.host, built.neighbour
    use_backend(host, backend)
    apply(host, **network(SHORTER))
    listening = town.NEIGHBOUR[version]
    with neighbour.server(4000, address=listening), neighbour.server(4000, "udp", address=listening):
        for place in (host, host.inside("db")):
            for kind, port in (("tcp", 7001), ("udp", 7101), ("udp", 53)):
                own = (town.HOST if place is host else DB)[version]
                source = f"[{own}]:{port}" if version else f"{own}:{port}"
                assert place.ask(town.NEIGHBOUR[version], 4000, kind, source=source), (kind, port)


@VERSIONS
def test_on_a_routed_network(each_built: Town, version: int) -> None:
    host, neighbour = each_built.host, each_built.neighbour
    routed = {"gateway_mode": "routed"}
    apply(host, **network(LIST, **routed))
    assert apply(host, **network(LIST, **routed)).changed == []
    own = WEB[version]
    with _serve(host), neighbour.start(agents.stream, "tcp", own, 80, 40000, FRIEND[version]) as stream:
        becomes(stream, own)
        for kind, port in (("tcp", 80), ("udp", 53), ("tcp", 7002), ("udp", 7202)):
            assert neighbour.ask(own, port, kind, source=FRIEND[version]), (kind, port)
            assert neighbour.ask(own, port, kind, source=ALLY[version]), (kind, port)
            assert neighbour.ask(own, port, kind, source=town.NEIGHBOUR[version], timeout=SHORT) is None, (kind, port)
        assert neighbour.ask(own, 81), "the control: a port without a list"
        apply(host, **network(SHORTER, **routed))
        time.sleep(SHORT)
        list(stream.values())
        time.sleep(SHORT)
        assert {told.split()[0] for told in stream.values()} <= {"silence"}
        assert neighbour.ask(own, 80, source=ALLY[version])
        apply(host, **network(LIST, **routed))
        becomes(stream, own)


FLUSHED = {
    "nft": ["iptables -t mangle -F; ip6tables -t mangle -F", "iptables -t nat -F; ip6tables -t nat -F"],
    NATIVE: [
        *(
            f"nft flush chain inet linuxnet {chain}"
            for chain in ("callers", "strangers", "port-prerouting", "admitted")
        ),
        *(
            f"nft flush set inet linuxnet {name}4; nft flush set inet linuxnet {name}6"
            for name in ("allowed", "limited", "held")
        ),
        "nft flush map inet linuxnet let4; nft flush map inet linuxnet let6",
    ],
}


@pytest.mark.parametrize(("backend", "flush"), [(one, text) for one, texts in FLUSHED.items() for text in texts])
def test_no_part_alone_keeps_others_out(built: Town, backend: str, flush: str) -> None:
    host, neighbour = built.host, built.neighbour
    use_backend(host, backend)
    apply(host, **network(LIST))
    with _serve(host):
        assert _answers(neighbour, FRIEND) == EVERY
        host.sh(flush)
        assert _answers(neighbour, town.NEIGHBOUR, SHORT) == NOBODY
        assert apply(host, **network(LIST)).changed
        assert _answers(neighbour, FRIEND) == EVERY
        assert _answers(neighbour, town.NEIGHBOUR, SHORT) == NOBODY
