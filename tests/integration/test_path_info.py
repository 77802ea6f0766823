# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways of breaking a network by hand, and whether path_info names them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply
from tests.lab import modules, town
from tests.lab.frames import TCP
from tests.lab.lab import Lab
from tests.lab.paths import COLLECTIONS
from tests.lab.town import Town

UNTRIED = "Whether a rule takes it was not tried, since check mode sends nothing."
#: A port that the network publishes, of the host itself and of an endpoint.
PUBLISHED = {"destination": "192.0.2.1", "port": 8080}
NEIGHBOUR = {"source": {"namespace": "db"}, "destination": "172.18.0.2", "port": 80}
WORLD = {"source": {"namespace": "web"}, "destination": town.WORLD[0], "port": 80}
PING = {"source": {"namespace": "web"}, "destination": town.WORLD[0], "protocol": "icmp"}


@dataclass(frozen=True)
class Way:
    """A shell command that breaks the network, where, and how to undo it; what is asked, and what the answer says."""

    name: str
    ask: dict[str, Any]
    verdict: str
    says: str
    command: str
    undo: str
    inside: str = ""
    tool: str | None = None


WAYS = [
    Way(
        "a foreign rule of iptables",
        WORLD,
        "dropped",
        "a rule in chain FORWARD of table filter drops it: -A FORWARD -d 198.51.100.1/32 -j DROP (by nobody known)",
        "iptables -I FORWARD -d 198.51.100.1 -j DROP",
        "iptables -D FORWARD -d 198.51.100.1 -j DROP",
        tool="unknown",
    ),
    Way(
        "a foreign rule that rejects",
        WORLD,
        "rejected",
        "a rule in chain ufw-user-forward of table filter rejects it: -A ufw-user-forward -p tcp -m tcp --dport 80",
        "iptables -N ufw-user-forward; iptables -I FORWARD -j ufw-user-forward;"
        " iptables -A ufw-user-forward -p tcp --dport 80 -j REJECT",
        "iptables -D FORWARD -j ufw-user-forward; iptables -F ufw-user-forward; iptables -X ufw-user-forward",
        tool="ufw",
    ),
    Way(
        "a rule of nftables inside",
        NEIGHBOUR,
        "dropped",
        "On namespace web, a rule in chain in of table inet mine drops it: tcp dport 80 drop (by nobody known)",
        "nft 'add table inet mine; add chain inet mine in { type filter hook input priority 0; };"
        " add rule inet mine in tcp dport 80 drop'",
        "nft delete table inet mine",
        inside="web",
        tool="unknown",
    ),
    Way(
        "nobody listens",
        {**NEIGHBOUR, "port": 81},
        "no_listener",
        "It arrives, but nobody listens on TCP port 81 of namespace web.",
        "true",
        "true",
    ),
    Way(
        "a lost route",
        WORLD,
        "no_route",
        "Namespace web has no route to 198.51.100.1, and no default route.",
        "ip route del default",
        "ip route add default via 172.18.0.1",
        inside="web",
    ),
    Way(
        "a policy rule",
        WORLD,
        "no_route",
        "Namespace web refuses to send to 198.51.100.1: the policy rule 10: from all blackhole.",
        "ip rule add prio 10 blackhole",
        "ip rule del prio 10",
        inside="web",
    ),
    Way(
        "forwarding is off",
        WORLD,
        "not_forwarded",
        "The host does not forward it: net.ipv4.ip_forward is 0.",
        "sysctl -qw net.ipv4.ip_forward=0",
        "sysctl -qw net.ipv4.ip_forward=1",
    ),
    Way(
        "a wrong neighbour",
        NEIGHBOUR,
        "lost",
        "but is sent to the MAC address 02:00:00:00:00:99, since namespace db has a permanent neighbour entry",
        "ip neigh replace 172.18.0.2 lladdr 02:00:00:00:00:99 nud permanent dev eth0",
        "ip neigh del 172.18.0.2 dev eth0",
        inside="db",
    ),
    Way(
        "an interface that is down",
        NEIGHBOUR,
        "lost",
        "but eth0 of namespace web is down.",
        "ip link set eth0 down",
        "ip link set eth0 up; ip route add default via 172.18.0.1",
        inside="web",
    ),
]


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with Lab() as lab:
        found = town.build(lab)
        apply(found.host, **SHOP)
        with found.host.inside("web").server(80), found.outside.server(80):
            yield found


def ask(place: Town, question: dict[str, Any], check: bool = False) -> dict[str, Any]:
    before = place.host.dump()
    result = place.host.module("path_info", {"timeout": 1, **question}, check=check)
    left = [line for line in before.changes_to(place.host.dump()) if "neigh" not in line]
    assert left == [], "nothing is left behind"
    assert result["changed"] is False
    return result


@pytest.mark.parametrize(
    ("question", "last"),
    [
        (NEIGHBOUR, "python listens on TCP port 80 of namespace web and answers."),
        (PUBLISHED, "python listens on TCP port 80 of namespace web and answers."),
        (WORLD, "198.51.100.1 answers."),
        (PING, "198.51.100.1 answers."),
    ],
)
def test_what_works_is_told(place: Town, question: dict[str, Any], last: str) -> None:
    result = ask(place, question)
    assert (result["verdict"], result["observed"]) == ("answered", True), result["sentences"]
    assert result["sentences"][-1] == last, result["sentences"]


@pytest.mark.parametrize("way", [pytest.param(way, id=way.name) for way in WAYS])
def test_what_is_broken_is_named(place: Town, way: Way) -> None:
    where = place.host.inside(way.inside) if way.inside else place.host
    where.sh(way.command)
    try:
        result = ask(place, way.ask)
    finally:
        where.sh(way.undo)
    assert way.says in result["sentences"][-1], result["sentences"]
    assert result["verdict"] == way.verdict
    by = result["hops"][-1]["by"]
    assert (by and by["tool"]) == way.tool


def test_check_mode_sends_nothing(place: Town) -> None:
    with place.host.sniffer("br-shop") as sniffer:
        result = ask(place, PUBLISHED, check=True)
        assert sniffer.wait(0.3, protocol=TCP) == []
    assert (result["verdict"], result["observed"]) == ("foreseen", False)
    assert result["sentences"] == [
        "The host sends TCP to 192.0.2.1 port 8080, an address of its own.",
        "A translation on the host sends it to 172.18.0.2 port 80 instead.",
        "The host passes it on by br-shop to namespace web.",
        f"By routes and listeners it arrives: python listens on TCP port 80 of namespace web. {UNTRIED}",
    ]


def test_check_mode_sees_what_routes_show(place: Town) -> None:
    result = ask(place, {**NEIGHBOUR, "port": 81}, check=True)
    assert result["verdict"] == "no_listener"
    place.host.sysctl("net/ipv4/ip_forward", 0)
    try:
        result = ask(place, WORLD, check=True)
    finally:
        place.host.sysctl("net/ipv4/ip_forward", 1)
    assert result["sentences"][-1] == "The host does not forward it: net.ipv4.ip_forward is 0."


def test_nothing_is_left_by_one_that_is_killed(place: Town) -> None:
    host = place.host
    host.write("/tmp/question.json", json.dumps(modules.arguments({**WORLD, "port": 9, "timeout": 30}, False, False)))
    command = [sys.executable, "-m", modules.file_of("path_info"), "/tmp/question.json"]
    place.outside.sh("iptables -I INPUT -p tcp --dport 9 -j DROP")
    before = host.dump()
    with host.spawn(["env", f"PYTHONPATH={COLLECTIONS}", *command]):
        end = time.monotonic() + 20
        while "linuxnet-path" not in host.sh("nft list tables; ip netns exec web nft list tables"):
            assert time.monotonic() < end
            time.sleep(0.05)
    assert [line for line in before.changes_to(host.dump()) if "neigh" not in line] == []
    assert "linuxnet-path" not in host.sh("nft list tables; ip netns exec web nft list tables")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"destination": "here", "port": 80}, "destination: 'here' is not allowed: an IPv4 or IPv6 address"),
        ({"destination": "192.0.2.9"}, "port: None is not allowed: a port from 1 to 65535, since protocol is tcp"),
        ({"destination": "192.0.2.9", "protocol": "icmp", "port": 7}, "port: 7 is not allowed: no port with"),
        (
            {"destination": "192.0.2.9", "port": 80, "timeout": 0},
            "timeout: 0.0 is not allowed: more than 0 and up to 60",
        ),
        (
            {"destination": "192.0.2.9", "port": 80, "source": {"namespace": "gone"}},
            "source.namespace: namespace gone does not exist",
        ),
        (
            {"destination": "192.0.2.9", "port": 80, "source": {"namespace": "web", "host": True}},
            "is not allowed: one of namespace and host",
        ),
    ],
)
def test_bad_input(place: Town, options: dict[str, Any], says: str) -> None:
    assert says in place.host.module("path_info", options, fails=True)["msg"]
