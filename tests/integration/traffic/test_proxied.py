# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that is part of the host's own segment: neighbours reach the endpoints without any route."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from tests.integration.networks import apply, remove
from tests.integration.persistence import program, rebooted
from tests.integration.promises import assert_same
from tests.integration.rule_hosts import NATIVE, use_backend
from tests.integration.traffic import agents
from tests.lab import town
from tests.lab.host import Host
from tests.lab.lab import Lab

PARTS = [{"subnet": "192.0.2.128/26"}, {"subnet": "2001:db8::1:0/112"}]
WEB, DB = ("192.0.2.130", "2001:db8::1:2"), ("192.0.2.131", "2001:db8::1:3")
NET: dict[str, Any] = {
    "name": "br0",
    "ipam_config": PARTS,
    "gateway_mode": "routed",
    "proxy_interface": "eth0",
    "endpoints": [{"namespace": "web", "published_ports": ["80:80"]}, {"namespace": "db"}],
}


@pytest.fixture(params=["nft", NATIVE])
def host(lab: Lab, request: pytest.FixtureRequest) -> Host:
    made = lab.host("host")
    use_backend(made, request.param)
    return made


@pytest.fixture
def segment(lab: Lab, host: Host) -> tuple[Host, Host]:
    """A host, and a neighbour that has no routes other than the one to its segment."""
    wire = town.join(lab, host)
    return host, wire.neighbour("neighbour", [f"{town.NEIGHBOUR[0]}/24", f"{town.NEIGHBOUR[1]}/64"])


def answered(host: Host) -> set[str]:
    shown = [json.loads(host.sh(f"ip -j {family} neigh show proxy") or "[]") for family in ("-4", "-6")]
    return {one["dst"] for family in shown for one in family}


def become(host: Host, **variables: Any) -> list[str]:
    """The modules that changed something, as check mode predicted; a second run changes nothing."""
    before = host.dump(counters=False)
    foretold = apply(host, check=True, **variables)
    assert_same(before, host.dump(counters=False), "check mode changed something")
    done = apply(host, **variables)
    assert foretold.changed == done.changed
    assert apply(host, **variables).changed == []
    return done.changed


def test_neighbours_reach_endpoints_without_a_route(segment: tuple[Host, Host]) -> None:
    host, neighbour = segment
    become(host, **NET)
    assert answered(host) == {*WEB, *DB}, "for endpoints and nobody else"
    inside = host.inside("web")
    running = [
        inside.start(agents.serve_all, [("tcp", "::", port) for port in (80, 81)]),
        neighbour.start(agents.serve_all, [("tcp", "::", 80)]),
    ]
    for mine, theirs in zip(WEB, town.NEIGHBOUR, strict=True):
        published, other = neighbour.call(agents.ask_all, [("tcp", mine, port, "") for port in (80, 81)], 5)
        assert (published or "").split()[:1] == [theirs], "the source is kept"
        assert other is None
        (out,) = inside.call(agents.ask_all, [("tcp", theirs, 80, "")], 5)
        assert (out or "").split()[:1] == [mine], "it speaks by its own address"
    for background in running:
        background.stop()


@pytest.mark.long
def test_what_is_answered_for_follows_the_endpoints(segment: tuple[Host, Host]) -> None:
    host, _neighbour = segment
    host.sh("ip neigh add proxy 192.0.2.140 dev eth0; ip neigh add proxy 203.0.113.5 dev eth0")
    foreign = answered(host)
    become(host, **NET)
    host.sh(f"ip neigh del proxy {WEB[0]} dev eth0; ip -6 neigh del proxy {DB[1]} dev eth0")
    host.sh("echo 0 > /proc/sys/net/ipv6/conf/eth0/proxy_ndp")
    assert become(host, **NET) == ["interface"]
    assert answered(host) == {*WEB, *DB, *foreign}
    fewer = {**NET, "endpoints": NET["endpoints"][:1]}
    assert "interface" in become(host, **fewer)
    assert answered(host) == {*WEB, *foreign}
    become(host, **{**NET, "endpoints": NET["endpoints"][1:], "appends": True})
    assert answered(host) == {*WEB, DB[0], DB[1], *foreign}
    apply(host, **NET)
    remove(host, "br0")
    assert answered(host) == foreign, "what others wrote stays"


def test_it_comes_back_after_a_reboot(lab: Lab, segment: tuple[Host, Host]) -> None:
    host, _neighbour = segment
    kept = {**NET, "persistent": True}
    become(host, **{**kept, "endpoints": NET["endpoints"][:1]})
    become(host, **{**kept, "endpoints": NET["endpoints"][1:], "appends": True})
    assert "Wants=sys-subsystem-net-devices-eth0.device" in host.read("/etc/systemd/system/linuxnet-br0.service")
    new = rebooted(lab, host)
    lab.segment("other").join(new, "eth0", [f"{town.HOST[0]}/24", f"{town.HOST[1]}/64"])
    program(new, "up", "br0")
    assert answered(new) == {*WEB, *DB}
    program(new, "down", "br0")
    assert answered(new) == set()


def test_routed_in_one_family_is_answered_for_in_that_alone(segment: tuple[Host, Host]) -> None:
    host, _neighbour = segment
    mixed = {**NET, "ipam_config": [{"subnet": "172.18.0.0/16"}, PARTS[1]], "gateway_mode": "nat"}
    become(host, **{**mixed, "gateway_mode_ipv6": "routed"})
    assert answered(host) == {WEB[1], DB[1]}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"proxy_interface": ""}, "192.0.2.128/26 overlaps 192.0.2.0/24, the network of the host's interface eth0"),
        ({"gateway_mode": "nat"}, "bridge_network_proxy_interface: 'eth0' is not allowed: only with a subnet that is"),
        ({"gateway_mode_ipv6": "nat"}, "2001:db8::1:0/112 overlaps 2001:db8::/64"),
        ({"ipam_config": [{"subnet": "192.0.2.0/24"}]}, "192.0.2.0/24 overlaps 192.0.2.0/24"),
        ({"proxy_interface": "eth7"}, "bridge_network_proxy_interface: there is no interface 'eth7' on the host"),
        ({"proxy_interface": "br0"}, "an interface that is not on the bridge"),
        ({"internal": True}, "no value while bridge_network_internal is true"),
    ],
)
def test_what_cannot_be_is_refused(segment: tuple[Host, Host], variables: dict[str, Any], sentence: str) -> None:
    host, _neighbour = segment
    endpoints = [{"namespace": "web"}]
    with pytest.raises(LinuxnetError, match=sentence):
        apply(host, **{**NET, "endpoints": endpoints, **variables})
    assert answered(host) == set()
