# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MAC addresses that nobody chose: the same every time, and no bridge's but our own changes by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.faults import without_locks
from tests.integration.networks import apply, in_one, remove
from tests.integration.promises import warnings_of
from tests.lab import frames
from tests.lab.host import Host

NETWORK: dict[str, Any] = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}],
    "endpoints": [{"namespace": "web"}, {"namespace": "db", "mac_address": "02:42:ac:12:00:09"}],
}


def _inside(host: Host, namespace: str) -> str:
    return str(host.inside(namespace).ip("link", "show", "eth0")[0]["address"])


def _ends(host: Host) -> set[str]:
    return {str(link["address"]) for link in host.ip("link", "show", "type", "veth")}


def test_they_are_the_same_when_everything_was_made_anew(host: Host) -> None:
    apply(host, **NETWORK)
    first = _inside(host, "web"), _ends(host)
    assert _inside(host, "db") == "02:42:ac:12:00:09"
    assert all(address.startswith("fe:") for address in first[1])
    remove(host, "br0")
    apply(host, **NETWORK)
    assert (_inside(host, "web"), _ends(host)) == first


def test_one_that_the_kernel_chose_becomes_the_fixed_one_and_stays(host: Host) -> None:
    apply(host, **NETWORK)
    fixed = _inside(host, "web")
    host.inside("web").sh("ip link set eth0 address 02:00:00:00:00:77")
    # With the address the kernel forgot who is written down for a neighbour, which comes back as well.
    assert apply(host, **NETWORK).changed == ["veth", "interface"]
    assert _inside(host, "web") == fixed
    assert apply(host, **NETWORK).changed == []


def test_somebody_elses_bridge_keeps_its_own(host: Host) -> None:
    """Without a MAC address that was chosen for it, a bridge takes the lowest of its ports'."""
    host.sh(
        "ip link add docker1 type bridge; ip address add 172.18.0.1/16 dev docker1; ip link set docker1 up;"
        " ip link add p0 address c2:00:00:00:00:01 type veth peer p1; ip link set p0 master docker1; ip link set p0 up"
    )
    joining = {
        **NETWORK,
        "name": "docker1",
        "external": True,
        "ipam_config": [{"subnet": "172.18.0.0/16", "iprange": "172.18.128.0/17"}],
        "endpoints": [{"namespace": f"c{number}"} for number in range(8)],
    }
    before = host.ip("link", "show", "docker1")[0]["address"]
    assert before == "c2:00:00:00:00:01"
    apply(host, **joining)
    assert host.ip("link", "show", "docker1")[0]["address"] == before
    remove(host, "docker1")
    assert host.ip("link", "show", "docker1")[0]["address"] == before


@pytest.mark.parametrize("chosen", ["", "address 02:42:00:00:00:07"])
@pytest.mark.long
def test_somebody_elses_bridge_without_ports_keeps_its_own(host: Host, chosen: str) -> None:
    """It has none but ours, which come and go; and everybody inside reaches it all the time."""
    host.sh(
        f"ip link add docker1 {chosen} type bridge; ip address add 172.18.0.1/16 dev docker1; ip link set docker1 up"
    )
    joining = {
        **NETWORK,
        "name": "docker1",
        "external": True,
        "ipam_config": [{"subnet": "172.18.0.0/16", "iprange": "172.18.128.0/17"}],
    }

    def address() -> str:
        return str(host.ip("link", "show", "docker1")[0]["address"])

    before = address()
    for numbers in ((3,), (3, 0, 1, 2, 4, 5, 6), (0, 1, 2, 4, 5, 6), (6, 5), (8, 9)):
        want = {**joining, "endpoints": [{"namespace": f"c{number}"} for number in numbers]}
        foretold = in_one(host, want, check=True)
        assert in_one(host, want)["diff"] == foretold["diff"]
        assert address() == before
        assert all(host.inside(f"c{number}").reaches("172.18.0.1") for number in numbers)
        assert not in_one(host, want)["changed"]
    more = {**joining, "appends": True, "endpoints": [{"namespace": "c7"}]}
    assert [in_one(host, more)["changed"], in_one(host, more)["changed"], address()] == [True, False, before]
    host.sh("ip link add p0 address 02:00:00:00:00:01 type veth peer p1; ip link set p0 master docker1")
    assert not in_one(host, more)["changed"]


def test_where_ports_cannot_be_locked_it_is_told_what_still_holds(host: Host) -> None:
    """And it does: what is for an endpoint reaches that one alone, whatever a neighbour sends from its MAC address."""
    told = [host.call(without_locks, "bridge_network", NETWORK) for _run in range(2)]
    assert [one["changed"] for one in told] == [True, False]
    sentence = (
        "this kernel cannot lock bridge ports (Linux 5.18 can): packets to an endpoint still reach only that "
        "endpoint, but without nft a neighbour on its bridge can send from its MAC address"
    )
    assert [one["warnings"] for one in told] == [[sentence]] * 2
    web, (gateway,) = host.inside("web"), host.ip("link", "show", "br0")
    stolen = frames.udp("172.18.0.2", "172.18.0.1", 9, 9)
    db = host.inside("db")
    forged = [frames.ethernet(gateway["address"], _inside(host, "web"), frames.IPV4, stolen)]
    with db.sniffer("eth0") as thief, host.sniffer("br0") as bridge:
        db.send_frames("eth0", forged)
        assert not bridge.wait(0.5, protocol=frames.UDP, port=9), "what guards ports does not need it"
        host.sh("nft delete table bridge linuxnet")
        db.send_frames("eth0", forged)
        assert bridge.wait(2, protocol=frames.UDP, port=9), "it can send from there"
        assert host.reaches("172.18.0.2")
        assert web.reaches("172.18.0.1")
        assert not [packet for packet in thief.packets if packet.destination == "172.18.0.2"]
    assert in_one(host, NETWORK)["changed"], "a newer kernel locks them"


def _address(host: Host, name: str) -> str:
    return str(host.ip("link", "show", name)[0]["address"])


@pytest.mark.parametrize("netns", [None, "router"])
@pytest.mark.parametrize("ports", ["", "ip link add q0 address c2:00:00:00:00:01 type veth peer q1;"])
def test_a_port_that_changes_the_address_of_a_strangers_bridge_is_told(
    host: Host, netns: str | None, ports: str
) -> None:
    host.sh("ip netns add router")
    place = host.inside(netns) if netns else host
    place.sh(
        f"ip link add docker1 type bridge; {ports} ip link add p0 address 02:00:00:00:00:01 type veth peer p1;"
        " ip link add p2 address ce:00:00:00:00:01 type veth peer p3"
    )
    if ports:
        place.sh("ip link set q0 master docker1")
    before = _address(place, "docker1")
    want = {"aggregate": [{"interface": one, "bridge": "docker1", "netns": netns} for one in ("p0", "p2")]}
    where = f" in namespace {netns}" if netns else ""
    sentence = (
        f"interface p0 changes the MAC address of bridge docker1{where} from {before} to 02:00:00:00:00:01, which is"
        " the lowest of its ports'; give p0 a higher one, or the bridge one of its own"
    )
    assert warnings_of(host.module("bridge_port", want, check=True)) == [sentence]
    assert warnings_of(host.module("bridge_port", want)) == [sentence]
    assert _address(place, "docker1") == "02:00:00:00:00:01"
    assert warnings_of(host.module("bridge_port", want)) == []


def test_of_a_bridge_that_keeps_its_address_nothing_is_told(host: Host) -> None:
    """It has one of its own, is ours, or has a port with a lower one."""
    host.sh(
        "ip link add own1 address 06:00:00:00:00:07 type bridge; ip link add low1 type bridge;"
        " ip link add low2 address 02:00:00:00:00:01 type veth peer low3; ip link set low2 master low1;"
        + "".join(f" ip link add p{n} address 02:00:00:00:00:0{n + 2} type veth peer q{n};" for n in range(3))
    )
    host.module("bridge", {"name": "br0"})
    bridges = ("own1", "low1", "br0")
    before = [_address(host, name) for name in bridges]
    want = {"aggregate": [{"interface": f"p{number}", "bridge": name} for number, name in enumerate(bridges)]}
    assert [warnings_of(host.module("bridge_port", want, check=check)) for check in (True, False)] == [[], []]
    assert [_address(host, name) for name in bridges] == before


def test_a_pair_changes_no_address_of_a_strangers_bridge(host: Host) -> None:
    """The end on the host gets a MAC address that is never the lowest, unless another is asked for."""
    host.sh(
        "ip link add docker1 type bridge; ip link add p0 address c2:00:00:00:00:01 type veth peer p1;"
        " ip link set p0 master docker1"
    )
    before = _address(host, "docker1")
    for number in range(6):
        pair = {"name": f"v{number}", "peer_name": f"w{number}"}
        host.module("veth", pair)
        port = {"interface": f"v{number}", "bridge": "docker1"}
        assert [warnings_of(host.module("bridge_port", port, check=check)) for check in (True, False)] == [[], []]
        assert not host.module("veth", pair)["changed"]
        assert _address(host, "docker1") == before
