# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names with a dot, as of VLANs: of bridges and so of networks, of host ends, cards, uplinks and trusted interfaces."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.networks import apply, remove
from tests.integration.persistence import program, rebooted, told
from tests.integration.promises import converge, refused
from tests.integration.settling import settle
from tests.lab.host import Host
from tests.lab.lab import Lab

LAN: dict[str, Any] = {
    "name": "br0.lan",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [
        {"namespace": "web.lan", "host_interface": "web.lan", "published_ports": ["8080:80", "127.0.0.1:8081:80"]},
        {"namespace": "db"},
    ],
    "ports": ["eth1.20"],
    "trusted_interfaces": ["eth0.100"],
}


@dataclasses.dataclass
class Town:
    """A host whose uplink and card have dots in their names, and a neighbour on the uplink's segment."""

    host: Host
    neighbour: Host


@pytest.fixture
def town(lab: Lab) -> Iterator[Town]:
    host = lab.host("host")
    wan = lab.segment("wan")
    wan.join(host, "eth0.100", ["192.0.2.1/24", "2001:db8::1/64"], gateways=["192.0.2.254", "2001:db8::fe"])
    neighbour = wan.neighbour("neighbour", ["192.0.2.9/24", "2001:db8::9/64"], gateways=["192.0.2.1", "2001:db8::1"])
    host.sh("ip link add eth1.20 type veth peer far; ip link set eth1.20 up; ip link set far up")
    settle(host)
    yield Town(host, neighbour)


@pytest.mark.parametrize("backend", ["nft", "legacy"])
@pytest.mark.long
def test_a_network_comes_works_and_goes(town: Town, backend: str) -> None:
    host, neighbour = town.host, town.neighbour
    host.use_iptables(backend)
    before = host.dump()
    foretold = apply(host, check=True, **LAN)
    done = apply(host, **LAN)
    assert foretold.diffs == done.diffs
    assert apply(host, **LAN).changed == []
    web = host.inside("web.lan")
    with web.server(80):
        for address in ("192.0.2.1", "2001:db8::1"):
            assert neighbour.ask(address, 8080)
            assert not neighbour.ask(address, 8081)
        assert host.ask("127.0.0.1", 8081)
        assert neighbour.ask("172.18.0.2", 80), "from a trusted interface"
        assert not neighbour.ask("172.18.0.2", 22)
    with neighbour.server(90):
        answer = web.ask("192.0.2.9", 90)
        assert answer and answer.peer == "192.0.2.1"
    assert {link["ifname"] for link in host.ip("link", "show", "master", "br0.lan")} > {"web.lan", "eth1.20"}
    host.sh("iptables -F; iptables -t nat -F; ip link set web.lan nomaster; ip addr flush dev br0.lan")
    assert apply(host, **LAN).changed
    assert apply(host, **LAN).changed == []
    with web.server(80):
        assert neighbour.ask("192.0.2.1", 8080)
    remove(host, "br0.lan")
    left = [line for line in before.changes_to(host.dump()) if "sysctls" not in line and "fe80:" not in line]
    assert left == []
    assert remove(host, "br0.lan").changed == []


@pytest.mark.long
def test_it_survives_a_reboot(lab: Lab, town: Town) -> None:
    want = {**LAN, "persistent": True, "ports": [], "trusted_interfaces": []}
    apply(town.host, **want)
    assert apply(town.host, **want).changed == []
    assert "Description=Network br0.lan\n" in town.host.read("/etc/systemd/system/linuxnet-br0.lan.service")
    assert list(town.host.module("netns_info")["host"]["persistent"]) == ["br0.lan"]
    new = rebooted(lab, town.host)
    program(new, "up", "br0.lan")
    apply(new, **want)
    assert apply(new, **want).changed == []
    assert told(new.dump(), files=False)
    program(new, "down", "br0.lan")
    assert not new.ip("link", "show", "type", "bridge")
    remove(town.host, "br0.lan")
    assert town.host.sh("find /etc /run -name '*linuxnet*' -not -name linuxnet.lock") == ""


@pytest.mark.long
def test_networks_of_similar_names_are_not_one_another(host: Host) -> None:
    names = ("br0", "br0.lan", "br0-lan", "br0_lan")
    for number, name in enumerate(names):
        want = {
            "name": name,
            "persistent": True,
            "ipam_config": [{"subnet": f"172.{18 + number}.0.0/16"}],
            "endpoints": [{"namespace": f"web{number}", "published_ports": [f"808{number}:80"]}],
        }
        apply(host, **want)
        assert apply(host, **want).changed == []
    assert sorted(host.module("netns_info")["host"]["persistent"]) == sorted(names)
    remove(host, "br0.lan")
    assert sorted(host.module("netns_info")["host"]["persistent"]) == sorted({*names} - {"br0.lan"})
    assert host.sh("ip netns list | cut -d' ' -f1 | sort").split() == ["web0", "web2", "web3"]
    rules = host.sh("iptables-save -t nat")
    assert [f"808{number}" in rules for number in range(4)] == [True, False, True, True]


def test_a_switch_of_one_interface(town: Town) -> None:
    """The file uses slashes, since systemd-sysctl and procps would read a dot as one."""
    done = converge(town.host, "ip_forward", {"interface": "eth0.100", "persistent": True, "owner": "a.b"})
    assert done["changed"]
    text = town.host.read("/etc/sysctl.d/90-linuxnet-a.b-ipv4-eth0.100.conf")
    assert text.splitlines()[-1] == "net/ipv4/conf/eth0.100/forwarding = 1"
    town.host.sysctl("net/ipv4/conf/eth0.100/forwarding", 0)
    town.host.sh("/usr/lib/systemd/systemd-sysctl || sysctl -p /etc/sysctl.d/90-linuxnet-a.b-ipv4-eth0.100.conf")
    assert town.host.sysctl("net/ipv4/conf/eth0.100/forwarding") == "1"


def test_masquerading_by_modules(town: Town) -> None:
    options = {"source": "172.18.0.0/16", "out_interface": "!br0.lan", "owner": "lan.1"}
    converge(town.host, "masquerade", options)
    converge(town.host, "masquerade", {**options, "state": "absent"})


def test_names_that_units_have(host: Host) -> None:
    sentence = "a network's name does not end with .rules or .firewalld"
    refused(host, "network_service", {"name": "br0.rules", "modules": "{}"}, sentence)
