# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of the host that are in use, by its processes or by other networks, on a real kernel."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.integration.networks import SHOP, apply
from tests.integration.settling import settle
from tests.lab.host import Host


def _listeners(host: Host, port: int) -> list[tuple[str, str, str]]:
    found = host.module("netns_info")["host"]["listeners"]
    assert all(one["pid"] for one in found)
    return sorted((one["protocol"], one["address"], one["process"]) for one in found if one["port"] == port)


def _refused(host: Host, **variables: Any) -> str:
    before = host.dump()
    with pytest.raises(Refused) as error:
        apply(host, **{**SHOP, **variables})
    assert before.changes_to(host.dump()) == []
    return str(error.value)


def test_listeners_are_told(host: Host) -> None:
    assert host.module("netns_info")["host"]["listeners"] == []
    host.sh("ip addr add 192.0.2.1/24 dev lo")
    with host.server(70, "tcp"), host.server(70, "udp"), host.server(71, "tcp", address="192.0.2.1"):
        found = host.module("netns_info")["host"]["listeners"]
        (process,) = {one["process"] for one in found}
        assert _listeners(host, 70) == [("tcp", "::", process), ("udp", "::", process)]
        assert _listeners(host, 71) == [("tcp", "192.0.2.1", process)]
        assert process == host.sh(f"cat /proc/{found[0]['pid']}/comm").strip()
        connected = host.spawn(["python3", "-c", _CONNECTED])
        assert host.run(["sh", "-c", "until grep -q :0046 /proc/net/udp; do sleep 0.05; done"]).rc == 0
        assert _listeners(host, 72) == [], "a client with a peer"
        connected.stop()


_CONNECTED = """
import socket, time
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind(("127.0.0.1", 72))
client.connect(("127.0.0.1", 70))
time.sleep(60)
"""


def test_a_port_on_which_a_process_listens_is_refused_until_it_ends(host: Host) -> None:
    with host.server(8080):
        sentence = _refused(host)
        assert "published_ports[0]: port 8080/tcp of the host is in use: process " in sentence
        assert sentence.endswith("listens on all addresses")
    apply(host, **SHOP)
    with host.server(8080):
        assert not apply(host, **SHOP).changed, "a late listener does not stop a network that works"


def test_a_port_of_another_network_is_refused(host: Host) -> None:
    apply(host, **SHOP)
    settle(host, "web", "db")
    other = {"name": "br-other", "ipam_config": [{"subnet": "172.19.0.0/16"}]}
    sentence = _refused(host, **other, endpoints=[{"namespace": "app", "published_ports": ["8080:80"]}])
    assert sentence.endswith("port 8080/tcp of the host is published already, by network br-shop")
