# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next run repairs whatever a run leaves behind that is killed at any moment."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from tests.integration.chance import without_chance
from tests.integration.networks import apply
from tests.lab import modules
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.sweep import inside
from tests.sweep.faults import faults

SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
SHOP: dict[str, Any] = {
    "name": "br0",
    "ipam_config": SUBNETS,
    "endpoints": [
        {"namespace": "web", "published_ports": ["8080:80", "53:53/udp"]},
        {"namespace": "db", "ipv4_address": "172.18.0.10", "sysctls": {"net.ipv4.ip_default_ttl": 99}},
        {"namespace": "app", "routes": [{"to": "10.1.0.0/16", "via": "172.18.0.10"}]},
    ],
}
#: The change to the network: one endpoint leaves, one comes, a port moves, and endpoints cannot see each other any
#: more.
CHANGED: dict[str, Any] = {
    **SHOP,
    "icc": False,
    "endpoints": [
        {"namespace": "db", "ipv4_address": "172.18.0.10", "published_ports": ["8080:80"]},
        {"namespace": "app"},
        {"namespace": "new", "published_ports": ["9000-9010:9000-9010"]},
    ],
}
STAGES: dict[str, dict[str, Any]] = {"made": SHOP, "changed": CHANGED, "gone": {"name": "br0", "state": "absent"}}
KILLS, PARTS = 40, 4


def _run_for(host: Host, variables: dict[str, Any], seconds: float) -> bool:
    """Apply the role and kill its module when the time is up. Returns whether it had finished before."""
    options = variables
    arguments = ("bridge_network", options, False, False)
    try:
        result = host.call(modules.run_main, *arguments, timeout=seconds, preload=(modules.code_of("bridge_network"),))
    except LabError:
        return False
    assert not result.get("failed"), result
    return True


def _uninterrupted(host: Host) -> tuple[dict[str, list[str]], dict[str, float]]:
    """How the host has to look at each stage, and how many seconds it takes to get there."""
    wanted, seconds = {}, {}
    for stage, variables in STAGES.items():
        begun = time.monotonic()
        apply(host, **variables)
        seconds[stage] = time.monotonic() - begun
        wanted[stage] = without_chance(host)
    return wanted, seconds


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.long
def test_killed_at_any_moment(host: Host, part: int) -> None:
    """While a network is built, changed or removed."""
    chance = random.Random(part)
    wanted, seconds = _uninterrupted(host)
    killed = 0
    while killed < KILLS // PARTS:
        for stage, variables in STAGES.items():
            killed += not _run_for(host, variables, chance.uniform(0, seconds[stage]))
            apply(host, **variables)
            assert apply(host, **variables).changed == []
            assert without_chance(host) == wanted[stage], f"{stage}, after {killed} kills of part {part}"


#: The first of two addresses of a subnet is removed, and the second one has to stay.
MOVED: dict[str, Any] = {"name": "eth0", "netns": "web", "addresses": ["10.0.0.3/24"], "purge_addresses": True}
PROMOTE = "net.ipv4.conf.card.promote_secondaries"


def _swept(host: Host, point: inside.Point | None) -> inside.Watched:
    watched: inside.Watched = host.call(
        inside.run, "interface", MOVED, point, None, 60, preload=(modules.file_of("interface"),), timeout=120
    )
    return watched


@pytest.mark.needs("seccomp-notification")
@pytest.mark.long
def test_killed_while_an_address_goes(host: Host) -> None:
    """The setting that keeps the subnet's other addresses is off after any other run, even with another name."""
    host.sh("ip netns add web; ip link add vweb type veth peer name eth0 netns web")
    web = host.inside("web")
    web.sh("sysctl -qw net.ipv4.conf.eth0.promote_secondaries=0")
    again = "ip addr flush dev eth0; ip addr add 10.0.0.2/24 brd + dev eth0; ip addr add 10.0.0.3/24 brd + dev eth0"
    web.sh(again)
    points = [fault.point for fault in faults(_swept(host, None).points) if fault.error is None]
    killed_inside = 0
    for point in points:
        web.sh(again)
        watched = _swept(host, point)
        assert watched.exit == (-9 if watched.hit else 0), point
        left = web.sh("sysctl -n net.ipv4.conf.eth0.promote_secondaries").strip() == "1"
        killed_inside += left
        host.sh("ip -n web link set eth0 down; ip -n web link set eth0 name card")
        host.module("bridge", {"name": "br0"}, check=True)
        host.module("bridge", {"name": "br0"})
        assert web.sh(f"sysctl -n {PROMOTE}").strip() == "0", point
        assert "10.0.0.3/24" in web.sh("ip -brief address show card"), point
        assert not host.exists("/run/linuxnet/promoting"), point
        host.sh("ip -n web link set card down; ip -n web link set card name eth0")
    assert killed_inside
