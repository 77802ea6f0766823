# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker engine on the same host: its containers and our endpoints work and are separate, whichever came first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engines import packages
from tests.engines.docker import ANYWHERE, IPV6, Daemon
from tests.engines.engine import Endpoint, Network
from tests.integration.networks import apply, remove
from tests.integration.rule_hosts import NATIVE, use_backend
from tests.integration.traffic import agents
from tests.lab import town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.town import Town
from tests.lab.traffic import Answer

SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
WEB: dict[str, Any] = {"namespace": "web", "published_ports": ["8080:80", "53:53/udp"]}
OURS: dict[str, Any] = {"name": "br0", "ipam_config": SUBNETS, "endpoints": [WEB, {"namespace": "db"}]}
THEIRS = Network("dk0", ("172.30.0.0/16", "fd00:30::/64"), ("172.30.0.1", "fd00:30::1"), internal=False, icc=True)
BOX = Endpoint("box", "dk0", ("172.30.0.2", "fd00:30::2"), ("9080:80", "9053:53/udp"))
ADDRESSES = {"web": ("172.18.0.2", "fd00:18::2"), "db": ("172.18.0.3", "fd00:18::3"), "box": BOX.addresses}
SERVERS = [("tcp", 80), ("tcp", 7777), ("udp", 53), ("udp", 7777)]
#: Seconds to wait for an answer that must come, and for one that must not.
PATIENCE, SILENCE = 5.0, 0.4


@dataclass
class Both:
    """A host with Docker's network and ours."""

    town: Town
    theirs: list[str]
    ours: list[str]

    @property
    def host(self) -> Host:
        return self.town.host


def _rules(host: Host, ours: bool) -> list[str]:
    """Our rules or all others, without counters; the others include what Docker's start writes."""
    table = host.sh("nft list table inet linuxnet", check=False).splitlines() if ours else []
    lines = [
        line
        for program in ("iptables", "ip6tables")
        for line in host.run([f"{program}-save"]).out.splitlines()
        if line.startswith("-A")
    ]
    return [line for line in lines if ("LINUXNET" in line) == ours] + table


def _start_docker(host: Host, stack: ExitStack) -> None:
    daemon = Daemon(host, (*ANYWHERE, *IPV6))
    stack.callback(daemon.stop)
    daemon.create(THEIRS)
    daemon.start(BOX)


@pytest.fixture(params=["nft", NATIVE])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["Docker was first", "we were first"])
def both(backend: str, request: pytest.FixtureRequest) -> Iterator[Both]:
    packages.fetch()
    with Lab() as lab, ExitStack() as stack:
        built = town.build(lab)
        use_backend(built.host, backend)
        for kind in ("iptables", "ip6tables"):
            built.host.sysctl(f"net/bridge/bridge-nf-call-{kind}", 1)
        if request.param == "Docker was first":
            _start_docker(built.host, stack)
            theirs = _rules(built.host, ours=False)
            apply(built.host, **OURS)
            yield Both(built, theirs, _rules(built.host, ours=True))
        else:
            apply(built.host, **OURS)
            ours = _rules(built.host, ours=True)
            _start_docker(built.host, stack)
            theirs = _rules(built.host, ours=False)
            if backend == NATIVE:
                # Only now there is a chain FORWARD of iptables, and one that drops.
                assert apply(built.host, **OURS).changed == ["bridge_forward"]
                ours = _rules(built.host, ours=True)
            yield Both(built, theirs, ours)


@pytest.fixture
def serving(both: Both) -> Iterator[Both]:
    """With servers in all endpoints and in the world."""
    places = {**{name: both.host.inside(name) for name in ADDRESSES}, "outside": both.town.outside}
    with ExitStack() as stack:
        for name, place in places.items():
            addresses = ADDRESSES.get(name, town.WORLD)
            servers = [(kind, address, port) for address in addresses for kind, port in SERVERS]
            stack.callback(place.start(agents.serve_all, servers).stop)
        yield both


def _wanted() -> Iterator[tuple[str, str, str, int, str]]:
    """The questions: client, protocol, address, port; and the client's address as the server must see it."""
    for version, host in enumerate(town.HOST):
        for kind, ours, theirs in (("tcp", 8080, 9080), ("udp", 53, 9053)):
            client = town.NEIGHBOUR[version]
            yield "lan", kind, host, ours, client
            yield "lan", kind, host, theirs, client
        yield "box", "tcp", host, 8080, ""
        yield "web", "tcp", host, 9080, ""
        for name in ("web", "box"):
            yield name, "tcp", town.WORLD[version], 80, host
            yield name, "udp", town.WORLD[version], 53, host
        yield "db", "tcp", ADDRESSES["web"][version], 7777, ADDRESSES["db"][version]


def _unwanted() -> Iterator[tuple[str, str, str, int]]:
    for kind, port in SERVERS:
        for version in (0, 1):
            yield "box", kind, ADDRESSES["web"][version], port
            yield "lan", kind, ADDRESSES["web"][version], port


def _ask(both: Both, client: str, kind: str, address: str, port: int, timeout: float) -> Answer | None:
    place = both.town.neighbour if client == "lan" else both.host.inside(client)
    return place.ask(address, port, kind, timeout=timeout)


@pytest.mark.needs("docker")
@pytest.mark.needs("bridge-nf")
def test_beside_docker(serving: Both) -> None:
    host = serving.host
    assert any("-A FORWARD -j DOCKER-USER" in rule for rule in serving.theirs)
    for client, kind, address, port, seen in _wanted():
        answer = _ask(serving, client, kind, address, port, PATIENCE)
        assert answer is not None, (client, kind, address, port)
        assert seen in ("", answer.peer)
    for path in _unwanted():
        assert _ask(serving, *path, SILENCE) is None, path
    assert _rules(host, ours=False) == serving.theirs
    assert _rules(host, ours=True) == serving.ours
    assert apply(host, **OURS).changed == []
    remove(host, "br0")
    assert _rules(host, ours=False) == serving.theirs
    assert _ask(serving, "lan", "tcp", town.HOST[0], 9080, PATIENCE)


_RULE = "LINUXNET-USER -i br0 -o dk0 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
_CHAIN = "type filter hook forward priority filter; policy accept;"
_NATIVE_RULE = 'iifname "br0" oifname "dk0" ct state new ct status ! dnat drop'
#: The administrator's rule against that, by the firewall that our networks use, and what removes it.
CLOSING = {
    "auto": f"iptables -A {_RULE}; ip6tables -A {_RULE}",
    "nftables": f"nft 'table inet administrator {{ chain forward {{ {_CHAIN} {_NATIVE_RULE}; }}; }}'",
}
OPENING = {
    "auto": f"iptables -D {_RULE}; ip6tables -D {_RULE}",
    "nftables": "nft delete table inet administrator",
}


@pytest.mark.needs("docker")
@pytest.mark.needs("bridge-nf")
def test_what_older_engines_leave_to_the_policy(serving: Both) -> None:
    """Docker before 28 relies on FORWARD's policy to close unpublished ports: the role's README has a rule for that."""
    host = serving.host
    host.sh(CLOSING[host.firewall])
    for version in (0, 1):
        assert _ask(serving, "web", "tcp", BOX.addresses[version], 7777, SILENCE) is None
        assert _ask(serving, "web", "tcp", town.HOST[version], 9080, PATIENCE)
        assert _ask(serving, "box", "tcp", town.HOST[version], 8080, PATIENCE)
        assert _ask(serving, "web", "tcp", town.WORLD[version], 80, PATIENCE)
    host.sh(OPENING[host.firewall])
    assert _ask(serving, "web", "tcp", BOX.addresses[0], 7777, PATIENCE), "the control"
