# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams that continue while ports move, and transfers over paths with a small MTU."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import NATIVE, use_backend
from tests.integration.traffic import agents
from tests.lab import town
from tests.lab.calls import Background
from tests.lab.host import Host
from tests.lab.lab import Lab

SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
WEB, DB = ("172.18.0.2", "fd00:18::2"), ("172.18.0.3", "fd00:18::3")
MOVED = ["8080:80", "8080:80/udp"]
NEIGHBOURS = ["8090:80", "8090:80/udp"]


def network(web: list[str], db: list[str]) -> dict[str, Any]:
    endpoints = [
        {"namespace": name, "ipv4_address": own[0], "ipv6_address": own[1], "published_ports": ports}
        for name, own, ports in (("web", WEB, web), ("db", DB, db))
    ]
    return {"name": "br0", "ipam_config": SUBNETS, "endpoints": endpoints}


def becomes(stream: Background, who: str, seconds: float = 40) -> str:
    """Wait until a stream gets answers from someone, or from nobody. Returns the number of its connection.

    Patiently: TCP waits as long again as it has been silent before it repeats what was not answered.
    """
    end = time.monotonic() + seconds
    told = ""
    while time.monotonic() < end:
        told = stream.next()
        if told.startswith(f"{who} "):
            return told.split()[1]
    raise AssertionError(f"not {who} but {told}")


@pytest.fixture(params=["nft", NATIVE])
def host(lab: Lab, request: pytest.FixtureRequest) -> Host:
    made = lab.host("host")
    use_backend(made, request.param)
    return made


@pytest.fixture
def served(host: Host, neighbour: Host) -> Iterator[Host]:
    apply(host, **network([*MOVED, *NEIGHBOURS], []))
    with ExitStack() as stack:
        for name, addresses in (("web", WEB), ("db", DB)):
            servers = [(kind, address, 80) for kind in ("tcp", "udp") for address in addresses]
            stack.enter_context(host.inside(name).start(agents.serve_all, servers))
        yield host


@pytest.mark.parametrize("version", [0, 1], ids=["IPv4", "IPv6"])
def test_a_port_moves_under_a_stream(served: Host, neighbour: Host, version: int) -> None:
    """It reaches the new endpoint from the same source port, then nobody; its neighbour's connection is never cut."""
    with ExitStack() as stack:

        def stream(kind: str, port: int) -> Background:
            start = neighbour.start(agents.stream, kind, town.HOST[version], port, 40000 + port)
            return stack.enter_context(start)

        moving = [stream(kind, 8080) for kind in ("tcp", "udp")]
        staying = [stream(kind, 8090) for kind in ("tcp", "udp")]
        first = [becomes(one, WEB[version]) for one in staying]
        for one in moving:
            becomes(one, WEB[version])
        apply(served, **network(NEIGHBOURS, MOVED))
        for one in moving:
            becomes(one, DB[version])
        apply(served, **network(NEIGHBOURS, []))
        _fall_silent(moving)
        assert [becomes(one, WEB[version]) for one in staying] == first


def _fall_silent(streams: list[Background]) -> None:
    time.sleep(0.3)
    for stream in streams:
        list(stream.values())
    time.sleep(0.5)
    for stream in streams:
        assert {told.split()[0] for told in stream.values()} <= {"silence"}


SMALL = 1400


def test_a_small_mtu(lab: Lab, host: Host) -> None:
    """Endpoints have the uplink's MTU; a smaller one on the path is discovered."""
    wan = lab.segment("wan", mtu=SMALL)
    wan.join(host, "eth0", ["192.0.2.1/24", "2001:db8::1/64"], town.ROUTER)
    router = wan.neighbour("router", [f"{town.ROUTER[0]}/24", f"{town.ROUTER[1]}/64"])
    beyond = lab.segment("beyond", mtu=1300)
    beyond.join(router, "eth1", ["203.0.113.1/24", "2001:db8:1::1/64"])
    far = beyond.neighbour("far", ["203.0.113.9/24", "2001:db8:1::9/64"], ["203.0.113.1", "2001:db8:1::1"])
    router.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
    apply(host, **network(MOVED, []))
    web = host.inside("web")
    mtus = [link["mtu"] for link in host.ip("link", "show") if link["ifname"] == "br0" or link.get("master") == "br0"]
    assert [*mtus, web.ip("link", "show", "eth0")[0]["mtu"]] == [SMALL] * 4
    size = 3_000_000
    for target in (("203.0.113.9", "2001:db8:1::9"), town.ROUTER):
        place = far if target[0].startswith("203") else router
        for address in target:
            with place.start(agents.sink, address, 5000) as sink:
                web.call(agents.upload, address, 5000, size, 20.0)
                assert sink.next() == size
    for client in (far, router):
        for address, own in zip(town.HOST, WEB, strict=True):
            with web.start(agents.sink, own, 80) as sink:
                client.call(agents.upload, address, 8080, size, 20.0)
                assert sink.next() == size


@pytest.mark.parametrize("version", [0, 1], ids=["IPv4", "IPv6"])
def test_path_mtu_discovery(lab: Lab, host: Host, version: int) -> None:
    """The router of a link beyond answers datagrams that are too large, and the endpoint gets the answer."""
    wan = lab.segment("wan")
    wan.join(host, "eth0", ["192.0.2.1/24", "2001:db8::1/64"], town.ROUTER)
    router = wan.neighbour("router", [f"{town.ROUTER[0]}/24", f"{town.ROUTER[1]}/64"])
    beyond = lab.segment("beyond", mtu=1300)
    beyond.join(router, "eth1", ["203.0.113.1/24", "2001:db8:1::1/64"])
    router.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
    apply(host, **network(MOVED, []))
    far = ("203.0.113.9", "2001:db8:1::9")[version]
    web = host.inside("web")
    size = 1500 - (28, 48)[version]
    web.run(["ping", "-nqc3", "-i1", "-W1", "-M", "do", "-s", str(size), far], check=False)
    route = web.ip("route", "get", far)[0]
    metrics = route.get("metrics", [{}])
    assert [metric["mtu"] for metric in metrics if "mtu" in metric] == [1300], route
