# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign namespaces that appear and disappear during a run, like those of engines, do not affect it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.faults import with_vanishing
from tests.integration.networks import apply, in_one
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web"}],
}
#: Creates names that lead to namespaces for a moment each.
PASSING = """
ip netns add stay
while :; do
  for name in a1 zz; do ip netns add $name; ip link add v$name type veth peer name eth0 netns $name; done
  for name in a1 zz; do ip netns del $name; done
done
"""


def test_what_went_since_it_was_listed_is_left_out(host: Host) -> None:
    host.sh("ip netns add stay; ip netns add zz; ip link add v0 type veth peer name eth0 netns zz")
    told = host.call(with_vanishing, "netns_info", {}, "ip netns del zz")
    assert [one["name"] for one in told["namespaces"]] == ["stay"]


def test_what_was_made_anew_since_it_was_listed_is_told_as_it_is_now(host: Host) -> None:
    host.sh("ip netns add zz")
    told = host.call(with_vanishing, "netns_info", {}, "ip netns add keep; ip netns del zz; ip netns add zz")
    (zz,) = [one for one in told["namespaces"] if one["name"] == "zz"]
    assert str(zz["inode"]) == host.sh("stat -L -c %i /run/netns/zz").strip()


@pytest.mark.parametrize("part", range(2))
@pytest.mark.long
def test_runs_beside_others_who_make_and_remove_namespaces(host: Host, part: int) -> None:
    with host.spawn(["sh", "-c", PASSING]):
        for _run in range(10):
            in_one(host, NETWORK)
            host.module("veth", {"name": "lost0", "peer_name": "eth9", "peer_netns": "web", "owner": "other"})
            host.sh("ip -n web link set eth9 netns stay name eth7")
            host.module("veth", {"name": "lost0", "peer_name": "eth9", "peer_netns": "web", "owner": "other"})
            in_one(host, {"name": "br0", "state": "absent"})
    apply(host, **NETWORK)
    assert apply(host, **NETWORK).changed == []
