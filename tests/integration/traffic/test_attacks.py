# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On every kind of host, every attack fails and every wanted path works, and without us every attack would succeed."""

from __future__ import annotations

import time

import pytest

from tests.integration.traffic import wanted
from tests.integration.traffic.attacks import ATTACKS
from tests.integration.traffic.combinations import EVERY, Combination
from tests.integration.traffic.controls import CONTROLS
from tests.integration.traffic.siege import Siege
from tests.integration.traffic.volley import fire, sound
from tests.lab import frames


@pytest.mark.parametrize("combination", [one.param() for one in EVERY])
def test_on_every_kind_of_host(each_siege: Siege, combination: Combination) -> None:
    """No attack depends on nft to fail."""
    sound(each_siege)
    assert wanted.found(each_siege, wanted.all_paths(combination.bridge_nf)) == {}
    each_siege.free_ports()
    sound(each_siege)


@pytest.mark.parametrize("control", CONTROLS)
def test_every_attack_works_without_what_stops_it(each_siege: Siege, control: str) -> None:
    """And it fails again after a repair by the role."""
    siege = each_siege
    siege.expose()
    mine = [attack for attack in ATTACKS if attack.control == control]
    taken = CONTROLS[control].of(siege.firewall)
    siege.host.sh(taken.take)
    won = fire(siege, mine)
    assert [str(attack) for attack in mine if attack not in won] == [], "these prove nothing"
    siege.host.sh(taken.undo)
    siege.foreign_rules()
    if taken.bridges:
        siege.apply(*taken.bridges)
    siege.unfiltered()
    sound(siege)


@pytest.fixture
def siege(each_siege: Siege) -> Siege:
    return each_siege


@pytest.fixture
def rogue(siege: Siege) -> bytes:
    """The frame with which an endpoint advertises itself to everybody as default router."""
    siege.expose()
    offer = frames.router_advertisement("fe80::bad", siege.macs["web"], "2001:db8:bad::/64")
    return frames.ethernet("33:33:00:00:00:01", siege.macs["web"], frames.IPV6, offer)


def test_a_rogue_router_advertisement_to_a_neighbour(siege: Siege, rogue: bytes) -> None:
    def taken() -> bool:
        siege.place("web").send_frames("eth0", [rogue])
        time.sleep(0.3)
        known = siege.place("db").sh("ip -6 route show dev eth0; ip address show dev eth0")
        return "fe80::bad" in known or "2001:db8:bad:" in known

    assert not taken()
    siege.place("db").sh("sysctl -qw net.ipv6.conf.eth0.accept_ra=1")
    assert taken(), "the control"
    siege.apply("br0")
    siege.unfiltered()
    siege.place("db").sh(
        "ip -6 route flush dev eth0 proto ra; ip -6 address flush dev eth0 to 2001:db8:bad::/64;"
        " ip -6 route flush 2001:db8:bad::/64"
    )
    assert not taken()


def test_a_rogue_router_advertisement_to_the_host(siege: Siege, rogue: bytes) -> None:
    def taken() -> bool:
        siege.place("web").send_frames("eth0", [rogue])
        time.sleep(0.3)
        known = siege.host.sh("ip -6 route show dev br0; ip address show dev br0")
        return "fe80::bad" in known or "2001:db8:bad:" in known

    assert not taken()
    siege.host.sysctl("net/ipv6/conf/br0/accept_ra", 2)
    assert taken(), "the control"
    siege.apply("br0")
    siege.unfiltered()
    assert siege.host.sysctl("net/ipv6/conf/br0/accept_ra") == "0"
    siege.host.sh(
        "ip -6 route flush dev br0 proto ra; ip -6 address flush dev br0 to 2001:db8:bad::/64;"
        " ip -6 route flush 2001:db8:bad::/64"
    )
    sound(siege)


def test_every_attack_has_a_control() -> None:
    assert {attack.control for attack in ATTACKS} == set(CONTROLS)
