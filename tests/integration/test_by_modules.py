# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role with one task per kind of object leads to the same host as one call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.chance import without_chance
from tests.integration.networks import SHOP
from tests.integration.role_plays import PLAY
from tests.integration.settling import settle
from tests.lab.host import Host
from tests.lab.lab import Lab

NETWORKS: list[dict[str, Any]] = [
    {**SHOP, "persistent": True},
    {
        "name": "br-back",
        "icc": False,
        "ipam_config": [{"subnet": "172.19.0.0/16"}],
        "endpoints": [
            {"namespace": "web", "interface": "eth1", "default_route": False, "published_ports": ["9090:90"]},
            {"namespace": "store", "egress_rate": "50mbit", "ingress_rate": "20mbit"},
        ],
    },
]


def _applied(host: Host, by: str, state: str = "present", check: bool = False) -> list[str]:
    """The names of the tasks that changed something."""
    networks = [{**network, "state": state} for network in NETWORKS]
    run = host.playbook(PLAY, variables={"bridge_networks": networks, "bridge_network_by": by}, check=check)
    settle(host, *host.sh("ls /run/netns 2>/dev/null || true").split())
    return [task.name.rpartition(" : ")[2] for task in run.changed]


@pytest.mark.long
def test_both_ways_leave_the_same_host(lab: Lab) -> None:
    one, other = lab.host("one"), lab.host("other")
    for state in ("present", "absent"):
        _applied(one, "network", state)
        done = _applied(other, "modules", state)
        assert done
        assert without_chance(one) == without_chance(other)
        assert _applied(other, "modules", state) == []
        assert _applied(one, "modules", state, check=True) == []
    assert "Manage veth pairs" in done


@pytest.mark.long
def test_a_network_that_was_made_one_way_is_found_right_the_other(host: Host) -> None:
    _applied(host, "modules")
    before = without_chance(host)
    _applied(host, "network")
    assert without_chance(host) == before


@pytest.mark.long
def test_check_mode_changes_nothing(host: Host) -> None:
    before = host.dump()
    assert "Manage veth pairs" in _applied(host, "modules", check=True)
    assert before.changes_to(host.dump()) == []
