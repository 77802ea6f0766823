# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks without a subnet get the first free one, and keep it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import in_one
from tests.integration.persistence import program, rebooted
from tests.lab.host import Host
from tests.lab.lab import Lab

NET: dict[str, Any] = {"name": "br0", "endpoints": [{"namespace": "web"}]}
OTHER: dict[str, Any] = {"name": "br1", "endpoints": [{"namespace": "db"}]}
RECORDS = "/etc/linuxnet/subnets"


def _subnets(host: Host, bridge: str = "br0") -> list[str]:
    """The subnets of the bridge's addresses, from the kernel."""
    lines = host.sh(f"ip -o address show dev {bridge} scope global").splitlines()
    return [line.split()[3] for line in lines]


def test_the_first_one_and_then_the_next_one(host: Host) -> None:
    assert in_one(host, NET)["changed"]
    assert _subnets(host) == ["172.16.0.1/16"]
    assert host.inside("web").reaches("172.16.0.1")
    in_one(host, OTHER)
    assert _subnets(host, "br1") == ["172.17.0.1/16"]
    assert not in_one(host, NET)["changed"]
    assert not in_one(host, OTHER)["changed"]
    in_one(host, {"name": "br0", "state": "absent"})
    assert not in_one(host, OTHER)["changed"], "it does not move into what is free now"
    in_one(host, {"name": "br1", "state": "absent"})
    assert not host.exists("/etc/linuxnet")


def test_check_mode_foretells_it_and_writes_nothing(host: Host) -> None:
    before = host.dump()
    foretold = in_one(host, NET, check=True)
    assert before.changes_to(host.dump()) == []
    assert not host.exists(RECORDS)
    assert foretold["diff"] == in_one(host, NET)["diff"]


@pytest.mark.parametrize(
    "occupied",
    [
        "ip address add 172.16.5.1/24 dev eth7",
        "ip route add 172.16.0.0/20 via 192.0.2.9",
        "ip route add 172.16.9.9 via 192.0.2.9 table 52",
        "ip route add blackhole 172.16.0.0/24",
    ],
)
def test_what_overlaps_anything_of_the_host_is_not_free(host: Host, occupied: str) -> None:
    host.sh(f"ip link add eth7 type bridge; ip link set eth7 up; ip address add 192.0.2.1/24 dev eth7; {occupied}")
    in_one(host, NET)
    assert _subnets(host) == ["172.17.0.1/16"]


@pytest.mark.long
def test_ipv6_where_it_is_asked_for(lab: Lab, host: Host) -> None:
    in_one(host, {**NET, "enable_ipv6": True})
    ipv4, ipv6 = _subnets(host)
    assert ipv4 == "172.16.0.1/16"
    assert ipv6.startswith("fd")
    assert ipv6.endswith("::1/64")
    assert host.inside("web").reaches(ipv6.partition("/")[0])
    another = lab.host("another")
    another.write("/etc/machine-id", f"{'3' * 32}\n")
    in_one(another, {**NET, "enable_ipv6": True})
    assert _subnets(another)[1] != ipv6, "it is derived from the machine's ID"


def test_beside_a_subnet_that_is_given(host: Host) -> None:
    in_one(host, {**NET, "ipam_config": [{"subnet": "10.5.0.0/24"}], "enable_ipv6": True})
    assert _subnets(host)[0] == "10.5.0.1/24"
    assert len(_subnets(host)) == 2


def test_pools_of_ones_own(host: Host) -> None:
    pools = [{"base": "10.200.0.0/23", "size": 24}]
    in_one(host, {**NET, "address_pools": pools})
    in_one(host, {**OTHER, "address_pools": pools})
    assert (_subnets(host), _subnets(host, "br1")) == (["10.200.0.1/24"], ["10.200.1.1/24"])
    told = in_one(host, {**OTHER, "name": "br2", "endpoints": [], "address_pools": pools}, fails=True)["msg"]
    assert "address_pools: no subnet is free in 10.200.0.0/23 in /24; give another pool, or a subnet" in told


def test_two_networks_of_one_call_and_a_third_that_gives_its_subnet(host: Host) -> None:
    third = {"name": "br2", "ipam_config": [{"subnet": "172.17.0.0/24"}]}
    host.module("bridge_network", {"aggregate": [NET, OTHER, third]})
    assert (_subnets(host), _subnets(host, "br1")) == (["172.16.0.1/16"], ["172.18.0.1/16"])


@pytest.mark.parametrize(
    "damage",
    [
        "ip link delete br0",
        "ip address flush dev br0",
        "iptables -t nat -F",
        f"rm -r {RECORDS}",
        "rm -rf /run/linuxnet",
    ],
)
def test_it_is_kept_whatever_somebody_breaks(host: Host, damage: str) -> None:
    host.sh("ip link add eth7 type bridge; ip link set eth7 up; ip address add 172.16.5.1/24 dev eth7")
    in_one(host, NET)
    host.sh(f"ip link delete eth7; {damage}")
    in_one(host, NET)
    assert _subnets(host) == ["172.17.0.1/16"]
    assert host.inside("web").reaches("172.17.0.1")


@pytest.mark.parametrize("persistent", [True, False])
def test_it_is_the_same_after_a_reboot(lab: Lab, host: Host, persistent: bool) -> None:
    host.sh("ip link add eth7 type bridge; ip link set eth7 up; ip address add 172.16.5.1/24 dev eth7")
    in_one(host, {**NET, "persistent": persistent})
    new = rebooted(lab, host)
    if persistent:
        program(new, "up", "br0")
        assert _subnets(new) == ["172.17.0.1/16"]
    in_one(new, OTHER)
    assert _subnets(new, "br1") == ["172.16.0.1/16"], "what another network was given is not free, though it is not up"
    in_one(new, {**NET, "persistent": persistent})
    assert _subnets(new) == ["172.17.0.1/16"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"address_pools": [{"base": "10.0.0.0/8"}]}, "address_pools[0]: "),
        ({"address_pools": [{"base": "10.0.0.1/8", "size": 16}]}, "address_pools[0].base: "),
        ({"address_pools": [{"base": "10.0.0.0/16", "size": 8}]}, "address_pools[0].size: 8 is not allowed: a whole"),
        ({"address_pools": [{"base": "10.0.0.0/16", "size": 31}]}, "address_pools[0].size: 31 is not allowed"),
        (
            {"endpoints": [{"namespace": "web", "ipv4_address": "172.16.0.9"}]},
            "endpoints[0].ipv4_address: '172.16.0.9' is not allowed: only in a subnet of ",
        ),
        ({"external": True}, "ipam_config: [] is not allowed: at least one subnet of the external bridge"),
    ],
)
def test_what_cannot_be(host: Host, options: dict[str, Any], sentence: str) -> None:
    before = host.dump()
    told = in_one(host, {**NET, "ipam_config": [], **options}, fails=True)["msg"]
    assert told.startswith(f"bridge_network_{sentence}"), told
    assert before.changes_to(host.dump()) == []
