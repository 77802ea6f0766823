# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Additional addresses of endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from tests.integration.networks import SHOP, apply, remove
from tests.lab.host import Host

FLOATING = ["172.18.0.100", "fd00:18::100"]


def _shop(web: list[str], db: list[str]) -> dict[str, Any]:
    endpoints = [{"namespace": "web", "addresses": web}, {"namespace": "db", "addresses": db}]
    return {**SHOP, "endpoints": endpoints}


def _own(host: Host, netns: str) -> list[str]:
    shown = host.ip("-n", netns, "addr", "show", "eth0")[0]["addr_info"]
    return [one["local"] for one in shown if one["scope"] == "global"]


def _become(host: Host, variables: dict[str, Any]) -> None:
    foretold, done = apply(host, check=True, **variables), apply(host, **variables)
    assert foretold.changed == done.changed
    assert apply(host, **variables).changed == []


@pytest.mark.long
def test_one_floats_from_one_endpoint_to_another(host: Host) -> None:
    _become(host, _shop(FLOATING, []))
    own = {"web": ["172.18.0.2", "fd00:18::2"], "db": ["172.18.0.3", "fd00:18::3"]}
    assert sorted(_own(host, "web")) == sorted(own["web"] + FLOATING)
    for place in (host, host.inside("db")):
        assert all(place.reaches(address) for address in FLOATING)
    with host.inside("db").server(80) as server:
        assert host.inside("web").ask("172.18.0.3", 80) is not None
        assert [peer for peer in server.seen if "172.18.0.100" in str(peer)] == [], "it speaks from its own"
    _become(host, _shop([], FLOATING))
    assert sorted(_own(host, "web")) == sorted(own["web"])
    assert sorted(_own(host, "db")) == sorted(own["db"] + FLOATING)
    assert all(place.reaches(address) for place in (host, host.inside("web")) for address in FLOATING)
    _become(host, _shop([], []))
    assert {name: _own(host, name) for name in own} == own, "each keeps its own address"
    remove(host)
    assert host.sh("ip -o link").count("\n") == 1


@pytest.mark.parametrize(
    ("web", "db", "sentence"),
    [
        (["172.19.0.5"], [], r"endpoints\[0\].addresses\[0\]: '172.19.0.5' is not allowed: an address of"),
        (["172.18.0.1"], [], "an address other than the gateway of 172.18.0.0/16"),
        (["172.18.255.255"], [], "neither the network address nor the broadcast address"),
        (["172.18.0.7"], ["172.18.0.7"], r"each address may be used once, and bridge_network_endpoints\[0\].addresses"),
        (["2001:db8::7"], [], "'2001:db8::7' is not allowed: an address of fd00:18::/64"),
        ([7], [], "a string; quote it"),
    ],
)
def test_what_cannot_be_is_refused(host: Host, web: list[Any], db: list[Any], sentence: str) -> None:
    with pytest.raises(LinuxnetError, match=sentence):
        apply(host, **_shop(web, db))
    assert host.sh("ip -o link").count("\n") == 1
