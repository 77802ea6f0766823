# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protocols without ports: an endpoint that sends first to a peer of the host gets nothing that is meant for it."""

from __future__ import annotations

from tests.integration.networks import apply
from tests.integration.traffic.attacks import WIRE_ANY, Attack
from tests.integration.traffic.packets import protocol
from tests.integration.traffic.siege import Siege, network
from tests.integration.traffic.volley import fire

BOTH = (False, True)
#: IP in IP, IPv6 in IP, GRE, ESP, AH, OSPF, IPIP, VRRP, L2TP.
NUMBERS = (4, 41, 47, 50, 51, 89, 94, 112, 115)


def _out(peer: str) -> list[Attack]:
    return [Attack("", f"{n}", v6, "db", WIRE_ANY, "", protocol(n)("db", peer)) for n in NUMBERS for v6 in BOTH]


def _back(peer: str) -> list[Attack]:
    return [Attack("", f"{n}", v6, peer, "db", "", protocol(n)(peer, "host")) for n in NUMBERS for v6 in BOTH]


def test_the_hosts_tunnels_are_its_own(each_siege: Siege) -> None:
    assert fire(each_siege, _out("outside")) == []
    assert fire(each_siege, _back("outside")) == []


def test_where_every_protocol_is_asked_for(each_siege: Siege) -> None:
    """The control, with a peer that the host has not used yet. Connections end together with what allowed them."""
    out, back = _out("lan"), _back("lan")
    siege = each_siege
    siege.expose()
    apply(siege.host, **network("br0"), masquerade_protocols="all")
    assert (
        apply(siege.host, check=True, **network("br0"), masquerade_protocols="all").diffs.get("bridge_forward") is None
    )
    siege.refresh()
    left, taken = fire(siege, out), fire(siege, back)
    siege.apply("br0")
    siege.unfiltered()
    assert [one for one in out if one not in left and not one.ipv6] == [], "the control"
    assert len(taken) > len(back) / 2, "the control"
    assert fire(siege, back) == []
    assert fire(siege, out) == []
