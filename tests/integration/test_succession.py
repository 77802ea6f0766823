# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint leaves nothing behind for the next one with its address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import SHOP, apply
from tests.integration.settling import settle
from tests.lab.host import Host

ADDRESSES = ("172.18.0.2", "fd00:18::2")


def _shop(*endpoints: Any) -> dict[str, Any]:
    return {**SHOP, "endpoints": list(endpoints)}


WEB: dict[str, Any] = {"namespace": "web", "ipv4_address": ADDRESSES[0], "ipv6_address": ADDRESSES[1]}
#: The same endpoint made anew, with another MAC address, since it would get the same one otherwise.
SUCCESSOR: dict[str, Any] = {**WEB, "mac_address": "02:42:ac:12:00:02"}
DB: dict[str, Any] = {"namespace": "db"}


def _freeze_neighbours(host: Host) -> None:
    """Make neighbour entries stay valid for longer than any test, so that nothing is resolved again."""
    for place, interface in ((host, "br-shop"), (host.inside("db"), "eth0")):
        for family in ("ipv4", "ipv6"):
            names = f"net/{family}/neigh/{interface}"
            place.run(
                ["sysctl", "-qw", f"{names}/base_reachable_time_ms=600000", f"{names}/delay_first_probe_time=600"]
            )


def _remembered(host: Host, interface: str, *inside: str) -> dict[str, str]:
    found = host.run([*inside, "ip", "-o", "neigh", "show", "dev", interface]).out.splitlines()
    return {words[0]: words[2] for words in map(str.split, found) if words[1] == "lladdr" and words[0] in ADDRESSES}


@pytest.mark.parametrize("removal", ["ip netns del web", "ip -n web link del eth0"])
@pytest.mark.long
def test_neighbours_learn_the_new_mac_address_at_once(host: Host, removal: str) -> None:
    apply(host, **_shop(WEB, DB))
    settle(host, "web", "db")
    _freeze_neighbours(host)
    db = host.inside("db")
    assert all(place.reaches(address) for place in (host, db) for address in ADDRESSES)
    old = _remembered(host, "br-shop")
    assert old.keys() == set(ADDRESSES)
    assert old == _remembered(host, "eth0", "ip", "netns", "exec", "db")
    host.sh(removal)
    apply(host, **_shop(SUCCESSOR, DB))
    settle(host, "web", "db")
    new = _remembered(host, "br-shop")
    assert new.keys() == old.keys()
    assert set(new.values()).isdisjoint(old.values())
    assert new == _remembered(host, "eth0", "ip", "netns", "exec", "db")
    assert all(place.reaches(address) for place in (host, db) for address in ADDRESSES)


@pytest.mark.long
def test_where_all_endpoints_are_new_the_host_remembers_no_old_one(host: Host) -> None:
    """With the bridge's last port, the host forgets its neighbours, so nothing has to be announced."""
    apply(host, **_shop(WEB))
    settle(host, "web")
    for family in ("ipv4", "ipv6"):
        names = f"net.{family}.neigh.br-shop"
        host.run(["sysctl", "-qw", f"{names}.base_reachable_time_ms=600000", f"{names}.delay_first_probe_time=600"])
    assert all(host.reaches(address) for address in ADDRESSES)
    old = _remembered(host, "br-shop")
    host.sh("ip netns del web")
    apply(host, **_shop(SUCCESSOR))
    settle(host, "web")
    assert old.keys() == set(ADDRESSES)
    assert set(_remembered(host, "br-shop").values()).isdisjoint(old.values())
    assert all(host.reaches(address) for address in ADDRESSES)
    assert set(_remembered(host, "br-shop").values()).isdisjoint(old.values())


@pytest.mark.long
def test_a_stranger_on_the_bridge_learns_the_new_mac_address(host: Host) -> None:
    apply(host, **_shop(WEB))
    host.sh(
        "ip netns add stranger; ip link add s0 type veth peer name eth0 netns stranger;"
        "ip link set s0 master br-shop up; ip -n stranger link set eth0 up;"
        "ip -n stranger addr add 172.18.0.99/16 dev eth0; ip -n stranger addr add fd00:18::99/64 dev eth0 nodad"
    )
    settle(host, "web", "stranger")
    stranger = host.inside("stranger")
    for family in ("ipv4", "ipv6"):
        names = f"net.{family}.neigh.eth0"
        stranger.run(["sysctl", "-qw", f"{names}.base_reachable_time_ms=600000", f"{names}.delay_first_probe_time=600"])
    assert all(stranger.reaches(address) for address in ADDRESSES)
    old = _remembered(host, "eth0", "ip", "netns", "exec", "stranger")
    host.sh("ip netns del web")
    apply(host, **_shop(SUCCESSOR))
    settle(host, "web")
    new = _remembered(host, "eth0", "ip", "netns", "exec", "stranger")
    assert new.keys() == old.keys() == set(ADDRESSES)
    assert set(new.values()).isdisjoint(old.values())


@pytest.mark.long
def test_neighbours_learn_who_has_an_address_now(host: Host) -> None:
    """Also if nothing goes up or down and an address moves from one endpoint to another."""
    client: dict[str, Any] = {"namespace": "db"}
    other = {"namespace": "app", "ipv4_address": "172.18.0.77", "ipv6_address": "fd00:18::77"}
    apply(host, **_shop(WEB, client, other))
    settle(host, "web", "db", "app")
    _freeze_neighbours(host)
    db = host.inside("db")
    assert all(place.reaches(address) for place in (host, db) for address in ADDRESSES)
    old = _remembered(host, "br-shop")
    given = {"ipv4_address": "172.18.0.78", "ipv6_address": "fd00:18::78"}
    taken = {"ipv4_address": ADDRESSES[0], "ipv6_address": ADDRESSES[1]}
    apply(host, **_shop({**WEB, **given}, client, {**other, **taken}))
    settle(host, "web", "db", "app")
    new = _remembered(host, "br-shop")
    assert new.keys() == old.keys()
    assert set(new.values()).isdisjoint(old.values())
    assert new == _remembered(host, "eth0", "ip", "netns", "exec", "db")


def _tracked(host: Host) -> list[str]:
    """The connections that the host tracks with one of the addresses."""
    lines = host.run(["cat", "/proc/net/nf_conntrack"]).out.splitlines()
    plain = [line for line in lines if " udp " in line or " tcp " in line]
    return [line for line in plain if "=172.18.0.2 " in line or "=fd00:0018:0000:0000:0000:0000:0000:0002 " in line]


@pytest.mark.needs("conntrack-file")
@pytest.mark.parametrize(
    "successor",
    [
        [DB],
        [DB, {"namespace": "web", "ipv4_address": "172.18.0.77", "ipv6_address": "fd00:18::77"}],
    ],
    ids=["gone", "moved"],
)
def test_no_flow_of_a_detached_endpoint_is_inherited(host: Host, successor: list[Any]) -> None:
    apply(host, **_shop(WEB, DB))
    for address in ADDRESSES:
        for protocol in ("tcp", "udp"):
            with host.inside("web").server(90, protocol):
                assert host.ask(address, 90, protocol) is not None
    with host.inside("db").server(90, "udp"):
        assert host.ask("172.18.0.3", 90, "udp") is not None
    assert len(_tracked(host)) == 4
    apply(host, **_shop(*successor))
    assert _tracked(host) == []
    assert "=172.18.0.3 " in host.run(["cat", "/proc/net/nf_conntrack"]).out, "its neighbour's live on"
