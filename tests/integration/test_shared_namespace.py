# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace on two networks: removing one takes everything of its own, and nothing of the other's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.chance import without_chance
from tests.integration.networks import apply, in_one, remove
from tests.integration.persistence import PROGRAM
from tests.lab.host import Host

NETWORKS: dict[str, dict[str, Any]] = {
    "br0": {
        "name": "br0",
        "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
        "endpoints": [{"namespace": "web", "published_ports": ["8080:80"]}, {"namespace": "db"}],
    },
    "br1": {
        "name": "br1",
        "ipam_config": [{"subnet": "172.19.0.0/16"}, {"subnet": "fd00:19::/64"}],
        "endpoints": [{"namespace": "web", "interface": "eth1", "default_route": False}],
    },
}
REACHED = {"br0": "172.18.0.1", "br1": "172.19.0.1"}


def _by_one_call(host: Host, name: str) -> None:
    options = {"name": name, "state": "absent"}
    foretold = in_one(host, options, check=True)
    done = in_one(host, options)
    assert (foretold["changed"], foretold["diff"], foretold["modules"]) == (True, done["diff"], done["modules"])
    again = in_one(host, options)
    assert (again["changed"], again["modules"]) == (False, {})


def _by_the_service(host: Host, name: str) -> None:
    host.run([PROGRAM, "stop", name])
    assert " 0 of its parts were removed" in host.run([PROGRAM, "stop", name]).out
    remove(host, name)  # the files


def _by_a_plan(host: Host, name: str) -> None:
    remove(host, name)
    assert remove(host, name).changed == []


@pytest.mark.parametrize("take_away", [_by_one_call, _by_the_service, _by_a_plan])
@pytest.mark.parametrize(("going", "staying"), [("br0", "br1"), ("br1", "br0")])
@pytest.mark.long
def test_each_goes_alone(host: Host, take_away: Callable[[Host, str], None], going: str, staying: str) -> None:
    persistent = {"persistent": take_away is _by_the_service}
    apply(host, **NETWORKS[staying], **persistent)
    alone = without_chance(host)
    apply(host, **NETWORKS[going], **persistent)
    take_away(host, going)
    links = [link["ifname"] for link in host.inside("web").ip("link", "show")]
    assert links == ["lo", "eth0" if staying == "br0" else "eth1"]
    assert without_chance(host) == alone
    assert host.inside("web").reaches(REACHED[staying])
    assert apply(host, **NETWORKS[staying], **persistent).changed == []


@pytest.mark.long
def test_the_last_one_takes_the_namespace(host: Host) -> None:
    for network in NETWORKS.values():
        apply(host, **network)
    for name in NETWORKS:
        _by_one_call(host, name)
    assert host.sh("ip netns list; ip -o link show type veth") == ""
    assert not host.exists("/run/linuxnet")
