# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host ports in use by processes or by other networks, on a real kernel."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.integration.networks import SHOP, apply, plan
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


def _problems(host: Host, variables: dict[str, Any]) -> list[str]:
    """What is impossible for an existing network, while everything else is done."""
    return [str(one["sentence"]) for one in plan(host, variables)["problems"]]


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


@pytest.mark.long
def test_a_port_of_another_network_is_refused(host: Host) -> None:
    apply(host, **SHOP)
    settle(host, "web", "db")
    other = {"name": "br-other", "ipam_config": [{"subnet": "172.19.0.0/16"}]}
    sentence = _refused(host, **other, endpoints=[{"namespace": "app", "published_ports": ["8080:80"]}])
    assert sentence.endswith("port 8080/tcp of the host is already published, by network br-shop")


@pytest.mark.parametrize("subnet", ["172.18.0.0/16", "fd00:18::/64"])
def test_a_published_port_whose_one_rule_was_deleted_comes_back_whoever_listens(host: Host, subnet: str) -> None:
    """Other rules of the network still exist, so it was not a flush."""
    web = {"namespace": "web", "published_ports": ["8080:80", "127.0.0.1:8081:81", "8082:82"]}
    network: dict[str, Any] = {"name": "br0", "ipam_config": [{"subnet": subnet}], "endpoints": [web]}
    if ":" in subnet:
        web["published_ports"] = ["8080:80", "8082:82"]
    apply(host, **network)
    program = "ip6tables" if ":" in subnet else "iptables"
    rules = host.sh(f"{program}-save -t nat")
    deletions = f"{program}-save -t nat | sed -n '/dport 808[01] /s/^-A/{program} -t nat -D/p'"
    host.sh(f"{deletions} | sh -e")
    assert "--dport 8080 " not in host.sh(f"{program}-save -t nat")
    with host.server(8080), host.server(8081):
        foretold = apply(host, check=True, **network)
        done = apply(host, **network)
        assert foretold.diffs == done.diffs
        assert done.changed == ["dnat"]
        (warning,) = [one for one in done.plan["warnings"] if "8080/tcp" in one]
        assert warning.endswith(", and gets no connections from outside any more")
        assert host.sh(f"{program}-save -t nat | grep -c 'dport 808'") == f"{rules.count('dport 808')}\n"
        assert apply(host, **network).changed == []
        web["published_ports"].append("8083:83")
        apply(host, **network)
        with host.server(8084):
            web["published_ports"].append("8084:84")
            assert [one for one in _problems(host, network) if "port 8084/tcp of the host is in use" in one]


def test_a_port_that_was_unpublished_is_not_remembered(host: Host) -> None:
    """Even if its rule had been deleted by hand before."""
    network: dict[str, Any] = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}]}
    web = {"namespace": "web", "published_ports": ["8080:80", "8082:82"]}
    apply(host, **network, endpoints=[web])
    host.sh("iptables -t nat -D LINUXNET-DNAT 1")
    fewer = {**web, "published_ports": ["8082:82"]}
    apply(host, **network, endpoints=[fewer])
    assert apply(host, **network, endpoints=[fewer]).changed == []
    with host.server(8080):
        (told,) = _problems(host, {**network, "endpoints": [web]})
        assert "port 8080/tcp of the host is in use" in told
    apply(host, name="br0", state="absent")
    assert not host.exists("/run/linuxnet")
