# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint speaks with its own addresses alone, whoever listens: other endpoints, the host, or who is past a card.

wire ---- eth1 (enslaved) ---- br0 172.18.0.1 ---- web .2 (the attacker)  db .3  cache .4  free .5 (not guarded)
"""

from __future__ import annotations

import ipaddress
import random
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import link_local
from tests.integration.rule_hosts import NATIVE, use_backend
from tests.lab import frames
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.traffic import Sniffer

NAMES = ("web", "db", "cache", "free")
ADDRESSES = {name: (f"172.18.0.{last}", f"fd00:18::{last}") for last, name in enumerate(("br0", *NAMES), 1)}
#: No endpoint has these.
UNUSED, UNUSED6, FOREIGN_MAC = "172.18.0.77", "fd00:18::77", "02:00:00:00:00:77"
ALL_NODES, STP_GROUP = ("33:33:00:00:00:01", "ff02::1"), "01:80:c2:00:00:00"
NOBODY, UNSPECIFIED = str(ipaddress.IPv4Address(0)), "::"
VLAN, SERVICE_VLAN, LLDP, PPPOE = 0x8100, 0x88A8, 0x88CC, 0x8863
TABLE = "table bridge linuxnet"
Frames = dict[str, bytes]


class Scene:
    """A network with listeners everywhere."""

    def __init__(self, host: Host, wire: Host, firewall: str) -> None:
        self.host, self.wire, self.firewall = host, wire, firewall
        self.macs: dict[str, str] = {}
        self.sniffers: dict[str, Sniffer] = {}

    def apply(self) -> dict[str, Any]:
        endpoints = [
            {"namespace": name, "host_interface": f"v{name}", "guard": name != "free"}
            | dict(zip(("ipv4_address", "ipv6_address"), ADDRESSES[name], strict=True))
            for name in NAMES
        ]
        subnets = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
        network = {"name": "br0", "ipam_config": subnets, "endpoints": endpoints, "ports": ["eth1"]}
        return self.host.module("bridge_network", {**network, "firewall": self.firewall})

    def learn(self) -> None:
        for name in NAMES:
            self.macs[name] = self.host.inside(name).ip("link", "show", "eth0")[0]["address"]
        self.macs["br0"] = self.host.ip("link", "show", "br0")[0]["address"]

    def arriving(self, sent: Frames, sender: str = "web") -> list[str]:
        """Those of the frames that anybody else gets."""
        before = {name: len(sniffer.packets) for name, sniffer in self.sniffers.items()}
        for frame in sent.values():
            self.host.inside(sender).send_frames("eth0", [frame])
        time.sleep(0.3)
        seen = {packet.raw for name, sniffer in self.sniffers.items() for packet in sniffer.packets[before[name] :]}
        return [name for name, frame in sent.items() if any(raw.startswith(_untagged(frame)) for raw in seen)]


def _untagged(frame: bytes) -> bytes:
    """The frame as a sniffer shows it: the kernel takes the first tag for a property of the packet."""
    return frame[:12] + frame[16:] if frame[12:14] in (b"\x81\x00", b"\x88\xa8") else frame


@pytest.fixture(
    scope="module",
    params=[
        ("nft", 0),
        pytest.param(("nft", 1), marks=pytest.mark.needs("bridge-nf")),
        (NATIVE, 0),
        pytest.param((NATIVE, 1), marks=pytest.mark.needs("bridge-nf")),
    ],
    ids=lambda pair: f"{pair[0]}-bridge-nf {pair[1]}",
)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    backend, bridge_nf = request.param
    with Lab() as lab, ExitStack() as stack:
        host = lab.host("host")
        segment = lab.segment("wire")
        segment.join(host, "eth1", [])
        wire = segment.neighbour("wire", ["172.18.0.200/16"])
        use_backend(host, backend)
        for kind in ("iptables", "ip6tables"):
            host.sysctl(f"net/bridge/bridge-nf-call-{kind}", bridge_nf)
        made = Scene(host, wire, host.firewall)
        told = made.apply()
        assert ["eth1: what free sends" in str(line) for line in told["warnings"] if "eth1" in str(line)] == [True]
        made.learn()
        for name in NAMES[1:]:
            made.sniffers[name] = stack.enter_context(host.inside(name).sniffer("eth0"))
        made.sniffers["host"] = stack.enter_context(host.sniffer("br0"))
        made.sniffers["wire"] = stack.enter_context(wire.sniffer("eth0"))
        yield made


def _icmp6(kind: int, source: str, to: str, about: str, *option: str | int, flags: int = 0) -> bytes:
    """A message of neighbour discovery, with an option of this number for a MAC address."""
    body = struct.pack("!I", flags) + ipaddress.ip_address(about).packed
    if option:
        number, mac = option
        body += struct.pack("!BB", number, 1) + frames.mac_bytes(str(mac))
    return frames.icmpv6(source, to, kind, 0, body)


def attacks(scene: Scene) -> Frames:
    """Frames that nobody but their names' owners may send, or no endpoint at all."""
    own, db, cache, gateway = (scene.macs[name] for name in ("web", "db", "cache", "br0"))
    (own4, own6), (db4, db6), (cache4, cache6) = (ADDRESSES[name] for name in ("web", "db", "cache"))
    (gateway4, gateway6), at_all = ADDRESSES["br0"], frames.BROADCAST
    local, foreign_local = str(link_local(own)), str(link_local(FOREIGN_MAC))
    solicited = 0x60000000

    def arp(*words: Any, to: str = cache) -> bytes:
        return frames.ethernet(to, own, frames.ARP, frames.arp(*words))

    def ip4(packet: bytes, to: str = db) -> bytes:
        return frames.ethernet(to, own, frames.IPV4, packet)

    def ip6(packet: bytes, to: str = cache) -> bytes:
        return frames.ethernet(to, own, frames.IPV6, packet)

    def all_nodes(packet: bytes) -> bytes:
        return ip6(packet, ALL_NODES[0])

    plain = frames.udp(own4, db4, 9, 9)
    own_plain = frames.arp(1, own, own4, frames.BROADCAST, db4)
    return {
        "ARP reply in a neighbour's name": arp(2, own, db4, cache, cache4),
        "ARP reply in the gateway's name": arp(2, own, gateway4, cache, cache4),
        "gratuitous ARP in a neighbour's name": arp(1, own, db4, at_all, db4, to=at_all),
        "ARP question in a neighbour's name": arp(1, own, db4, at_all, cache4, to=at_all),
        "ARP reply with a neighbour's MAC address": arp(2, db, own4, cache, cache4),
        "ARP for a free address": arp(1, own, UNUSED, at_all, UNUSED, to=at_all),
        "ARP probe for a neighbour's address": arp(1, own, NOBODY, at_all, db4, to=at_all),
        "ARP reply from no address": arp(2, own, NOBODY, cache, cache4),
        "NA in a neighbour's name": ip6(_icmp6(136, db6, cache6, db6, 2, own, flags=solicited)),
        "NA about a neighbour": ip6(_icmp6(136, own6, cache6, db6, 2, own, flags=solicited)),
        "NA about the gateway": ip6(_icmp6(136, own6, cache6, gateway6, 2, own, flags=solicited)),
        "NA about a free address": all_nodes(_icmp6(136, own6, ALL_NODES[1], UNUSED6, 2, own)),
        "NA with a neighbour's MAC address": ip6(_icmp6(136, own6, cache6, own6, 2, db, flags=solicited)),
        "NA in an extension header's shadow": ip6(_behind_options(_icmp6(136, own6, cache6, db6, 2, own))),
        "NS from a neighbour's address": ip6(_icmp6(135, db6, cache6, cache6, 1, own)),
        "NS with a neighbour's MAC address": ip6(_icmp6(135, own6, cache6, cache6, 1, db)),
        "DAD for a neighbour's address": all_nodes(_icmp6(135, UNSPECIFIED, ALL_NODES[1], db6)),
        "router advertisement": all_nodes(frames.router_advertisement(local, own, "2001:db8:bad::/64")),
        "redirect": ip6(frames.icmpv6(local, cache6, 137, 0, bytes(4) + 2 * ipaddress.ip_address(own6).packed)),
        "a neighbour's source MAC address": frames.ethernet(cache, db, frames.IPV4, plain),
        "the gateway's source MAC address": frames.ethernet(cache, gateway, frames.IPV4, plain),
        "a foreign source MAC address": frames.ethernet(cache, FOREIGN_MAC, frames.IPV4, plain),
        "IPv4 from a neighbour's address": ip4(frames.udp(cache4, db4, 9, 9)),
        "IPv4 from a free address": ip4(frames.udp(UNUSED, db4, 9, 9)),
        "IPv4 from anywhere": ip4(frames.udp("198.51.100.7", db4, 9, 9)),
        "IPv6 from a neighbour's address": ip6(frames.udp(db6, cache6, 9, 9)),
        "IPv6 from a free address": ip6(frames.udp(UNUSED6, cache6, 9, 9)),
        "IPv6 from another link-local address": ip6(frames.udp(foreign_local, cache6, 9, 9)),
        "IPv6 from no address": ip6(frames.udp(UNSPECIFIED, cache6, 9, 9)),
        "DHCP offer": ip4(frames.udp(own4, "255.255.255.255", 67, 68, bytes(240)), at_all),
        "DHCPv6 advertisement": ip6(frames.udp(local, "ff02::1", 547, 546), ALL_NODES[0]),
        "DHCP request": ip4(frames.udp(NOBODY, "255.255.255.255", 68, 67, bytes(240)), at_all),
        "VLAN tag": frames.ethernet(at_all, own, VLAN, struct.pack("!HH", 7, frames.IPV4) + plain),
        "priority tag": frames.ethernet(at_all, own, VLAN, struct.pack("!HH", 0xE000, frames.ARP) + own_plain),
        "two VLAN tags": frames.ethernet(at_all, own, SERVICE_VLAN, struct.pack("!HHH", 7, VLAN, 8) + bytes(46)),
        "BPDU": frames.ethernet(STP_GROUP, own, 38, b"\x42\x42\x03" + bytes(35)),
        "LLDP": frames.ethernet(STP_GROUP, own, LLDP, b"\x02\x07\x04" + frames.mac_bytes(own) + bytes(20)),
        "PPPoE discovery": frames.ethernet(at_all, own, PPPOE, b"\x11\x07\x00\x00\x00\x00" + bytes(20)),
    }


def _behind_options(packet: bytes) -> bytes:
    """The IPv6 packet with a header of destination options before its payload."""
    options = bytes([packet[6], 0, 1, 4, 0, 0, 0, 0])
    length = struct.pack("!H", len(packet) - 40 + len(options))
    return packet[:4] + length + bytes([60]) + packet[7:40] + options + packet[40:]


def lawful(scene: Scene) -> Frames:
    """Frames that are an endpoint's own."""
    own, db = scene.macs["web"], scene.macs["db"]
    (own4, own6), (db4, db6), at_all = ADDRESSES["web"], ADDRESSES["db"], frames.BROADCAST
    local = str(link_local(own))

    def arp(*words: Any, to: str = at_all) -> bytes:
        return frames.ethernet(to, own, frames.ARP, frames.arp(*words))

    def ip6(packet: bytes, to: str = db) -> bytes:
        return frames.ethernet(to, own, frames.IPV6, packet)

    return {
        "ARP question": arp(1, own, own4, at_all, db4),
        "ARP reply": arp(2, own, own4, db, db4, to=db),
        "gratuitous ARP": arp(1, own, own4, at_all, own4),
        "gratuitous ARP reply": arp(2, own, own4, at_all, own4),
        "ARP probe": arp(1, own, NOBODY, at_all, own4),
        "DAD": ip6(_icmp6(135, UNSPECIFIED, ALL_NODES[1], own6), ALL_NODES[0]),
        "DAD of the link-local address": ip6(_icmp6(135, UNSPECIFIED, ALL_NODES[1], local), ALL_NODES[0]),
        "DAD with a nonce": ip6(_icmp6(135, UNSPECIFIED, ALL_NODES[1], own6, 14, "01:02:03:04:05:06"), ALL_NODES[0]),
        "NS": ip6(_icmp6(135, own6, db6, db6, 1, own)),
        "NS without an option": ip6(_icmp6(135, own6, db6, db6)),
        "NS from the link-local address": ip6(_icmp6(135, local, db6, db6, 1, own)),
        "NA": ip6(_icmp6(136, own6, db6, own6, 2, own, flags=0x60000000)),
        "NA without an option": ip6(_icmp6(136, own6, db6, own6, flags=0x60000000)),
        "NA to all": ip6(_icmp6(136, own6, ALL_NODES[1], own6, 2, own), ALL_NODES[0]),
        "IPv4": frames.ethernet(db, own, frames.IPV4, frames.udp(own4, db4, 9, 9)),
        "IPv4 broadcast": frames.ethernet(at_all, own, frames.IPV4, frames.udp(own4, "172.18.255.255", 9, 9)),
        "IPv6": ip6(frames.udp(own6, db6, 9, 9)),
        "IPv6 to all": ip6(frames.udp(local, ALL_NODES[1], 9, 9), ALL_NODES[0]),
        "GRE": frames.ethernet(db, own, frames.IPV4, frames.ip(own4, db4, 47, bytes(4))),
    }


def test_nothing_in_the_name_of_others_arrives(scene: Scene) -> None:
    assert scene.arriving(attacks(scene)) == []


def test_what_is_its_own_arrives(scene: Scene) -> None:
    sent = lawful(scene)
    assert scene.arriving(sent) == list(sent)


def test_one_that_is_not_guarded_may_send_everything(scene: Scene) -> None:
    """A namespace that bridges or routes: everything that is an attack from others arrives."""
    sent = attacks(scene)
    assert scene.arriving(sent, "free") == list(sent)


def test_all_of_it_arrives_where_nothing_guards(scene: Scene) -> None:
    """The control, and the repair."""
    host = scene.host
    host.sh(f"nft delete {TABLE}; bridge link set dev vweb locked off learning on flood on")
    for kind in ("iptables", "ip6tables"):
        host.sysctl(f"net/bridge/bridge-nf-call-{kind}", 0)
    sent = attacks(scene)
    assert scene.arriving(sent) == list(sent), "these prove nothing"
    scene.apply()
    assert scene.arriving(sent) == []
    # What some have believed meanwhile.
    for name in NAMES:
        host.inside(name).sh("ip neighbour flush dev eth0")
    host.sh("ip neighbour flush dev br0")


def _report(kind: int, source: str, own: str, group: str, mac: str) -> bytes:
    """An IGMPv2 report, whose packet has the option that routers look at."""
    body = struct.pack("!BBH", kind, 0, 0) + ipaddress.ip_address(group).packed
    body = body[:2] + struct.pack("!H", frames.checksum(body)) + body[4:]
    return frames.ethernet(mac, own, frames.IPV4, frames.ip(source, group, 2, body, ttl=1))


def test_multicast_goes_on(scene: Scene) -> None:
    """The bridge learns who listens to which group, with and without an address."""
    own, (own4, _own6) = scene.macs["web"], ADDRESSES["web"]
    groups = {"239.1.2.3": own4, "239.1.2.4": NOBODY}
    for group, source in groups.items():
        mac = "01:00:5e:01:02:0" + group[-1]
        scene.host.inside("web").send_frames("eth0", [_report(0x16, source, own, group, mac)])
    known = scene.host.sh("bridge mdb show dev br0")
    assert [group for group in groups if f"port vweb grp {group}" not in known] == []
    assert "port vweb grp ff02::1:ff00:2" in known, "the group by which neighbours look for its address"


def _entries(scene: Scene) -> list[str]:
    return sorted(scene.host.run(["bridge", "fdb", "show", "br", "br0"]).out.splitlines())


def test_a_flood_of_mac_addresses_is_without_effect_on_others(scene: Scene) -> None:
    before, db = _entries(scene), scene.host.inside("db")
    chance = random.Random(1)
    packet = frames.arp(1, scene.macs["web"], ADDRESSES["web"][0], frames.BROADCAST, ADDRESSES["db"][0])
    flood = [
        frames.ethernet(frames.BROADCAST, f"02:{chance.randbytes(5).hex(':')}", frames.ARP, packet)
        for _frame in range(5000)
    ]
    for first in range(0, len(flood), 500):
        scene.host.inside("web").send_frames("eth0", flood[first : first + 500])
    assert _entries(scene) == before
    assert all(db.reaches(address) for name in ("cache", "web", "br0") for address in ADDRESSES[name])


def test_everybody_is_reached(scene: Scene) -> None:
    """By address resolution from the start, in both families."""
    host = scene.host
    for name in NAMES:
        host.inside(name).sh("ip neighbour flush dev eth0")
    everyone = [(host, "br0"), *((host.inside(name), name) for name in NAMES)]
    found = {
        f"{one} -> {other}"
        for place, one in everyone
        for other in ADDRESSES
        for address in ADDRESSES[other]
        if one != other and not place.reaches(address)
    }
    assert found == set()


def test_an_address_that_is_not_its_own_is_of_no_use(scene: Scene) -> None:
    """Whoever adds a free address of the subnet is not found by it."""
    host, web = scene.host, scene.host.inside("web")
    web.sh(f"ip address add {UNUSED}/16 dev eth0; ip address add {UNUSED6}/64 dev eth0 nodad")
    listeners = (host, host.inside("db"))
    assert not any(one.reaches(address, timeout=1) for one in listeners for address in (UNUSED, UNUSED6))
    scene.apply()
    assert all(host.inside("db").reaches(address) for address in ADDRESSES["web"])
