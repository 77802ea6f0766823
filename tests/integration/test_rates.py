# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rates of endpoints: what they come to, what is left of them, and what a network with them does."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import limiting_device
from tests.integration.persistence import program, rebooted
from tests.integration.promises import assert_same, refused
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Place

SUBNETS = [{"subnet": "172.18.0.0/24"}, {"subnet": "fd00:18::/64"}]
WEB = {"namespace": "web", "ipv4_address": "172.18.0.2", "ipv6_address": "fd00:18::2"}
DB = {"namespace": "db", "ipv4_address": "172.18.0.3", "ipv6_address": "fd00:18::3"}
FAST = {"egress_rate": "50mbit", "ingress_rate": "20mbit"}
PORT = 7000
CONNECTIONS = 4


def _network(*endpoints: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"name": "br0", "ipam_config": SUBNETS, "endpoints": list(endpoints), **options}


def _converge(host: Host, network: dict[str, Any], changed: bool = True) -> dict[str, Any]:
    """Check mode foretells the run, and another one finds nothing to do. Packets that endpoints send by themselves are
    not compared."""
    before = host.dump()
    foretold = host.module("bridge_network", network, check=True)
    assert_same(before, host.dump(), "check mode changed something")
    done = host.module("bridge_network", network)
    assert done["changed"] is changed
    assert (foretold["changed"], foretold["diff"]) == (done["changed"], done["diff"])
    after = host.dump()
    assert not host.module("bridge_network", network)["changed"]
    assert_same(after, host.dump(), "the second run changed something")
    return done


def _ends(host: Host) -> dict[str, str]:
    """The host ends by namespace."""
    links = host.ip("link", "show", "type", "veth")
    return {link["ifalias"].split(":")[2]: link["ifname"] for link in links if link.get("ifalias")}


def _devices(host: Host) -> list[str]:
    return [link["ifname"] for link in host.ip("link", "show", "type", "ifb")]


def _take(address: str, seconds: float) -> float:
    """Accept connections, and return the bits per second of all, counted from a while after their beginning."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server((address, PORT), family=family))
        server.settimeout(30)
        connections = [stack.enter_context(server.accept()[0]) for _number in range(CONNECTIONS)]
        buffer, counted, begin = bytearray(1 << 20), 0, 0.0
        first = time.monotonic()
        while True:
            readable, _writable, _odd = select.select(connections, [], [], 30)
            size, now = sum(one.recv_into(buffer) for one in readable), time.monotonic()
            if not size:
                raise ConnectionError("a sender has closed its connection, or nothing arrives")
            if begin:
                counted += size
            elif now - first > 1:
                begin = now
            if begin and now - begin > seconds:
                return counted * 8 / (now - begin)


def _send(address: str, connections: int) -> None:
    """Send as much as possible by several connections, so that none that waits makes a gap, until the receiver has
    enough."""
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        opened = [stack.enter_context(_connected(address)) for _number in range(connections)]
        while True:
            for one in select.select([], opened, [], 30)[1]:
                one.send(bytes(1 << 16))


def _connected(address: str) -> socket.socket:
    """A connection to a server that may begin to listen only now."""
    end = time.monotonic() + 30
    while True:
        try:
            connection = socket.create_connection((address, PORT), timeout=5)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            connection.setblocking(False)
            return connection


def _measured(sender: Place, receiver: Place, address: str, seconds: float) -> float:
    """The rate in Mbit/s of TCP."""
    sending = threading.Thread(target=sender.call, args=(_send, address, CONNECTIONS))
    sending.start()
    try:
        return float(receiver.call(_take, address, seconds)) / 1e6
    finally:
        sending.join()


@pytest.fixture(scope="module")
def street() -> Iterator[tuple[Host, Place]]:
    """A host with the endpoints web and db, and a neighbour that routes through it."""
    with Lab() as lab:
        host = lab.host("host")
        wan = lab.segment("wan", mtu=1500)
        wan.join(host, "eth0", ["192.0.2.1/24", "2001:db8::1/64"], gateways=["192.0.2.254"])
        neighbour = wan.neighbour(
            "neighbour", ["192.0.2.9/24", "2001:db8::9/64"], gateways=["192.0.2.1", "2001:db8::1"]
        )
        yield host, neighbour


@pytest.mark.parametrize(
    ("rate", "word", "family", "whom"),
    [
        ("5mbit", "egress", "ipv4", "outside"),
        ("5mbit", "ingress", "ipv6", "outside"),
        ("1mbit", "egress", "ipv4", "neighbour"),
        ("1mbit", "ingress", "ipv4", "neighbour"),
        ("50mbit", "ingress", "ipv4", "outside"),
        ("50mbit", "egress", "ipv6", "outside"),
        ("50mbit", "egress", "ipv6", "neighbour"),
        ("200mbit", "ingress", "ipv4", "host"),
        ("200mbit", "egress", "ipv4", "host"),
    ],
)
def test_what_is_measured(street: tuple[Host, Place], rate: str, word: str, family: str, whom: str) -> None:
    """Within ten percent, with a window long enough for a burst not to matter. Headers take four of them."""
    host, outside = street
    host.module(
        "bridge_network",
        _network({**WEB, f"{word}_rate": rate}, DB, gateway_mode="routed", trusted_interfaces=["eth0"]),
    )
    other, address = {
        "outside": (outside, {"ipv4": "192.0.2.9", "ipv6": "2001:db8::9"}),
        "neighbour": (host.inside("db"), {"ipv4": "172.18.0.3", "ipv6": "fd00:18::3"}),
        "host": (host, {"ipv4": "172.18.0.1", "ipv6": "fd00:18::1"}),
    }[whom]
    web, own = host.inside("web"), {"ipv4": "172.18.0.2", "ipv6": "fd00:18::2"}
    pair = (web, other, address[family]) if word == "egress" else (other, web, own[family])
    expected = float(rate.removesuffix("mbit"))
    seconds = 10 if expected < 5 else 4
    found = _measured(*pair, seconds)
    assert expected * 0.9 <= found <= expected * 1.1
    back = (other, web, own[family]) if word == "egress" else (web, other, address[family])
    if expected <= 50:
        assert _measured(*back, 0.5) > 2 * expected, "the other direction is not limited"


def test_a_burst_passes_faster(street: tuple[Host, Place]) -> None:
    """A megabyte that is sent after a pause does not wait for the rate."""
    host, outside = street
    host.module("bridge_network", _network({**WEB, "egress_rate": "1mbit", "egress_burst": "2mb"}, DB))
    result: list[float] = []

    def receive() -> None:
        result.append(outside.call(_take_megabyte, "192.0.2.9"))

    receiving = threading.Thread(target=receive)
    receiving.start()
    host.inside("web").call(_send, "192.0.2.9", 1)
    receiving.join()
    assert result[0] < 4, "at 1 Mbit/s, it would take eight seconds"


def _take_megabyte(address: str) -> float:
    with socket.create_server((address, PORT)) as server:
        server.settimeout(30)
        connection, _peer = server.accept()
    left, begin = 1_000_000, time.monotonic()
    with connection:
        while left > 0:
            left -= len(connection.recv(1 << 16))
        return time.monotonic() - begin


def test_a_network_with_rates(host: Host) -> None:
    network = _network({**WEB, **FAST}, {**DB, "egress_rate": "5mbit", "egress_burst": "64kb"})
    done = _converge(host, network)
    assert not done.get("warnings")
    ends = _ends(host)
    info = host.module("netns_info", {})["host"]["interfaces"]
    shown = {one["name"]: one["bandwidth"] for one in info if one["bandwidth"]}
    assert shown == {
        ends["web"]: {
            "egress_rate": "50mbit", "egress_burst": "62500b", "ingress_rate": "20mbit", "ingress_burst": "32kb",
        },
        ends["db"]: {"egress_rate": "5mbit", "egress_burst": "64kb", "ingress_rate": None, "ingress_burst": None},
    }  # fmt: skip
    assert {one["owner"] for one in info if one["kind"] == "ifb"} == {"br0"}
    assert {one["endpoint"] for one in info if one["kind"] == "ifb"} == {None}


@pytest.mark.long
def test_nothing_is_left_of_a_network(host: Host) -> None:
    host.module("bridge_network", _network(WEB, DB))
    host.module("bridge_network", {"name": "br0", "state": "absent"})
    before = host.dump()
    _converge(host, _network({**WEB, **FAST}, {**DB, **FAST}))
    _converge(host, {"name": "br0", "state": "absent"})
    assert_same(before, host.dump(), "something is left")


@pytest.mark.parametrize("appends", [False, True])
def test_rates_that_are_taken_off(host: Host, appends: bool) -> None:
    host.module("bridge_network", _network(WEB, DB))
    before = host.dump()
    _converge(host, _network({**WEB, **FAST}, {**DB, **FAST}))
    if appends:
        _converge(host, _network(WEB, appends=True))
        assert _devices(host) == [limiting_device(_ends(host)["db"])]
    _converge(host, _network(WEB, DB))
    assert_same(before, host.dump(), "something is left")


def test_an_endpoint_that_is_taken_off(host: Host) -> None:
    host.module("bridge_network", _network(WEB))
    before = host.dump()
    _converge(host, _network({**WEB}, {**DB, **FAST}))
    assert len(_devices(host)) == 1
    _converge(host, _network(WEB))
    assert_same(before, host.dump(), "something is left")


def test_a_namespace_that_was_attached(host: Host) -> None:
    """It stays, so the pair is removed by itself."""
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        network = _network({**WEB, "pid": process.pid, **FAST}, DB)
        _converge(host, network)
        host.module("bridge_network", _network(DB))
        assert _devices(host) == []


@pytest.mark.long
def test_a_namespace_that_is_gone(host: Host) -> None:
    """The pair goes with its namespace and the device stays, until the next run or the removal of the network."""
    network = _network({**WEB, **FAST}, DB)
    _converge(host, network)
    host.sh("ip netns del web; sleep 0.5")
    host.module("bridge_network", network)
    assert len(_devices(host)) == 1
    _converge(host, network, changed=False)
    host.sh("ip netns del web; sleep 0.5")
    _converge(host, {"name": "br0", "state": "absent"})
    assert _devices(host) == []


def test_an_end_with_another_name(host: Host) -> None:
    _converge(host, _network({**WEB, **FAST}, DB))
    _converge(host, _network({**WEB, **FAST, "host_interface": "other0"}, DB))
    assert _devices(host) == [limiting_device("other0")]
    assert f"to device {limiting_device('other0')}" in host.sh("tc filter show dev other0 ingress")


@pytest.mark.parametrize("rate", ["egress_rate", "ingress_rate"])
@pytest.mark.parametrize("appends", [False, True])
def test_an_end_with_another_name_and_no_rate(host: Host, rate: str, appends: bool) -> None:
    host.module("bridge_network", _network({**WEB, "host_interface": "other0"}, DB))
    before = host.dump()
    host.module("bridge_network", _network({**WEB, "host_interface": "first0", rate: "50mbit"}, DB))
    other = {**WEB, "host_interface": "other0"}
    _converge(host, _network(other, appends=True) if appends else _network(other, DB))
    assert_same(before, host.dump(), "something is left")


@pytest.mark.parametrize(
    "damage",
    [
        "tc qdisc del dev {end} root",
        "tc qdisc change dev {end} root handle 6c6e: tbf rate 1gbit burst 2m latency 50ms",
        "tc qdisc del dev {end} ingress",
        "tc filter del dev {end} ingress",
        "ip link set {device} down",
        "ip link set {device} alias mine",
        "tc qdisc del dev {device} root",
    ],
)
def test_what_drifted_is_repaired(host: Host, damage: str) -> None:
    network = _network({**WEB, **FAST}, {**DB, **FAST})
    _converge(host, network)
    healthy = host.dump()
    end = _ends(host)["web"]
    host.sh(damage.format(end=end, device=limiting_device(end)))
    done = _converge(host, network)
    assert done["objects"][0]["modules"]["bandwidth"] == {"definitions": 2, "changed": 1}
    assert_same(healthy, host.dump(), "not repaired, or more than that")


def test_a_foreign_discipline_fails_only_its_endpoint(host: Host) -> None:
    network = _network(WEB, DB)
    _converge(host, network)
    end = _ends(host)["web"]
    host.sh(f"tc qdisc add dev {end} root pfifo")
    failed = host.module("bridge_network", _network({**WEB, **FAST}, {**DB, **FAST}), fails=True)
    assert f"interface {end} has a queueing discipline pfifo of somebody else" in failed["msg"]
    assert "qdisc tbf 6c6e:" in host.sh(f"tc qdisc show dev {_ends(host)['db']}")
    assert "qdisc pfifo" in host.sh(f"tc qdisc show dev {end}")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"egress_rate": 100}, "endpoints[0].egress_rate: 100 is not allowed: a rate from 8kbit to 32gbit"),
        ({"ingress_rate": "fast"}, "endpoints[0].ingress_rate: 'fast' is not allowed: a rate"),
        (
            {"ingress_burst": "64kb"},
            "endpoints[0].ingress_burst: '64kb' is not allowed: only together with",
        ),
        (
            {"egress_rate": "5mbit", "egress_burst": "1kb"},
            "endpoints[0].egress_burst: '1024b' is not allowed: at least 1518b, the size of a frame with the network's",
        ),
    ],
)
def test_bad_input(host: Host, options: dict[str, Any], sentence: str) -> None:
    refused(host, "bridge_network", _network({**WEB, **options}), sentence)


def test_networks_without_rates_read_no_disciplines(host: Host) -> None:
    network = _network(WEB, DB)
    _converge(host, network)
    assert json.loads(host.sh("tc -json qdisc show dev br0"))
    done = host.module("bridge_network", network)
    assert "bandwidth" not in done["objects"][0]["modules"]


def _limits(host: Host) -> dict[str, list[str]]:
    """What limits each endpoint: the queues and their classes at its host end and at what takes what it sends."""
    found = {}
    for namespace, end in _ends(host).items():
        devices = [name for name in (end, limiting_device(end)) if host.run(["ip", "link", "show", name], check=False)]
        shown = [host.sh(f"tc {what} show dev {name} 2>/dev/null || true") for name in devices for what in _SHOWN]
        found[namespace] = [line for text in shown for line in text.splitlines() if " noqueue " not in line]
    return found


_SHOWN = ("qdisc", "class", "filter")


@pytest.mark.long
def test_an_empty_host_gets_its_limits_at_boot(lab: Lab, host: Host) -> None:
    db = {**DB, "egress_rate": "5mbit"}
    network = _network({**WEB, **FAST, "ingress_burst": "100kb"}, db, persistent=True)
    host.module("bridge_network", network)
    new = rebooted(lab, host)
    program(new, "up", "br0")
    assert all(_limits(host).values()), "there is something to compare"
    assert _limits(new) == _limits(host)
    assert sorted(_devices(new)) == sorted(_devices(host))
    assert "0 of its parts were changed" in program(new, "up", "br0").out
    # On a busy machine, what waited in buffers before the first look counts too, so not for too short a time.
    assert 4 < _measured(new.inside("db"), new, "172.18.0.1", 6) < 5.5
    new.sh(f"tc qdisc del dev {_ends(new)['web']} root")
    program(new, "up", "br0")
    assert _limits(new) == _limits(host)
    program(new, "down", "br0")
    assert _devices(new) == []
