# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While a network is built and removed under a constant stream of attacks, none succeeds at any moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.networks import apply, remove
from tests.integration.rule_hosts import BACKENDS, NATIVE, use_backend
from tests.integration.traffic import agents
from tests.integration.traffic.attacks import ATTACKS, WIRE, Attack
from tests.integration.traffic.packets import Shot
from tests.integration.traffic.siege import ADDRESSES, SECOND, network
from tests.integration.traffic.test_streams import becomes
from tests.lab import frames, modules, target, town
from tests.lab.calls import Background
from tests.lab.frames import parse
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.sweep import inside

#: A port of web for others than the neighbour.
RESTRICTED = {"port": "8087:87/udp", "allowed_sources": [*town.ROUTER, *town.WORLD]}


def _to_restricted(ipv6: bool) -> Attack:
    source, target = town.NEIGHBOUR[ipv6], town.HOST[ipv6]

    def packets(shot: Shot) -> list[bytes]:
        return [frames.udp(source, target, shot.port, 8087, shot.marker)]

    return Attack("port for a list of sources", "from somebody else", ipv6, "lan", "web", "", packets)


#: Everything that the neighbour can do to an endpoint, and that an endpoint can do. There is no network with app here.
INWARD = [
    *(one for one in ATTACKS if one.sender == "lan" and one.victim in ("web", "db") and one.name != "from app"),
    *map(_to_restricted, (False, True)),
]
OUTWARD = [attack for attack in ATTACKS if attack.sender == "db" and attack.victim in (WIRE, "host")]
PAUSE = 0.003
#: Sources that may be seen on the wire: the host's, and those of others on the segment. A reply that arrives when the
#: endpoint's link is gone but its connection is still tracked is sent back to the segment; no endpoint has written it.
_LAWFUL = (*town.HOST, SECOND, *town.NEIGHBOUR, *town.ROUTER, *town.WORLD)


@dataclass
class Bombardment:
    """Running attacks, by number, and who watches."""

    town: town.Town
    watchers: dict[str, Background]
    guns: dict[str, Background]

    def hits(self) -> set[str]:
        """The attacks that have succeeded since the last call."""
        found = set()
        for place, watcher in self.watchers.items():
            for data in watcher.values():
                for marker in agents.MARKER.findall(data):
                    found |= _hits(place, int(marker[1:5]), int(marker[6:9]), data)
        return found

    def falls_silent(self, within: float = 10.0) -> bool:
        """Whether the attacks stop succeeding. On a busy CPU, a watcher reports late."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            time.sleep(0.5)
            if not self.hits():
                return True
        return False

    def rounds(self) -> int:
        """How many times the slower of the attackers has fired since the last call."""
        return min(max([0, *gun.values()]) for gun in self.guns.values())


def _hits(place: str, side: int, number: int, data: bytes) -> set[str]:
    attack = (INWARD, OUTWARD)[side][number]
    if place in ("lan", "outside"):
        hit = attack.victim == WIRE and parse(data).source not in _LAWFUL
    else:
        hit = attack.victim == place
    return {str(attack)} if hit else set()


def _network() -> dict[str, Any]:
    wanted = network("br0")
    for endpoint in wanted["endpoints"]:
        if endpoint["namespace"] == "web":
            endpoint["published_ports"] = [*endpoint["published_ports"], RESTRICTED]
    return wanted


@pytest.fixture
def bombardment(backend: str, bridge_nf: int) -> Iterator[Bombardment]:
    """A host that forwards everything, as with Docker; the namespaces and the attacker are there."""
    with Lab() as lab, ExitStack() as stack:
        built = town.build(lab)
        host = built.host
        use_backend(host, backend)
        for kind in ("iptables", "ip6tables"):
            host.sysctl(f"net/bridge/bridge-nf-call-{kind}", bridge_nf)
        host.sh(f"ip netns add web; ip netns add db; ip address add {SECOND}/24 dev eth0")
        host.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
        apply(host, **_network())
        macs = {link["ifname"]: link["address"] for link in host.ip("link", "show")}
        macs["db"] = host.inside("db").ip("link", "show", "eth0")[0]["address"]
        remove(host, "br0")
        watched = {"lan": built.neighbour, "outside": built.outside, "web": host.inside("web"), "db": host.inside("db")}
        watchers = {name: place.start(agents.arrivals) for name, place in watched.items()}
        watchers["host"] = host.start(agents.deliveries)
        inward, outward = _frames(0, macs["eth0"], "02:00:00:00:00:09"), _frames(1, macs["br0"], macs["db"])
        guns = {
            "lan": built.neighbour.start(agents.barrage, "eth0", inward, PAUSE),
            "db": host.inside("db").start(agents.barrage, "eth0", outward, PAUSE),
        }
        for background in (*watchers.values(), *guns.values()):
            stack.callback(background.stop)
        yield Bombardment(built, watchers, guns)


def _frames(side: int, router: str, source: str) -> list[bytes]:
    made = []
    for number, attack in enumerate((INWARD, OUTWARD)[side]):
        shot = Shot(attack.ipv6, agents.marker(side, number), 20000 + number)
        kind = frames.IPV6 if attack.ipv6 else frames.IPV4
        made += [frames.ethernet(router, source, kind, packet) for packet in attack.packets(shot)]
    return made


@pytest.mark.parametrize("backend", [*BACKENDS, NATIVE])
@pytest.mark.parametrize("bridge_nf", [0, pytest.param(1, marks=pytest.mark.needs("bridge-nf"))])
def test_while_a_network_is_made_and_unmade(bombardment: Bombardment) -> None:
    host = bombardment.town.host
    for _again in range(2):
        apply(host, **_network())
        time.sleep(0.3)
        remove(host, "br0")
    assert bombardment.rounds() > 10
    assert bombardment.hits() == set()
    apply(host, **_network())
    assert bombardment.hits() == set()
    host.sh("nft delete table bridge linuxnet")
    if host.firewall == "nftables":
        host.sh("nft flush table inet linuxnet")
    for program in ("iptables", "ip6tables"):
        host.sh("\n".join(f"{program} -t {table} -F" for table in ("nat", "raw", "mangle", "filter")))
    host.sh("echo 0 > /proc/sys/net/ipv4/conf/br0/rp_filter")
    time.sleep(0.5)
    hits = bombardment.hits()
    assert {attack.group for attack in (*INWARD, *OUTWARD) if str(attack) in hits} >= {
        "neighbour to an endpoint's own address",
        "endpoint to the host's own 127.0.0.1",
        "endpoint speaks from 127.0.0.0/8",
        "untranslated packets on the uplink",
        "ordinary packets leave untranslated",
    }, "the control"
    apply(host, **_network())
    assert bombardment.falls_silent(), "what was repaired holds against what had begun"
    assert bombardment.rounds() > 10
    assert bombardment.hits() == set()


@pytest.mark.parametrize("backend", ["nft"])
@pytest.mark.parametrize("bridge_nf", [0, pytest.param(1, marks=pytest.mark.needs("bridge-nf"))])
@pytest.mark.parametrize("policy", ["ACCEPT", "DROP"])
def test_while_a_network_moves_from_one_firewall_to_the_other(bombardment: Bombardment, policy: str) -> None:
    """Nothing gets through, and a stream by a published port goes on: the same connection, and no answer is lost."""
    host, neighbour = bombardment.town.host, bombardment.town.neighbour
    host.sh(f"iptables -P FORWARD {policy}; ip6tables -P FORWARD {policy}")
    apply(host, **_network())
    answering = [("tcp", address, 80) for address in ADDRESSES["web"]]
    with host.inside("web").start(agents.serve_all, answering), ExitStack() as stack:
        streams = [
            stack.enter_context(neighbour.start(agents.stream, "tcp", address, 8080, 40000 + number))
            for number, address in enumerate(town.HOST)
        ]
        begun = [becomes(stream, own) for stream, own in zip(streams, ADDRESSES["web"], strict=True)]
        for firewall in ("nftables", "iptables") * 2:
            apply(host, **_network(), firewall=firewall)
            assert [becomes(one, own) for one, own in zip(streams, ADDRESSES["web"], strict=True)] == begun
            assert apply(host, **_network()).changed == []
    assert bombardment.rounds() > 10
    assert bombardment.hits() == set()
    everybody = _network()
    everybody["endpoints"][0]["published_ports"][-1] = RESTRICTED["port"]
    apply(host, **everybody)
    time.sleep(0.5)
    hits = bombardment.hits()
    assert hits == {str(attack) for attack in map(_to_restricted, (False, True))}, "the control"


#: The calls of a move that write something, or start what does: to be killed before any other is the same as before the
#: next of these.
_WRITING = ("vfork", "sendmsg", "write", "fsync", "rename", "unlink", "rmdir")
_MODULE = "bridge_network"


def _moved(host: Host, options: dict[str, Any], point: inside.Point | None) -> inside.Watched:
    """Run the module, and kill it, or the program that it has started, before this call."""
    preload = (*modules.COMMON, modules.file_of(_MODULE))
    arguments = (_MODULE, options, point, None, 60)
    watched: inside.Watched = host.call(inside.run, *arguments, preload=preload, python=target.PYTHON, timeout=120)
    return watched


def _kept(host: Host) -> list[str]:
    """All rules and records of a host."""
    shown = host.sh(
        "iptables-save; ip6tables-save; nft list table inet linuxnet 2>&1 || true;"
        " find /run/linuxnet /etc/linuxnet 2>&1 || true"
    )
    return sorted(line.partition(" [")[0] for line in shown.splitlines() if not line.startswith("#"))


@pytest.mark.needs("seccomp-notification")
@pytest.mark.parametrize("backend", ["nft"])
@pytest.mark.parametrize("bridge_nf", [0])
@pytest.mark.parametrize("firewalls", [("iptables", "nftables"), ("nftables", "iptables")], ids=" to ".join)
@pytest.mark.long
def test_killed_while_a_network_moves(bombardment: Bombardment, firewalls: tuple[str, str]) -> None:
    """At whatever point: nothing gets through, the stream goes on, and one more run leaves what a whole one does."""
    host, neighbour = bombardment.town.host, bombardment.town.neighbour
    host.sh("iptables -P FORWARD DROP; ip6tables -P FORWARD DROP")
    old, new = ({**_network(), "firewall": firewall} for firewall in firewalls)
    host.module(_MODULE, old)
    points = [one for one in _moved(host, new, None).points if one.call in _WRITING]
    first = next(number for number, one in enumerate(points) if one.call == "sendmsg")
    wanted = _kept(host)
    with ExitStack() as stack:
        stack.enter_context(host.inside("web").start(agents.serve_all, [("tcp", own, 80) for own in ADDRESSES["web"]]))
        streams = [
            stack.enter_context(neighbour.start(agents.stream, "tcp", address, 8080, 40000 + number))
            for number, address in enumerate(town.HOST)
        ]
        begun = [becomes(stream, own) for stream, own in zip(streams, ADDRESSES["web"], strict=True)]
        killed = 0
        for point in points[first - 2 :]:
            host.module(_MODULE, old)
            watched = _moved(host, new, point)
            killed += watched.exit == -9
            assert watched.hit and (watched.exit == -9 or watched.result), point
            assert [becomes(one, own) for one, own in zip(streams, ADDRESSES["web"], strict=True)] == begun, point
            assert bombardment.hits() == set(), point
            host.module(_MODULE, new)
            assert _kept(host) == wanted, point
            assert not host.module(_MODULE, new, check=True)["changed"], point
        assert [becomes(one, own) for one, own in zip(streams, ADDRESSES["web"], strict=True)] == begun
    assert killed > len(points) / 2
    assert bombardment.rounds() > 10
    assert bombardment.hits() == set()
