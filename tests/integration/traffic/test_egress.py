# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint with a list reaches what is on it and nothing else, whatever its root tries.

lan 192.0.2.9 ------ host 192.0.2.1 ---- br0 172.18/16  web .2 (with a list)  db .3  idle .4  wide .5
outside 198.51.100.1                     br1 172.19/16  app .2 (8090:80, 8091:81, 8092:82)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import link_local
from tests.integration.rule_hosts import use_backend
from tests.integration.traffic import agents
from tests.integration.traffic.combinations import SOME, Combination, prepare
from tests.integration.traffic.test_streams import becomes
from tests.lab import frames, town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Place

Options = dict[str, Any]
#: Protocol, address and port.
Question = tuple[str, str, int]
#: The list of web. The host's port 8090 leads to port 80 of app, 8091 to 81.
LIST = [
    "192.0.2.9:80/tcp",
    "[2001:db8::9]:80/tcp",
    "198.51.100.1:53/udp",
    "192.0.2.1:8090",
    "[2001:db8::1]:8090",
    "app:81/tcp",
]
#: By name: the address in each family.
GATEWAY, WEB, DB, APP = (("172.18.0.1", "fd00:18::1"), ("172.18.0.2", "fd00:18::2"), ("172.18.0.3", "fd00:18::3"),
                         ("172.19.0.2", "fd00:19::2"))  # fmt: skip
FREE = ("172.18.0.77", "fd00:18::77")
SERVERS = {
    "lan": [("tcp", 80), ("tcp", 81), ("udp", 53)],
    "outside": [("tcp", 80), ("udp", 53), ("udp", 54)],
    "host": [("tcp", 22), ("udp", 53)],
    "app": [("tcp", 80), ("tcp", 81), ("tcp", 82)],
    "db": [("tcp", 80)],
    "web": [("tcp", 80)],
}
WANTED = [
    ("tcp", town.NEIGHBOUR[0], 80),
    ("tcp", town.NEIGHBOUR[1], 80),
    ("udp", town.WORLD[0], 53),
    # Published ports of the host, by its address and by the name of who is behind them.
    ("tcp", town.HOST[0], 8090),
    ("tcp", town.HOST[1], 8090),
    ("tcp", town.HOST[0], 8091),
    ("tcp", town.HOST[1], 8091),
    ("tcp", GATEWAY[0], 8091),
    # Neighbours are none of the host's business.
    ("tcp", DB[0], 80),
    ("tcp", DB[1], 80),
]
ATTACKS = [
    ("tcp", town.NEIGHBOUR[0], 81),
    ("tcp", town.NEIGHBOUR[1], 81),
    ("udp", town.NEIGHBOUR[0], 53),
    ("udp", town.NEIGHBOUR[1], 53),
    ("tcp", town.WORLD[0], 80),
    ("udp", town.WORLD[0], 54),
    ("udp", town.WORLD[1], 53),
    ("tcp", town.HOST[0], 8092),
    ("tcp", town.HOST[1], 8092),
    ("tcp", GATEWAY[0], 8090),
    ("tcp", GATEWAY[1], 8090),
    *((kind, address, port) for kind, port in SERVERS["host"] for address in (*town.HOST, *GATEWAY)),
]
PINGS = [*town.NEIGHBOUR, *town.WORLD, *town.HOST]


def networks(**web: Any) -> list[Options]:
    """Both networks, with these options of web and of br0."""
    of_network = {name: web.pop(name) for name in ("icc", "appends") if name in web}
    egress = web.pop("default", "allow")
    limited = {"namespace": "web", "published_ports": ["8080:80", "8053:5353/udp"], "egress": LIST, **web}
    if limited["egress"] is None:
        del limited["egress"]
    first = {
        "name": "br0",
        "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
        "egress": egress,
        "endpoints": [
            limited,
            {"namespace": "db"},
            {"namespace": "idle"},
            {"namespace": "wide", "egress": ["192.0.2.9", "2001:db8::9"]},
        ],
        **of_network,
    }
    second = {
        "name": "br1",
        "ipam_config": [{"subnet": "172.19.0.0/16"}, {"subnet": "fd00:19::/64"}],
        "endpoints": [{"namespace": "app", "published_ports": ["8090:80", "8091:81", "8092:82"]}],
    }
    return [first, second]


@dataclass
class Town:
    host: Host
    lan: Host
    outside: Host

    def apply(self, **web: Any) -> dict[str, Any]:
        options = {"aggregate": networks(**web), "firewall": self.host.firewall}
        return self.host.module("bridge_network", options)

    def place(self, name: str) -> Place:
        return {"host": self.host, "lan": self.lan, "outside": self.outside}.get(name) or self.host.inside(name)

    def reached(self, questions: list[Question], client: str = "web") -> list[Question]:
        answers = self.place(client).call(agents.ask_all, [(*question, "") for question in questions], 1.0)
        return [question for question, answer in zip(questions, answers, strict=True) if answer]

    def pinged(self, addresses: list[str] | tuple[str, ...], client: str = "web") -> list[str]:
        return [address for address in addresses if self.place(client).reaches(address, timeout=1)]

    def link_local(self) -> str:
        """The host's link-local address on the bridge, as endpoints address it."""
        return f"{link_local(self.host.ip('link', 'show', 'br0')[0]['address'])}%eth0"


@pytest.fixture(scope="module", params=[one.param() for one in SOME])
def combination(request: pytest.FixtureRequest) -> Combination:
    made: Combination = request.param
    return made


@pytest.fixture(scope="module")
def built(combination: Combination) -> Iterator[Town]:
    with Lab() as lab, ExitStack() as stack:
        there = town.build(lab)
        use_backend(there.host, combination.backend)
        prepare(there.host, *combination[1:])
        # Another tool's rule, by which these packets are not tracked.
        for program in ("iptables", "ip6tables"):
            there.host.sh(f"{program} -t raw -A PREROUTING -p udp --dport 4999 -j CT --notrack")
        made = Town(there.host, there.neighbour, there.outside)
        made.apply()
        for name, wanted in SERVERS.items():
            own = {"lan": town.NEIGHBOUR, "outside": town.WORLD, "host": (*town.HOST, *GATEWAY), "app": APP, "db": DB,
                   "web": WEB}[name]  # fmt: skip
            where = [(kind, address, port) for kind, port in wanted for address in own]
            stack.enter_context(made.place(name).start(agents.serve_all, where))
        yield made


@pytest.fixture
def place(built: Town) -> Town:
    """With the lists as they are at first."""
    built.apply()
    return built


def test_a_list_is_all_that_an_endpoint_reaches(place: Town) -> None:
    assert place.reached(WANTED) == WANTED
    assert place.reached(ATTACKS) == []
    assert place.pinged(PINGS) == []
    assert place.pinged(GATEWAY) == list(GATEWAY)
    assert place.pinged([place.link_local()]) == []
    # Those who have no list reach everything, and who is reached by a published port can answer.
    assert place.reached([*ATTACKS, *WANTED], "db") == [*ATTACKS, *WANTED[:8], *place.reached(WANTED[8:], "db")]
    published = [("tcp", address, 8080) for address in town.HOST]
    assert place.reached(published, "lan") == published


def test_what_would_get_through_without_a_list(place: Town) -> None:
    """The control."""
    place.apply(egress=None)
    assert place.reached(ATTACKS) == ATTACKS, "these prove nothing"
    assert place.pinged([*PINGS, place.link_local()]) == [*PINGS, place.link_local()], "these prove nothing"
    place.apply()
    assert place.reached(ATTACKS) == []
    assert place.reached(WANTED) == WANTED


def test_a_network_that_denies(place: Town) -> None:
    place.apply(default="deny")
    assert place.reached(WANTED) == WANTED
    assert place.reached(ATTACKS) == []
    neighbours = [("tcp", WEB[0], 80), ("tcp", WEB[1], 80)]
    assert place.reached([*WANTED, *ATTACKS, *neighbours], "idle") == [*WANTED[8:], *neighbours]
    assert place.pinged(PINGS, "idle") == []
    assert place.pinged(GATEWAY, "idle") == list(GATEWAY)
    place.apply(default="deny", egress=[])
    assert place.reached([*WANTED, *ATTACKS]) == WANTED[8:]


def test_errors_pass(place: Town) -> None:
    """An endpoint tells that nobody listens on a published port, and hears the same from a server on its list."""
    with place.lan.sniffer("eth0") as sniffer:
        place.lan.ask(town.HOST[0], 8053, "udp")
        assert sniffer.wait(protocol=frames.ICMP), "no error arrived"
    place.apply(egress=["192.0.2.9:5353/udp"])
    with place.host.inside("web").sniffer("eth0") as sniffer:
        place.host.inside("web").ask(town.NEIGHBOUR[0], 5353, "udp")
        assert sniffer.wait(protocol=frames.ICMP), "no error arrived"


def _sent(place: Town, sender: str, source: tuple[str, str], port: int, at: str, seconds: float = 0.5) -> list[str]:
    """The addresses of the neighbour at which an endpoint's datagram with this source and MAC address arrives."""
    inside = place.host.inside(sender)
    own = inside.ip("link", "show", "eth0")[0]["address"] if at == "own" else at
    router = place.host.ip("link", "show", "br0")[0]["address"]
    made = [
        frames.ethernet(router, own, kind, frames.udp(source[version], town.NEIGHBOUR[version], 1024, port))
        for version, kind in enumerate((frames.IPV4, frames.IPV6))
    ]
    with place.lan.sniffer("eth0") as sniffer:
        inside.send_frames("eth0", made)
        seen = sniffer.wait(seconds, len(made), protocol=frames.UDP, port=port)
    return sorted({str(packet.destination) for packet in seen})


def _free_ports(place: Town) -> None:
    """Take away what guards the ports, as on a host without nft: it would drop what is to meet the lists."""
    place.host.run(["nft", "delete", "table", "bridge", "linuxnet"], check=False)


def test_no_other_source_and_nothing_untracked_gets_out(place: Town) -> None:
    _free_ports(place)
    mac = place.host.inside("db").ip("link", "show", "eth0")[0]["address"]
    free = "02:00:00:00:77:77"
    assert _sent(place, "web", FREE, 7777, "own") == []
    assert _sent(place, "web", DB, 7777, "own") == []
    assert _sent(place, "web", DB, 7777, mac) == []
    assert _sent(place, "web", FREE, 7777, free) == []
    assert _sent(place, "wide", ("172.18.0.5", "fd00:18::5"), 4999, "own") == []
    assert _sent(place, "wide", ("172.18.0.5", "fd00:18::5"), 7777, "own", 5) == sorted(town.NEIGHBOUR)
    # The controls: an address that nobody has may be used, and with a list of this, web may send there.
    place.apply(egress=["192.0.2.9:7777/udp", "[2001:db8::9]:7777/udp"])
    assert _sent(place, "web", WEB, 7777, "own", 5) == sorted(town.NEIGHBOUR)
    _free_ports(place)
    assert _sent(place, "db", FREE, 7778, "own", 5) == sorted(town.NEIGHBOUR), "these prove nothing"


@pytest.mark.parametrize("version", [0, 1], ids=["IPv4", "IPv6"])
def test_an_established_connection_ends_when_the_list_gets_shorter(place: Town, version: int) -> None:
    target = town.NEIGHBOUR[version]
    listed = f"[{target}]:80/tcp" if version else f"{target}:80/tcp"
    web = place.host.inside("web")
    with web.start(agents.stream, "tcp", target, 80, 40000) as stream:
        first = becomes(stream, target)
        place.apply(egress=[listed])
        assert becomes(stream, target) == first, "it was cut though it is on the list"
        result = place.apply(egress=["198.51.100.1"])
        assert result["changed"]
        becomes(stream, "silence")
        assert place.reached([("tcp", target, 80)]) == []
        place.apply(egress=[listed])
        becomes(stream, target, 20)


_FLUSHES = [f"iptables -t {table} -F; ip6tables -t {table} -F" for table in ("mangle", "filter")]


def test_each_table_holds_alone(place: Town) -> None:
    """As with all rules of iptables: flushing one table opens nothing, and the next run restores it.

    Rules of nftables are there once.
    """
    native = place.host.firewall == "nftables"
    flushes = ["nft flush chain inet linuxnet listed; nft flush set inet linuxnet limited"] if native else _FLUSHES
    for flush in flushes:
        place.host.sh(flush)
        if not native:
            assert place.reached(ATTACKS) == [], flush
            assert place.pinged(PINGS) == [], flush
        assert place.apply()["changed"]
        assert place.reached(ATTACKS) == [], flush
        assert place.reached(WANTED) == WANTED, flush


def test_without_icc_a_published_port_of_a_neighbour_is_on_the_list_or_closed(place: Town) -> None:
    mine = [("tcp", town.HOST[0], 8080)]
    place.apply(icc=False)
    assert place.reached(WANTED[:8]) == WANTED[:8]
    assert place.reached(WANTED[8:]) == []
    assert place.reached(mine, "wide") == []
    if not place.host.run(["cat", "/proc/sys/net/bridge/bridge-nf-call-iptables"], check=False).out.startswith("1"):
        # With bridge-nf, the packet leaves by a port that it may not come back from, list or not.
        assert place.reached(mine, "idle") == mine
