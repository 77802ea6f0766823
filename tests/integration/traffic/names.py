# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spoof an endpoint's address once, so that later packets of the spoofer would pass for replies to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.integration.traffic.attacks import Attack
from tests.integration.traffic.packets import Packets, Shot
from tests.integration.traffic.siege import Siege
from tests.integration.traffic.volley import fire
from tests.lab import frames

#: A port that nobody publishes and no program listens on: two echo servers would talk to each other forever.
CLOSED = 7778
VICTIMS = ("web", "db", "app", "in1", "t2", "r1", "r2")
#: Addresses of the host's segment on which the host accepts packets but from which none of its programs replies.
NOBODY = ("192.0.2.255", "2001:db8::")


@dataclass(frozen=True)
class Ruse:
    """``said``: what the neighbour sends with the victim's address. ``then``: what would pass for the reply."""

    name: str
    said: Attack
    then: Attack

    def __str__(self) -> str:
        return f"{self.name} for {self.then.victim}, {'IPv6' if self.then.ipv6 else 'IPv4'}"


def udp(source: str, target: str, source_port: int = 0, port: int = 0) -> Packets:
    """A port of 0 means the shot's own port."""
    return lambda shot: [
        frames.udp(shot.of(source), shot.of(target), source_port or shot.port, port or shot.port, shot.marker)
    ]


def _syn(source: str, target: str, source_port: int = 0, port: int = 0) -> Packets:
    def packets(shot: Shot) -> list[bytes]:
        ports = source_port or shot.port, port or shot.port
        return [frames.tcp(shot.of(source), shot.of(target), *ports, frames.SYN, shot.marker)]

    return packets


def _ruse(name: str, ipv6: bool, victim: str, said: Packets, then: Packets, sender: str = "lan") -> Ruse:
    return Ruse(
        name, Attack("", "said", ipv6, "lan", victim, "", said), Attack("", "then", ipv6, sender, victim, "", then)
    )


def _ruses(ipv6: bool) -> Iterator[Ruse]:
    for victim in VICTIMS:
        to_oneself = udp(victim, "lan", CLOSED), udp("lan", victim, port=CLOSED)
        yield _ruse("to the neighbour's own address", ipv6, victim, *to_oneself)
        nobody = NOBODY[ipv6]
        for word, kind in (("datagram", udp), ("SYN", _syn)):
            to_nobody = kind(victim, nobody, CLOSED), kind(nobody, victim, port=CLOSED)
            yield _ruse(f"{word} to an address of the host that nobody answers from", ipv6, victim, *to_nobody)
    for victim in ("r2", "t2"):
        published = udp(victim, "host", CLOSED, 53), udp("web", victim, 53, CLOSED)
        yield _ruse("to another network's published port", ipv6, victim, *published, sender="web")
    within = udp("r2", "r1", CLOSED, 53), udp("r1", "r2", 53, CLOSED)
    yield _ruse("to a published port of the same network", ipv6, "r2", *within)


RUSES = [*_ruses(False), *_ruses(True)]


def speak(siege: Siege, ruses: Sequence[Ruse], port: int) -> None:
    """Send everything with the victims' addresses."""
    fire(siege, [ruse.said for ruse in ruses], port)


def believed(siege: Siege, ruses: Sequence[Ruse], port: int) -> list[str]:
    """What passes for a reply."""
    won = fire(siege, [ruse.then for ruse in ruses], port)
    return [str(ruse) for ruse in ruses if ruse.then in won]
