# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What conntrack tracks opens nothing: half-open connections, forged replies, errors about open connections."""

from __future__ import annotations

import struct

from tests.integration.traffic.attacks import WIRE, Attack
from tests.integration.traffic.keeping import flush
from tests.integration.traffic.packets import ANY, Packets, Shot, udp
from tests.integration.traffic.siege import Siege
from tests.integration.traffic.volley import fire
from tests.lab import frames

BOTH = (False, True)


def _answer(source: str, target: str, source_port: int) -> Packets:
    """A datagram to the source port of the first attack of a volley."""
    return lambda shot: [frames.udp(shot.of(source), shot.of(target), source_port, shot.port, shot.marker)]


def test_answers_to_what_began_while_rules_were_missing(each_siege: Siege) -> None:
    """The endpoint's side of an unpublished connection ends with the repair."""
    siege = each_siege
    siege.expose()
    there = [Attack("", "in", ipv6, "lan", "web", "", ANY["udp to another port"]("lan", "web")) for ipv6 in BOTH]
    back = [Attack("", "back", ipv6, "web", WIRE, "", _answer("web", "lan", 7777)) for ipv6 in BOTH]
    flush(siege, "mangle", "filter")
    assert fire(siege, there, port=41000) == there
    assert fire(siege, back, port=41000) == back, "the control"
    siege.apply()
    assert fire(siege, back, port=41000) == []


def test_forged_answers_to_what_passes_through(each_siege: Siege) -> None:
    """The neighbour asks a server in the world through this host; an endpoint replies with that server's address."""
    siege = each_siege
    siege.expose()
    through = [Attack("", "query", ipv6, "lan", "outside", "", udp(5300)("lan", "outside")) for ipv6 in BOTH]
    forged = [Attack("", "answer", ipv6, "db", WIRE, "", _answer("outside", "lan", 5300)) for ipv6 in BOTH]
    assert fire(siege, through, port=42000) == through
    assert fire(siege, forged, port=42000) == []
    flush(siege, "mangle", "filter")
    assert fire(siege, through, port=42010) == through
    assert fire(siege, forged, port=42010) == forged, "the control"
    siege.apply()


def _error(source: str, target: str, inner: tuple[str, str]) -> Packets:
    """An ICMP error about a datagram that an endpoint has really sent to port 5301 of the world."""

    def packets(shot: Shot) -> list[bytes]:
        about = frames.udp(shot.of(inner[0]), shot.of(inner[1]), shot.port, 5301, shot.marker)
        make, kind = (frames.icmpv6, 1) if shot.ipv6 else (frames.icmp, 3)
        return [make(shot.of(source), shot.of(target), kind, 1, struct.pack("!I", 0) + about)]

    return packets


def test_errors_about_open_connections(each_siege: Siege) -> None:
    """An error about an endpoint's connection reaches it through the host's address, as it must, and no other way."""
    siege = each_siege
    siege.expose()
    began = [Attack("", "query", ipv6, "web", "outside", "", udp(5301)("web", "outside")) for ipv6 in BOTH]
    assert fire(siege, began, port=43000) == began
    lawful = [
        Attack("", "error", v6, "outside", "web", "", _error("outside", "host", ("host", "outside"))) for v6 in BOTH
    ]
    assert fire(siege, lawful, port=43000) == lawful
    for inner in (("web", "outside"), ("host", "outside"), ("outside", "web")):
        for sender in ("lan", "outside"):
            crafted = [Attack("", "error", v6, sender, "web", "", _error(sender, "web", inner)) for v6 in BOTH]
            assert fire(siege, crafted, port=43000) == [], (inner, sender)
