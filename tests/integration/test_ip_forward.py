# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ip_forward, on a real kernel."""

from __future__ import annotations

import time

import pytest

from tests.integration.networks import SHOP, in_one
from tests.integration.promises import converge, refused, repairs
from tests.integration.settling import settle
from tests.lab import frames
from tests.lab.host import Host
from tests.lab.segment import Segment

FILE = "/etc/sysctl.d/90-linuxnet-default-ipv4.conf"


def _switches(host: Host) -> tuple[str, str]:
    return host.sysctl("net/ipv4/ip_forward"), host.sysctl("net/ipv6/conf/all/forwarding")


def test_on_and_off(host: Host) -> None:
    converge(host, "ip_forward", {})
    assert _switches(host) == ("1", "0")
    converge(host, "ip_forward", {"ip_version": "both"})
    assert _switches(host) == ("1", "1")
    converge(host, "ip_forward", {"ip_version": "ipv4", "state": "disabled"})
    assert _switches(host) == ("0", "1")


def test_drift(host: Host) -> None:
    host.module("ip_forward", {"ip_version": "both"})
    repairs(host, "ip_forward", {"ip_version": "both"}, "echo 0 > /proc/sys/net/ipv4/ip_forward")
    repairs(host, "ip_forward", {"ip_version": "both"}, "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding")


def test_persistent(host: Host) -> None:
    before = host.dump()
    host.sysctl("net/ipv4/ip_forward", 1)
    change = converge(host, "ip_forward", {"persistent": True})["diff"][0]
    assert (change["before"], change["after"]) == (
        {"ipv4": True, "persistent": False},
        {"ipv4": True, "persistent": True},
    )
    assert host.read(FILE).splitlines()[1:] == ["net/ipv4/ip_forward = 1"]
    host.sysctl("net/ipv4/ip_forward", 0)
    host.run(["sysctl", "-p", FILE])
    assert host.sysctl("net/ipv4/ip_forward") == "1", "sysctl reads the file"
    for damage in (f"rm {FILE}", f"echo >> {FILE}", f"sed -i s/=.1/=0/ {FILE}"):
        repairs(host, "ip_forward", {"persistent": True}, damage)
    converge(host, "ip_forward", {})
    host.sysctl("net/ipv4/ip_forward", 0)
    assert before.changes_to(host.dump()) == []


def test_a_file_of_somebody_else(host: Host) -> None:
    host.write(FILE, "# mine\nnet.ipv4.ip_forward = 0\n")
    refused(host, "ip_forward", {"persistent": True}, "was not written by this collection for owner default")
    host.module("ip_forward", {})
    assert host.read(FILE).startswith("# mine")


def test_one_interface(host: Host) -> None:
    host.sh("ip link add p0.1 type veth peer p1")
    want = {"interface": "p0.1", "ip_version": "both", "persistent": True}
    converge(host, "ip_forward", want)
    assert host.sysctl("net/ipv4/conf/p0.1/forwarding") == "1"
    assert _switches(host) == ("0", "0")
    host.sysctl("net/ipv4/conf/p0.1/forwarding", 0)
    host.run(["sysctl", "-p", "/etc/sysctl.d/90-linuxnet-default-ipv4-p0.1.conf"])
    assert host.sysctl("net/ipv4/conf/p0.1/forwarding") == "1"


def test_all_but_one_interface(host: Host) -> None:
    """The switch for all interfaces overwrites that of each, so it has to be written first."""
    host.sh("ip link add p0 type veth peer p1")
    want = {"aggregate": [{"interface": "p0", "state": "disabled"}, {"state": "enabled"}]}
    converge(host, "ip_forward", want)
    assert host.sysctl("net/ipv4/conf/p0/forwarding") == "0"
    assert host.sysctl("net/ipv4/conf/p1/forwarding") == "1"
    repairs(host, "ip_forward", want, "echo 1 > /proc/sys/net/ipv4/conf/p0/forwarding")


def test_inside_a_namespace(host: Host) -> None:
    host.sh("ip netns add router")
    converge(host, "ip_forward", {"netns": "router", "ip_version": "both"})
    inside = host.inside("router").sh("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding")
    assert inside.split() == ["1", "1"]
    assert _switches(host) == ("0", "0")


def test_a_namespace_and_an_interface_to_be_made(host: Host) -> None:
    want = {"netns": "router", "interface": "eth0"}
    foretold = host.module("ip_forward", want, check=True)["diff"]
    assert "namespace router does not exist" in host.module("ip_forward", want, fails=True)["msg"]
    host.sh("ip netns add router")
    assert "interface: eth0 does not exist" in host.module("ip_forward", want, fails=True)["msg"]
    host.sh("ip -n router link add eth0 type veth peer p1")
    assert host.module("ip_forward", want)["diff"] == foretold


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"persistent": True, "netns": "router"}, "persistent: True is not allowed: false inside a namespace"),
        ({"interface": "a/b"}, "interface: 'a/b' is not allowed"),
        ({"interface": "all"}, "interface: 'all' is not allowed: a name other than lo, all and default"),
        ({"ip_version": "5"}, "value of ip_version must be one of"),
        (
            {"aggregate": [{"ip_version": "both"}, {"ip_version": "ipv4", "state": "disabled"}]},
            "IPv4 forwarding cannot be",
        ),
        ({"owner": "../x"}, "owner: '../x' is not allowed"),
    ],
)
def test_bad_input(host: Host, options: dict[str, object], sentence: str) -> None:
    refused(host, "ip_forward", options, sentence)


@pytest.mark.parametrize(
    ("prepare", "warned"),
    [
        ("true", True),
        ("iptables -P FORWARD DROP", False),
        ("iptables -A FORWARD -j REJECT", False),
        ('iptables -A FORWARD -m comment --comment "it\'s -j ACCEPT" -m comment --comment b -j DROP', False),
        ("iptables -A FORWARD -p tcp -j DROP", True),
        ("iptables -A FORWARD -j DROP; iptables -A FORWARD -j ACCEPT", True),
        ("sysctl -w net.ipv4.ip_forward=1", False),
    ],
)
def test_a_host_that_now_routes_between_all_is_warned_of(host: Host, prepare: str, warned: bool) -> None:
    host.sh(f"ip link add card0 type bridge; ip link add card1 type bridge; {prepare}")
    assert ("routes between card0, card1" in str(host.module("ip_forward", {}).get("warnings"))) is warned


def test_a_host_with_nothing_else_to_route_between_is_not_warned_of(host: Host) -> None:
    host.sh("ip link add card0 type bridge")
    assert "warnings" not in host.module("ip_forward", {"ip_version": "both"})


def test_the_role_says_it_once_by_its_own_variable(host: Host) -> None:
    host.sh("ip link add card0 type bridge; ip link add card1 type bridge")
    (warning,) = in_one(host, SHOP)["warnings"]
    assert (
        "IPv4 and IPv6 forwarding is turned on, so this host now routes between card0, card1; "
        "bridge_network_forward_policy: drop stops that"
    ) in str(warning)


def _advertisement() -> bytes:
    packet = frames.router_advertisement("fe80::9", "02:00:00:00:00:09", "2001:db8:5::/64")
    return frames.ethernet("33:33:00:00:00:01", "02:00:00:00:00:09", frames.IPV6, packet)


@pytest.fixture
def advertised(host: Host, wan: Segment, neighbour: Host) -> Host:
    """A host with its default route by router advertisement."""
    host.sh("ip -6 route del default; ip link set eth0 down; echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_ra")
    host.sh("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; ip link set eth0 up")
    wan.catch_up()
    settle(host)
    neighbour.send_frames("eth0", [_advertisement()])
    end = time.monotonic() + 10
    while "proto ra" not in host.sh("ip -6 route show default"):
        assert time.monotonic() < end, "the advertisement was not taken"
    settle(host)
    return host


def test_the_route_by_advertisement_is_kept(advertised: Host) -> None:
    change = converge(advertised, "ip_forward", {"ip_version": "ipv6", "persistent": True})["diff"][0]
    assert (change["before"]["accept_ra"], change["after"]["accept_ra"]) == ({"eth0": 1}, {"eth0": 2})
    assert "proto ra" in advertised.sh("ip -6 route show default")
    assert advertised.read("/etc/sysctl.d/90-linuxnet-default-ipv6.conf").splitlines()[1:] == [
        "net/ipv6/conf/eth0/accept_ra = 2",
        "net/ipv6/conf/all/forwarding = 1",
    ]


def test_the_control_without_the_module_it_is_lost(advertised: Host) -> None:
    advertised.sysctl("net/ipv6/conf/all/forwarding", 1)
    assert advertised.sh("ip -6 route show default").strip() == ""
