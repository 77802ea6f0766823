# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that conntrack would take for part of an open connection, sent by an outsider."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import NATIVE
from tests.integration.traffic.attacks import WIRE, Attack
from tests.integration.traffic.combinations import PAIRWISE, Combination
from tests.integration.traffic.keeping import flush
from tests.integration.traffic.packets import Packets, Shot, udp
from tests.integration.traffic.siege import Siege, network
from tests.integration.traffic.volley import fire
from tests.lab import frames

BOTH = (False, True)
HOST_PORT, SERVER_PORT = 9998, 5300


def _answer(source: str, target: str, source_port: int) -> Packets:
    """A datagram to the source port of the open connection."""
    return lambda shot: [frames.udp(shot.of(source), shot.of(target), source_port, shot.port, shot.marker)]


def _error(source: str, target: str, about: tuple[str, str, int]) -> Packets:
    """An ICMP error that quotes a datagram of the open connection: from, to, port."""

    def packets(shot: Shot) -> list[bytes]:
        quoted = frames.udp(shot.of(about[0]), shot.of(about[1]), shot.port, about[2], shot.marker)
        make, kind = (frames.icmpv6, 1) if shot.ipv6 else (frames.icmp, 3)
        return [make(shot.of(source), shot.of(target), kind, 1, struct.pack("!I", 0) + quoted)]

    return packets


@dataclass(frozen=True)
class Lie:
    """Who opens the connection to whom, and the lie about it: who sends it, and where it must not arrive."""

    began: tuple[str, str, int]
    arrived: str
    liar: str
    victim: str
    packets: Packets
    families: tuple[bool, ...] = BOTH

    def begin(self, siege: Siege, port: int) -> None:
        """Open the connection from a port, in every family."""
        source, target, to = self.began
        first = [Attack("", "", v6, source, self.arrived, "", udp(to)(source, target)) for v6 in self.families]
        assert fire(siege, first, port) == first

    def believed(self, siege: Siege, port: int) -> int:
        """In how many families it is believed."""
        return len(
            fire(siege, [Attack("", "", v6, self.liar, self.victim, "", self.packets) for v6 in self.families], port)
        )


LIES = {
    "an endpoint quotes a connection of the host": Lie(
        ("lan", "host", HOST_PORT), "host", "db", WIRE, _error("db", "lan", ("lan", "host", HOST_PORT))
    ),
    "an endpoint quotes a connection of another network": Lie(
        ("app", "lan", SERVER_PORT), "lan", "db", WIRE, _error("db", "lan", ("lan", "app", SERVER_PORT))
    ),
    "the neighbour quotes a connection to the gateway": Lie(
        ("web", "br0", HOST_PORT), "host", "lan", "web", _error("lan", "web", ("web", "br0", HOST_PORT))
    ),
    "the neighbour answers in the gateway's name": Lie(
        ("web", "br0", HOST_PORT), "host", "lan", "web", _answer("br0", "web", HOST_PORT), (True,)
    ),
    "the neighbour answers in the host's name": Lie(
        ("web", "host", HOST_PORT), "host", "lan", "web", _answer("host", "web", HOST_PORT), (True,)
    ),
    "the neighbour answers in the name of a published server": Lie(
        ("app", "host", 53), "web", "lan", "app", _answer("web", "br0", 53)
    ),
    "an endpoint answers in the name of another network's server": Lie(
        ("lan", "host", 53), "web", "t1", "lan", _answer("web", "lan", 53)
    ),
    "it answers so to a third network": Lie(("app", "host", 53), "web", "t1", "app", _answer("web", "br0", 53)),
    "an endpoint answers in the name of a server in the world": Lie(
        ("app", "outside", SERVER_PORT), "outside", "db", "app", _answer("outside", "app", SERVER_PORT)
    ),
}


def told(siege: Siege, first_port: int) -> dict[str, int]:
    """In how many families each lie is believed."""
    found = {}
    siege.refresh()
    for port, (name, lie) in enumerate(LIES.items(), first_port // 10):
        lie.begin(siege, 10 * port)
        found[name] = lie.believed(siege, 10 * port)
    return found


NONE = dict.fromkeys(LIES, 0)


def test_no_lie_is_believed(each_siege: Siege, combination: Combination) -> None:
    assert told(each_siege, 40000 + 1000 * PAIRWISE.index(combination)) == NONE


@pytest.mark.parametrize(
    ("siege", "table", "port"),
    [("nft", "mangle", 32000), ("nft", "filter", 33000), (NATIVE, "mangle", 34000)],
    indirect=["siege"],
)
def test_nor_while_one_table_is_flushed(siege: Siege, table: str, port: int) -> None:
    siege.configure(0, "ACCEPT", 0)
    flush(siege, table)
    found = told(siege, port)
    siege.apply()
    siege.unfiltered()
    assert found == NONE


def test_every_lie_is_believed_without_rules(each_siege: Siege) -> None:
    siege = each_siege
    siege.expose()
    flush(siege, "mangle", "filter")
    found = told(siege, 34000)
    siege.apply()
    siege.unfiltered()
    assert found == {name: len(lie.families) for name, lie in LIES.items()}


def test_an_answer_to_a_program_on_127(each_siege: Siege) -> None:
    """It uses a port of web that is published there; another network's endpoint replies with web's address."""
    siege = each_siege
    siege.expose()
    forged = [Attack("", "", False, "t1", "host", "", _answer("web", "br0", 81))]
    for port, flushed in ((35000, False), (35010, True)):
        if flushed:
            flush(siege, "mangle")
        assert siege.ask("host", [("udp", "127.0.0.1", 8081, f"127.0.0.1:{port}")], 5.0) != [None]
        assert fire(siege, forged, port) == forged * flushed
    siege.apply()
    siege.unfiltered()


def test_the_detour_by_the_gateway_ends_with_the_repair(each_siege: Siege) -> None:
    """Without icc: connections between endpoints that began while rules were missing end."""
    siege = each_siege
    siege.expose()
    flush(siege, "mangle", "filter")
    there = [Attack("", "", v6, "t1", "t2", "", udp(7000)("t1", "t2")) for v6 in BOTH]
    back = [Attack("", "", v6, "t2", "t1", "", _answer("t2", "t1", 7000)) for v6 in BOTH]
    assert fire(siege, there, 36000) == there
    assert fire(siege, back, 36000) == back, "the control"
    siege.apply()
    siege.unfiltered()
    assert fire(siege, back, 36000) == []


def test_what_is_no_longer_trusted(each_siege: Siege) -> None:
    """The endpoint's side of its connections ends, since nothing would translate it."""
    siege = each_siege
    siege.expose()
    there = [Attack("", "", v6, "lan", "web", "", udp(7777)("lan", "web")) for v6 in BOTH]
    back = [Attack("", "", v6, "web", WIRE, "", _answer("web", "lan", 7777)) for v6 in BOTH]
    apply(siege.host, **network("br0"), trusted_interfaces=["eth0"])
    siege.unfiltered()
    assert fire(siege, there, 37000) == there
    assert fire(siege, back, 37000) == back, "the control"
    siege.apply("br0")
    siege.unfiltered()
    assert fire(siege, [*there, *back], 37000) == []
    assert fire(siege, back, 37000) == []
