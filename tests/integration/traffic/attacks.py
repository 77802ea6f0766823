# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacks, and for each the control (controls.py) that shows it succeed.

An attack succeeds when its packet is seen where it must not arrive: on the victim's interface, on the wire or by the
host's own stack. Whether anybody answers does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.integration.traffic import packets
from tests.integration.traffic.packets import ANY, ODD, UNTRACKED, Kind, Packets
from tests.integration.traffic.siege import NOTRACK, SECOND

#: Victims that are no endpoints: packets seen on the host's segment whose source is not the host's; or any at all.
WIRE, WIRE_ANY = "wire", "wire, translated or not"


@dataclass(frozen=True)
class Attack:
    """``by``: the owner of the frame's destination MAC address; empty for the host, "all", or a place."""

    group: str
    name: str
    ipv6: bool
    sender: str
    victim: str
    control: str
    packets: Packets
    by: str = ""

    def __str__(self) -> str:
        return f"{self.group}: {self.name}, {'IPv6' if self.ipv6 else 'IPv4'}"


def _attack(
    group: str,
    name: str,
    kind: Kind,
    sender: str,
    target: str,
    victim: str,
    control: str,
    source: str = "",
    by: str = "",
) -> Iterator[Attack]:
    """In both families, or in one if an address implies it."""
    for ipv6 in (False, True):
        literal = [text for text in (source, target) if "." in text or ":" in text]
        if all((":" in text) == ipv6 for text in literal):
            made = kind(source or sender, target)
            yield Attack(group, name, ipv6, sender, victim, control, made, by)


def _neighbour() -> Iterator[Attack]:
    group = "neighbour to an endpoint's own address"
    for name, kind in ANY.items():
        yield from _attack(group, name, kind, "lan", "web", "web", "forward")
    for target in ("db", "app", "in1", "t1"):
        yield from _attack(group, f"udp to {target}", ANY["udp to another port"], "lan", target, target, "forward")
        yield from _attack(group, f"ACK to {target}", ANY["ACK"], "lan", target, target, "forward")
    kind = ANY["udp to another port"]
    for source in ("db", "outside"):
        yield from _attack(group, f"from the address of {source}", kind, "lan", "web", "web", "forward", source)
    yield from _attack(group, "to the subnet's broadcast", kind, "lan", "172.18.255.255", "web", "broadcast")
    group = "neighbour to a published port in another's name"
    # The kernel drops IPv4 packets from its own addresses as martian.
    for source in ("db", "app", "fd00:18::1", "2001:db8::1"):
        yield from _attack(group, f"from {source}", packets.udp(53), "lan", "host", "web", "forward", source)


def _loopback() -> Iterator[Attack]:
    group = "neighbour to a port published on 127.0.0.0/8"
    kinds = {"tcp": packets.tcp, "udp": packets.udp}
    for name, kind in kinds.items():
        for target, port in (("127.0.0.1", 8081), ("127.0.0.5", 8082), ("192.0.2.1", 8081)):
            yield from _attack(group, f"{name} to {target}", kind(port), "lan", target, "web", "loopback")
        yield from _attack(
            group, f"{name} from 127.0.0.7", kind(8081), "lan", "127.0.0.1", "web", "loopback", "127.0.0.7"
        )
    group = "neighbour to the host's own 127.0.0.1"
    for name, kind in kinds.items():
        yield from _attack(group, name, kind(9999), "lan", "127.0.0.1", "host", "loopback")
        spoofed = f"{name} from 127.0.0.7"
        yield from _attack(group, spoofed, kind(9999), "lan", "192.0.2.1", "host", "loopback", "127.0.0.7")
    group = "endpoint to the host's own 127.0.0.1"
    for name, kind in kinds.items():
        for port in (9999, 8081):
            yield from _attack(group, f"{name} to port {port}", kind(port), "db", "127.0.0.1", "host", "raw")
    group = "endpoint speaks from 127.0.0.0/8"
    for target in ("192.0.2.1", "172.18.0.1"):
        yield from _attack(group, f"to {target}", packets.udp(9998), "db", target, "host", "raw", "127.0.0.5")
    control = "raw and forward"
    yield from _attack(group, "to a published port", packets.tcp(8080), "app", "192.0.2.1", "web", control, "127.0.0.5")
    yield from _attack(group, "to the neighbour", packets.udp(4000), "db", "192.0.2.9", WIRE, control, "127.0.0.5")


def _between_networks() -> Iterator[Attack]:
    group = "endpoint to another network's unpublished port"
    for name, kind in ANY.items():
        yield from _attack(group, name, kind, "db", "app", "app", "forward")
    for name in ("tcp to a published port", "udp to another port", "echo"):
        yield from _attack(group, f"{name}, the other way", ANY[name], "app", "web", "web", "forward")
        yield from _attack(group, f"{name}, from the victim's subnet", ANY[name], "app", "web", "web", "forward", "db")
        yield from _attack(group, f"{name}, internal", ANY[name], "db", "in1", "in1", "forward")
        yield from _attack(group, f"{name}, without icc", ANY[name], "db", "t1", "t1", "forward")


def _without_icc() -> Iterator[Attack]:
    group = "endpoint to its neighbour without icc"
    for name, kind in ANY.items():
        yield from _attack(group, f"{name}, by its MAC address", kind, "t1", "t2", "t2", "isolated", by="t2")
        yield from _attack(group, f"{name}, by the gateway's MAC address", kind, "t1", "t2", "t2", "forward")
    yield from _attack(group, "by the broadcast MAC address", packets.udp(7777), "t1", "t2", "t2", "isolated", by="all")
    yield from _attack(group, "subnet broadcast", packets.udp(7777), "t1", "172.21.255.255", "t2", "isolated", by="all")


def _internal() -> Iterator[Attack]:
    group = "internal network to the outside"
    for name in ("tcp to a published port", "udp to a published port", "udp to another port", "echo", "ACK"):
        yield from _attack(group, name, ANY[name], "in1", "outside", WIRE_ANY, "raw and forward")
    for source in ("web", "10.9.9.9", "2001:db8:bad::1"):
        yield from _attack(
            group, f"from {source}", packets.udp(7777), "in1", "outside", WIRE_ANY, "raw and forward", source
        )
    group = "internal network to other networks"
    kinds = {"tcp": packets.tcp(8080), "udp": packets.udp(53)}
    for name, kind in kinds.items():
        yield from _attack(group, f"{name}, published", kind, "in1", "host", "web", "raw and forward")
        yield from _attack(group, f"{name}, published, by {SECOND}", kind, "in1", SECOND, "web", "raw and forward")
        yield from _attack(group, f"{name}, published, by its own gateway", kind, "in1", "br2", "web", "forward")
        yield from _attack(
            group, f"{name}, published, by another gateway", kind, "in1", "br0", "web", "raw and forward"
        )
    for name in ("tcp to a published port", "udp to another port", "echo"):
        yield from _attack(group, name, ANY[name], "in1", "web", "web", "raw and forward")
    group = "internal network to the host's other addresses"
    for target in ("host", "br0", "br1", SECOND):
        for name, kind in {"tcp": packets.tcp(22), "udp": packets.udp(9998), "echo": packets.echo}.items():
            yield from _attack(group, f"{name} to {target}", kind, "in1", target, "host", "raw")


def _untranslated() -> Iterator[Attack]:
    group = "untranslated packets on the uplink"
    for name, kind in ODD.items():
        yield from _attack(group, name, kind, "db", "outside", WIRE, "forward")
    for target in ("outside", "lan"):
        for source in ("10.9.9.9", "2001:db8:bad::1", "app"):
            for name, kind in {"udp": packets.udp(7777), "SYN": packets.tcp(80), "echo": packets.echo}.items():
                control = "nat and forward" if source == "app" else "forward"
                told = f"{name} from {source} to {target}"
                yield from _attack(group, told, kind, "db", target, WIRE, control, source)
    yield from _attack(group, "not tracked", packets.udp(NOTRACK), "db", "outside", WIRE, "forward")
    for name, kind in UNTRACKED.items():
        yield from (one for one in _attack(group, name, kind, "db", "outside", WIRE, "forward") if one.ipv6)
    group = "ordinary packets leave untranslated"
    for name, kind in {"udp": packets.udp(7777), "SYN": packets.tcp(80), "echo": packets.echo}.items():
        yield from _attack(group, name, kind, "db", "outside", WIRE, "nat")


def _hijack() -> Iterator[Attack]:
    group = "queries to other resolvers are caught"
    for sender in ("db", "app", "t1", "lan"):
        yield from _attack(group, f"of {sender}", packets.udp(53), sender, "outside", "web", "addrtype")


ATTACKS: tuple[Attack, ...] = (
    *_neighbour(),
    *_loopback(),
    *_between_networks(),
    *_without_icc(),
    *_internal(),
    *_untranslated(),
    *_hijack(),
)
