# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCTP is published like any other protocol: tested by associations if the kernel has SCTP, and by packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import BACKENDS, NATIVE, use_backend
from tests.lab import frames, town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Place
from tests.lab.town import Town

WEB = ("172.18.0.2", "fd00:18::2")
PUBLISHED = ["9000:9001/sctp", "127.0.0.1:9100:9101/sctp", "36412-36415:36412-36415/sctp"]
NETWORK = {
    "name": "br0",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [{"namespace": "web", "published_ports": PUBLISHED}],
}
SPOKEN = 5000


@dataclass
class Published:
    """A host that publishes SCTP, and the MAC addresses that its packets use."""

    town: Town
    host_mac: str
    bridge_mac: str

    @property
    def web(self) -> Place:
        return self.town.host.inside("web")


def _mac(host: Host, interface: str) -> str:
    return str(host.ip("link", "show", interface)[0]["address"])


@pytest.fixture(params=[*BACKENDS, NATIVE])
def published(request: pytest.FixtureRequest) -> Iterator[Published]:
    with Lab() as lab:
        built = town.build(lab)
        use_backend(built.host, request.param)
        apply(built.host, **NETWORK)
        yield Published(built, _mac(built.host, "eth0"), _mac(built.host, "br0"))


def _arrives(published: Published, address: str, port: int, at: int, seconds: float = 5) -> bool:
    """Whether the neighbour's INIT to an address and a port reaches the endpoint's port with its source unchanged."""
    source = town.NEIGHBOUR[":" in address]
    kind = frames.IPV6 if ":" in address else frames.IPV4
    init = frames.ethernet(published.host_mac, "02:00:00:00:00:09", kind, frames.sctp(source, address, SPOKEN, port))
    with published.web.sniffer("eth0") as sniffer:
        published.town.neighbour.send_frames("eth0", [init])
        return bool(sniffer.wait(seconds, protocol=frames.SCTP, source=source, source_port=SPOKEN, port=at))


def test_what_is_published_and_nothing_else(published: Published) -> None:
    for version, own in enumerate(WEB):
        here = town.HOST[version]
        assert _arrives(published, here, 9000, 9001)
        assert _arrives(published, here, 36415, 36415), "the last one of the range"
        assert not _arrives(published, here, 36416, 36416, 0.3)
        assert not _arrives(published, here, 9001, 9001, 0.3)
        assert not _arrives(published, here, 9100, 9101, 0.3), "by 127.0.0.1 alone"
        assert not _arrives(published, own, 9001, 9001, 0.3)


def test_the_answer_comes_from_the_published_port(published: Published) -> None:
    for version, own in enumerate(WEB):
        client, kind = town.NEIGHBOUR[version], (frames.IPV4, frames.IPV6)[version]
        assert _arrives(published, town.HOST[version], 9000, 9001)
        answer = frames.sctp(own, client, 9001, SPOKEN, frames.INIT_ACK, tag=7)
        with published.town.neighbour.sniffer("eth0") as sniffer:
            own_mac = published.web.ip("link", "show", "eth0")[0]["address"]
            published.web.send_frames("eth0", [frames.ethernet(published.bridge_mac, own_mac, kind, answer)])
            found = sniffer.wait(protocol=frames.SCTP, destination=client)
        assert [(packet.source, packet.source_port) for packet in found] == [(town.HOST[version], 9000)]


@pytest.mark.needs("sctp")
def test_an_association(published: Published) -> None:
    with published.web.server(9001, "sctp"), published.web.server(9101, "sctp"):
        for address, client in zip(town.HOST, town.NEIGHBOUR, strict=True):
            answer = published.town.neighbour.ask(address, 9000, "sctp", timeout=5)
            assert answer is not None
            assert answer.peer == client
        answer = published.town.host.ask("127.0.0.1", 9100, "sctp", timeout=5)
        assert answer is not None
        assert answer.peer == "172.18.0.1"
