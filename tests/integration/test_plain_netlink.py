# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges and VLANs without pyroute2 are the same as with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.without_library import bring_about
from tests.lab.host import Host
from tests.lab.lab import Lab

BRIDGE: dict[str, Any] = {
    "name": "br0",
    "mtu": 1400,
    "mac_address": "02:42:ac:12:00:01",
    "stp": True,
    "forward_delay": 4,
    "ageing_time": 100,
    "priority": 4096,
    "multicast_snooping": False,
}


def _links(host: Host) -> list[dict[str, Any]]:
    links = [json.loads(line) for line in host.dump()["host links"]]
    for link in links:
        link.get("linkinfo", {}).get("info_data", {}).pop("bridge_id", None)
    return links


def _both(lab: Lab, steps: list[tuple[str, dict[str, Any]]], first: str) -> None:
    """Each step on two hosts, on one with the library and on the other without; then they are the same."""
    hosts = {library: lab.host(f"host{library:d}") for library in (True, False)}
    for library, host in hosts.items():
        if first:
            host.sh(first)
        for name, definition in steps:
            assert host.call(bring_about, name, definition, library), (name, definition)
            assert not host.call(bring_about, name, definition, library), (name, definition)
    assert _links(hosts[True]) == _links(hosts[False])
    vlans = "bridge vlan show 2>/dev/null || true"
    assert hosts[True].sh(vlans) == hosts[False].sh(vlans)


@pytest.mark.parametrize(
    "changed",
    [{}, {"mtu": 1300, "stp": False, "forward_delay": 10}, {"mac_address": "02:42:ac:12:00:02", "priority": 1}],
)
def test_a_bridge_is_made_and_changed(lab: Lab, changed: dict[str, Any]) -> None:
    _both(lab, [("bridge", BRIDGE), *([("bridge", {**BRIDGE, **changed})] if changed else [])], "")


def test_a_bridge_is_deleted(lab: Lab) -> None:
    _both(lab, [("bridge", {"name": "br0"}), ("bridge", {"name": "br0", "state": "absent"})], "")


@pytest.mark.needs("vlan-filtering")
def test_vlans_of_a_port(lab: Lab) -> None:
    port = {"interface": "p0", "bridge": "br0"}
    _both(
        lab,
        [
            ("bridge", {"name": "br0", "vlan_filtering": True}),
            ("bridge_port", {**port, "vlans": [10, 20], "pvid": 30}),
            ("bridge_port", {**port, "vlans": [10], "pvid": 31}),
        ],
        "ip link add p0 type veth peer p1",
    )
