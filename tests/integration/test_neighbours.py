# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permanent neighbour entries of module interface."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.promises import converge, refused, repairs
from tests.lab.host import Host

FIRST = {"address": "172.18.0.2", "mac_address": "02:00:00:00:00:02"}
SECOND = {"address": "fd00:18::2", "mac_address": "02:00:00:00:00:02"}
WANT: dict[str, Any] = {
    "name": "br0",
    "addresses": ["172.18.0.1/16", "fd00:18::1/64"],
    "neighbours": [FIRST, SECOND],
    "purge_neighbours": True,
}


@pytest.fixture
def bridge(host: Host) -> Host:
    host.sh("ip link add br0 type bridge; sysctl -qw net.ipv6.conf.br0.accept_dad=0")
    return host


def _written(host: Host) -> list[tuple[str, str]]:
    found = host.ip("neighbour", "show", "nud", "permanent", "dev", "br0")
    return sorted((one["dst"], one["lladdr"]) for one in found)


def test_they_are_written_down_and_taken_back(bridge: Host) -> None:
    done = converge(bridge, "interface", WANT)
    assert done["diff"][0]["after"]["neighbours"] == [FIRST, SECOND]
    both = [(one["address"], one["mac_address"]) for one in (FIRST, SECOND)]
    assert _written(bridge) == both
    converge(bridge, "interface", {**WANT, "neighbours": [SECOND], "purge_neighbours": False}, changed=False)
    converge(bridge, "interface", {"name": "br0", "purge_neighbours": True}, changed=False)
    assert _written(bridge) == both, "what is not given is left alone"
    converge(bridge, "interface", {**WANT, "neighbours": [SECOND]})
    assert _written(bridge) == both[1:]
    converge(bridge, "interface", {"name": "br0", "state": "absent", "neighbours": [SECOND]})
    assert _written(bridge) == []


@pytest.mark.parametrize(
    "damage",
    [
        "ip neigh del 172.18.0.2 dev br0",
        "ip neigh replace fd00:18::2 lladdr 02:00:00:00:00:66 dev br0 nud permanent",
        "ip neigh replace 172.18.0.2 lladdr 02:00:00:00:00:02 dev br0 nud reachable",
        "ip neigh add 172.18.0.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent",
    ],
)
def test_drift_is_repaired(bridge: Host, damage: str) -> None:
    bridge.module("interface", WANT)
    repairs(bridge, "interface", WANT, damage)


def test_a_turn_down_and_up_costs_none(bridge: Host) -> None:
    bridge.module("interface", WANT)
    bridge.sh("ip link set br0 down")
    converge(bridge, "interface", WANT)
    assert len(_written(bridge)) == 2


def test_bad_input(bridge: Host) -> None:
    def want(*neighbours: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"name": "br0", "neighbours": list(neighbours), **more}

    refused(bridge, "interface", want({**FIRST, "address": "224.0.0.1"}), "neighbours[0].address: '224.0.0.1'")
    refused(bridge, "interface", want({**FIRST, "mac_address": 5}), "neighbours[0].mac_address: 5")
    refused(bridge, "interface", want(FIRST, FIRST), "neighbours[1].address: '172.18.0.2'")
    refused(bridge, "interface", want(FIRST, enabled=False), "an interface that is down has no neighbours")
