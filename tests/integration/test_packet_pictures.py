# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures docs/packet-*.svg show the packets that are sent, with both firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from docs.make.packets import COMMAND, WAYS, path, picture
from tests.integration.networks import SHOP
from tests.lab import town
from tests.lab.lab import Lab

#: Who sends to where: a place, an address and a port.
SENT = {
    "inside": ("web", "172.18.0.10", 7),
    "out": ("web", town.WORLD[0], 7),
    "in": ("neighbour", town.HOST[0], 8080),
    "own": ("web", town.HOST[0], 8080),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_picture_is_made_of_what_is_tested(name: str) -> None:
    assert path(name).read_text(encoding="utf-8") == picture(WAYS[name]), f"made anew by: {COMMAND}"


@pytest.fixture(name="built", params=["iptables", "nftables"])
def _built(request: pytest.FixtureRequest) -> Iterator[town.Town]:
    with Lab() as lab:
        place = town.build(lab)
        place.host.module("bridge_network", {**SHOP, "firewall": request.param})
        yield place


def test_each_packet_is_seen_where_its_picture_has_it(built: town.Town) -> None:
    host = built.host
    places = {
        "host": host, "neighbour": built.neighbour, "outside": built.outside,
        **{name: host.inside(name) for name in ("web", "db")},
    }  # fmt: skip
    with places["web"].server(80), places["db"].server(7), built.outside.server(7):
        for name, way in WAYS.items():
            sender, address, port = SENT[name]
            with ExitStack() as stack:
                seen = [
                    (station, packet, stack.enter_context(places[station.place].sniffer(station.interface)))
                    for station, packet in zip(way.stations, (*way.packets, way.packets[-1]), strict=True)
                    if station.interface
                ]
                assert places[sender].ask(address, port, timeout=5) is not None
                for station, (source, target), sniffer in seen:
                    to, *its_port = target.split(":")
                    wanted = {"source": source, "destination": to, **({"port": int(its_port[0])} if its_port else {})}
                    assert sniffer.wait(**wanted), (name, station, [str(one) for one in sniffer.packets])
