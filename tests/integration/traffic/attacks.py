# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacks, and for each what has to be taken away to see it succeed.

An attack is won when its packet is seen where it must not arrive: at the victim's interface, on the wire or by the
host's own stack. Whether somebody answers does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.integration.traffic import packets
from tests.integration.traffic.packets import ANY, ODD, UNTRACKED, Kind, Packets
from tests.integration.traffic.siege import NOTRACK, SECOND

#: Victims that are no endpoints: packets whose source is not the host's, seen on the host's segment; or any at all.
WIRE, WIRE_ANY = "wire", "wire, translated or not"


@dataclass(frozen=True)
class Attack:
    """``by`` is whose MAC address the frame is for: the host's where empty, "all", or a place."""

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


@dataclass(frozen=True)
class Control:
    """Shell commands that take a protection away, and that undo what applying ``bridges`` again does not."""

    take: str
    undo: str = ""
    bridges: tuple[str, ...] = ("br0",)


def _both(*commands: str) -> str:
    return "\n".join(f"{program} {command}" for program in ("iptables", "ip6tables") for command in commands)


_FORWARD = ("-F FORWARD", "-t mangle -F FORWARD")
_RAW = "-t raw -F PREROUTING"
_NAT = "-t nat -F POSTROUTING"
#: The role's rp_filter=2 on bridges stops sources in 127.0.0.0/8 too.
_NO_FILTER = "".join(f"\necho 0 > /proc/sys/net/ipv4/conf/{name}/rp_filter" for name in ("all", "br0", "br1"))
_BROADCASTS = "".join(f"\necho {{0}} > /proc/sys/net/ipv4/conf/{name}/bc_forwarding" for name in ("all", "eth0"))
_LOCALNET = "\necho {1} > /proc/sys/net/ipv4/conf/{0}/route_localnet"
_TO_WEB = "-p {0} --dport 8081 -d 192.0.2.1 -j DNAT --to-destination 172.18.0.2:81"
_HIJACKS = [
    f"{program} -t nat {{}} PREROUTING -p udp --dport 53 -j LINUXNET-DNAT" for program in ("iptables", "ip6tables")
]
CONTROLS = {
    "forward": Control(_both(*_FORWARD)),
    "raw": Control(_both(_RAW) + _NO_FILTER, "", ("br0", "br1", "br2")),
    "raw and forward": Control(
        _both(_RAW, *_FORWARD) + _NO_FILTER + _LOCALNET.format("br1", 1), _LOCALNET.format("br1", 0), ("br0", "br1", "br2")
    ),
    "broadcast": Control(
        _both(*_FORWARD) + _BROADCASTS.format(1), _BROADCASTS.format(0)
    ),
    "nat": Control(_both(_NAT)),
    "nat and forward": Control(_both(_NAT, *_FORWARD)),
    "loopback": Control(
        _LOCALNET.format("all", 1) + "\niptables -t nat -I PREROUTING -j LINUXNET-DNAT-LOOPBACK\n"
        f"iptables -t nat -I PREROUTING {_TO_WEB.format('tcp')}\niptables -t nat -I PREROUTING {_TO_WEB.format('udp')}",
        _LOCALNET.format("all", 0) + "\niptables -t nat -D PREROUTING -j LINUXNET-DNAT-LOOPBACK\n"
        f"iptables -t nat -D PREROUTING {_TO_WEB.format('tcp')}\niptables -t nat -D PREROUTING {_TO_WEB.format('udp')}",
        (),
    ),
    "isolated": Control("bridge link set dev vt1 isolated off\nbridge link set dev vt2 isolated off", "", ("br3",)),
    "addrtype": Control(
        "\n".join(_HIJACKS).replace("{}", "-I"),
        "\n".join(_HIJACKS).replace("{}", "-D"),
        (),
    ),
}


def _attack(
    group: str, name: str, kind: Kind, sender: str, target: str, victim: str, control: str, source: str = "", by: str = ""
) -> Iterator[Attack]:
    """In both families, or in one where an address says so."""
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
    for source in ("db", "br0", "outside"):
        kind = ANY["udp to another port"]
        if source != "br0":  # the kernel itself drops what comes from its own address
            yield from _attack(group, f"from the address of {source}", kind, "lan", "web", "web", "forward", source)
    yield from _attack(group, "to the subnet's broadcast", packets.udp(7777), "lan", "172.18.255.255", "web", "broadcast")


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
        yield from _attack(group, f"{name} from 127.0.0.7", kind(9999), "lan", "192.0.2.1", "host", "loopback", "127.0.0.7")
    group = "endpoint to the host's own 127.0.0.1"
    for name, kind in kinds.items():
        for port in (9999, 8081):
            yield from _attack(group, f"{name} to port {port}", kind(port), "db", "127.0.0.1", "host", "raw")
    group = "endpoint speaks from 127.0.0.0/8"
    for target in ("192.0.2.1", "172.18.0.1"):
        yield from _attack(group, f"to {target}", packets.udp(9998), "db", target, "host", "raw", "127.0.0.5")
    yield from _attack(group, "to a published port", packets.tcp(8080), "app", "192.0.2.1", "web", "raw and forward", "127.0.0.5")
    yield from _attack(
        group, "to the neighbour", packets.udp(4000), "db", "192.0.2.9", WIRE, "raw and forward", "127.0.0.5"
    )


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
        yield from _attack(group, f"{name}, published, by the other gateway", kind, "in1", "br0", "web", "raw and forward")
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
                name = f"{name} from {source} to {target}"
                control = "nat and forward" if source == "app" else "forward"
                yield from _attack(group, name, kind, "db", target, WIRE, control, source)
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
