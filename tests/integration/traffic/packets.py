# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets for attacks, in either family, each with a marker that shows its arrival."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.integration.traffic.siege import ADDRESSES
from tests.lab import frames

FIN, PUSH, URGENT = 0x01, 0x08, 0x20
_FRAGMENT_HEADER = 44


@dataclass(frozen=True)
class Shot:
    """One shot of an attack: its family, its marker, and a source port that no other shot has."""

    ipv6: bool
    marker: bytes
    port: int

    def of(self, name: str) -> str:
        """The address of a place or bridge; an address is returned as it is."""
        return ADDRESSES[name][self.ipv6] if name in ADDRESSES else name


#: The IP packets of an attack.
Packets = Callable[[Shot], list[bytes]]
#: The same, given the two places.
Kind = Callable[[str, str], Packets]


def tcp(port: int, flags: int = frames.SYN) -> Kind:
    def kind(source: str, target: str) -> Packets:
        return lambda shot: [frames.tcp(shot.of(source), shot.of(target), shot.port, port, flags, shot.marker)]

    return kind


def udp(port: int) -> Kind:
    def kind(source: str, target: str) -> Packets:
        return lambda shot: [frames.udp(shot.of(source), shot.of(target), shot.port, port, shot.marker)]

    return kind


def _icmp(shot: Shot, source: str, target: str, types: tuple[int, int], code: int, body: bytes) -> bytes:
    """types: for IPv4 and for IPv6."""
    make = frames.icmpv6 if shot.ipv6 else frames.icmp
    return make(shot.of(source), shot.of(target), types[shot.ipv6], code, body)


def echo(source: str, target: str) -> Packets:
    return lambda shot: [_icmp(shot, source, target, (8, 128), 0, struct.pack("!HH", shot.port, 1) + shot.marker)]


def message(ipv4: int, ipv6: int) -> Kind:
    """An ICMP message of any type."""

    def kind(source: str, target: str) -> Packets:
        return lambda shot: [_icmp(shot, source, target, (ipv4, ipv6), 0, bytes(20) + shot.marker)]

    return kind


def error(source: str, target: str) -> Packets:
    """An ICMP error about a datagram that the target never sent."""

    def packets(shot: Shot) -> list[bytes]:
        about = frames.udp(shot.of(target), shot.of(source), 53, shot.port, shot.marker)
        return [_icmp(shot, source, target, (3, 1), 1, bytes(4) + about)]

    return packets


def fragments(source: str, target: str) -> Packets:
    """A datagram in two fragments."""

    def packets(shot: Shot) -> list[bytes]:
        ends = shot.of(source), shot.of(target)
        header = 40 if shot.ipv6 else 20
        datagram = frames.udp(*ends, shot.port, 7777, shot.marker.ljust(1600, b"."))[header:]
        parts = (datagram[:800], 0, True), (datagram[800:], 800, False)
        return [_fragment(shot, *ends, *part) for part in parts]

    return packets


def _fragment(shot: Shot, source: str, target: str, data: bytes, offset: int, more: bool) -> bytes:
    if shot.ipv6:
        extension = struct.pack("!BBHI", frames.UDP, 0, offset | more, shot.port)
        return frames.ip(source, target, _FRAGMENT_HEADER, extension + data)
    return frames.ip(source, target, frames.UDP, data, fragment=offset // 8 | more << 13)


def protocol(number: int) -> Kind:
    """An IP protocol that has no ports."""

    def kind(source: str, target: str) -> Packets:
        return lambda shot: [frames.ip(shot.of(source), shot.of(target), number, bytes(16) + shot.marker)]

    return kind


ANY: dict[str, Kind] = {
    "tcp to a published port": tcp(80),
    "tcp to another port": tcp(7777),
    "udp to a published port": udp(53),
    "udp to another port": udp(7777),
    "echo": echo,
    "ACK": tcp(80, frames.ACK),
    "RST": tcp(80, frames.RST),
    "SYN-ACK": tcp(7777, frames.SYN | frames.ACK),
    "an ICMP error": error,
    "fragments": fragments,
    **{f"protocol {number}": protocol(number) for number in (4, 41, 47, 50, 59, 132, 253)},
}
ODD: dict[str, Kind] = {
    "FIN": tcp(80, FIN),
    "no flags": tcp(80, 0),
    "all flags": tcp(80, FIN | frames.SYN | frames.RST | PUSH | frames.ACK | URGENT),
    "echo reply": message(0, 129),
    "an ICMP error": error,
}
#: conntrack does not track these; it lets them pass.
UNTRACKED: dict[str, Kind] = {f"ICMPv6 {number}": message(0, number) for number in (*range(130, 138), 143)}
