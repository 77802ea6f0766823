# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong neighbour entries of an endpoint."""

from __future__ import annotations

import pytest

from tests.integration.networks import SHOP, apply
from tests.lab.host import Host

#: With the guard, no other neighbour entries are accepted at all.
UNGUARDED = {**SHOP, "endpoints": [{**endpoint, "guard": False} for endpoint in SHOP["endpoints"]]}


@pytest.mark.parametrize(("gateway", "neighbour"), [("172.18.0.1", "172.18.0.10"), ("fd00:18::1", "fd00:18::3")])
@pytest.mark.long
def test_wrong_ones_are_forgotten_and_right_ones_stay(host: Host, gateway: str, neighbour: str) -> None:
    apply(host, **UNGUARDED)
    web = host.inside("web")
    mac = host.sh("ip netns exec db cat /sys/class/net/eth0/address").strip()
    right = f"ip neigh replace {neighbour} lladdr {mac} nud permanent dev eth0"
    strange = "ip neigh replace 172.18.7.7 lladdr 02:00:00:00:00:77 nud permanent dev eth0"
    web.sh(f"ip neigh replace {gateway} lladdr 02:00:00:00:00:99 nud permanent dev eth0; {right}; {strange}")
    assert not web.reaches(gateway)
    foretold, done = apply(host, check=True, **UNGUARDED), apply(host, **UNGUARDED)
    assert foretold.diffs == done.diffs
    assert done.diffs["interface"][0]["before"]["lost"] == [f"neighbour {gateway}"]
    assert web.reaches(gateway)
    assert apply(host, **UNGUARDED).changed == []
    left = web.sh("ip neigh show nud permanent; ip -6 neigh show nud permanent")
    assert (f"{gateway} dev" not in left, neighbour in left, "172.18.7.7" in left) == (True, True, True)
