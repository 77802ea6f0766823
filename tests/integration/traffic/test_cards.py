# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints that must not reach each other reach who is past a card, whether or not rules see what bridges carry.

wire .200 ---- eth1 (enslaved) ---- br0 172.18.0.1 ---- web .2  db .3
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.rule_hosts import LEGACY, NATIVE, use_backend
from tests.lab import frames
from tests.lab.host import Host
from tests.lab.lab import Lab

ADDRESSES = {"web": ("172.18.0.2", "fd00:18::2"), "db": ("172.18.0.3", "fd00:18::3")}
WIRE = ("172.18.0.200", "fd00:18::200")
#: Counts the frames that leave the bridge with a mark.
_COUNTING = """\
add table bridge counting
add chain bridge counting leaving { type filter hook postrouting priority 0; }
add rule bridge counting leaving meta mark != 0x0 counter
"""


class Scene:
    def __init__(self, host: Host, wire: Host, bridge_nf: int) -> None:
        self.host, self.wire, self.bridge_nf = host, wire, bridge_nf

    def apply(self, **options: Any) -> None:
        endpoints = [
            {"namespace": name, "host_interface": f"v{name}", "ipv4_address": own[0], "ipv6_address": own[1]}
            for name, own in ADDRESSES.items()
        ]
        subnets = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
        network = {"name": "br0", "ipam_config": subnets, "endpoints": endpoints, "ports": ["eth1"], "icc": False}
        self.host.module("bridge_network", {**network, "firewall": self.host.firewall, **options})

    def past_the_card(self) -> list[bool]:
        """Both ways, in both families."""
        web = self.host.inside("web")
        return [web.reaches(address) for address in WIRE] + [self.wire.reaches(one) for one in ADDRESSES["web"]]

    def by_detour(self) -> list[str]:
        """By which MAC address of the host web gets something to db."""
        web, db = self.host.inside("web"), self.host.inside("db")
        mac = web.ip("link", "show", "eth0")[0]["address"]
        ways = {name: str(self.host.ip("link", "show", name)[0]["address"]) for name in ("br0", "vweb", "eth1")}
        found = []
        with db.sniffer("eth0") as sniffer:
            for number, (name, target) in enumerate(ways.items()):
                for version, protocol in enumerate((frames.IPV4, frames.IPV6)):
                    told = frames.udp(ADDRESSES["web"][version], ADDRESSES["db"][version], 1000, 2000 + number, b"x")
                    web.send_frames("eth0", [frames.ethernet(target, mac, protocol, told)])
                    if sniffer.wait(0.3, protocol=frames.UDP, port=2000 + number):
                        found.append(name)
        return found


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((backend, bridge_nf), marks=[LEGACY] * (backend == "legacy") + [BRIDGE_NF] * bridge_nf)
        for BRIDGE_NF in [pytest.mark.needs("bridge-nf")]
        for backend in ("nft", "legacy", NATIVE)
        for bridge_nf in (0, 1)
    ],
    ids=lambda pair: f"{pair[0]}-bridge-nf {pair[1]}",
)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    backend, bridge_nf = request.param
    with Lab() as lab:
        host = lab.host("host")
        segment = lab.segment("wire")
        segment.join(host, "eth1", [])
        wire = segment.neighbour("wire", [f"{WIRE[0]}/16", f"{WIRE[1]}/64"])
        use_backend(host, backend)
        for kind in ("iptables", "ip6tables"):
            host.sysctl(f"net/bridge/bridge-nf-call-{kind}", bridge_nf)
        yield Scene(host, wire, bridge_nf)


def test_endpoints_reach_who_is_past_a_card_but_not_each_other(scene: Scene) -> None:
    scene.apply(icc=True)
    assert scene.past_the_card() == [True] * 4
    assert scene.by_detour(), "there is a detour, if nobody stops it"
    scene.apply()
    assert scene.past_the_card() == [True] * 4
    assert scene.by_detour() == []
    assert not scene.host.inside("web").reaches(ADDRESSES["db"][0])


def test_what_marks_the_frames_of_cards_is_repaired_and_nobody_else_sees_the_mark(scene: Scene) -> None:
    host = scene.host
    scene.apply()
    if host.firewall != "nftables":
        assert "eth1" not in host.sh("nft list table bridge linuxnet"), "iptables knows bridged frames by themselves"
        return
    host.run(["nft", "-f", "-"], stdin=_COUNTING)
    assert scene.past_the_card() == [True] * 4
    assert "packets 0 " in host.sh("nft list chain bridge counting leaving")
    damages = ("flush chain bridge linuxnet forward", "delete element bridge linuxnet cards { eth1 }")
    for damage in damages:
        host.sh(f"nft {damage}")
        assert scene.past_the_card() == [not scene.bridge_nf] * 4
        scene.apply()
        assert scene.past_the_card() == [True] * 4
    host.sh("nft delete table bridge counting")
    scene.apply(ports=[])
    assert "eth1" not in host.sh("nft list table bridge linuxnet")
