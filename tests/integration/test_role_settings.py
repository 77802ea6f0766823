# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks on hosts whose settings differ from a fresh kernel's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import SHOP, Applied, apply
from tests.integration.settling import settle
from tests.lab.host import Host
from tests.lab.segment import Segment


def _build(host: Host) -> Applied:
    """Build the network: check mode predicts it, and the second run finds nothing to do."""
    foretold = apply(host, check=True, **SHOP)
    done = apply(host, **SHOP)
    assert foretold.diffs.get("ip_forward") == done.diffs.get("ip_forward")
    assert _of_bridge(foretold) == _of_bridge(done)
    assert apply(host, **SHOP).changed == []
    return done


def _of_bridge(applied: Applied) -> list[Any]:
    return [diff for diff in applied.diffs["interface"] if diff["after_header"] == "interface br-shop"]


def _serves(host: Host, asker: Host, *addresses: str) -> None:
    with host.inside("web").server(80):
        for address in addresses:
            assert asker.ask(address, 8080) is not None, address
    for address in addresses:
        beyond = "2001:db8:ff::1" if ":" in address else "198.51.100.1"
        assert host.inside("web").reaches(beyond), beyond


@pytest.mark.parametrize(
    "settings",
    [
        "net.ipv4.ip_forward=1 net.ipv4.conf.default.forwarding=0",
        "net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.eth0.disable_ipv6=0",
        "net.ipv6.conf.default.disable_ipv6=1",
        "net.ipv6.conf.default.addr_gen_mode=1",
        "net.ipv4.conf.default.arp_ignore=8",
        "net.ipv6.conf.default.accept_dad=2",
    ],
)
def test_defaults_of_the_host_do_not_matter(host: Host, wan: Segment, outside: Host, settings: str) -> None:
    host.sh(f"sysctl -qw {settings}; ip -6 addr add 2001:db8::1/64 dev eth0 nodad || true")
    host.sh("ip -6 route replace default via 2001:db8::fe dev eth0")
    _build(host)
    _serves(host, outside, "192.0.2.1", "2001:db8::1")


@pytest.mark.parametrize(
    "setting",
    [
        "net.ipv4.conf.br-shop.forwarding=0",
        "net.ipv6.conf.br-shop.disable_ipv6=1",
        "net.ipv4.conf.br-shop.arp_ignore=8",
        "net.ipv4.conf.br-shop.promote_secondaries=0",
    ],
)
@pytest.mark.long
def test_the_bridges_settings_are_put_back(host: Host, wan: Segment, outside: Host, setting: str) -> None:
    apply(host, **SHOP)
    host.sh(f"sysctl -qw {setting}")
    _build(host)
    _serves(host, outside, "192.0.2.1", "2001:db8::1")


@pytest.mark.long
def test_an_uplink_that_does_not_forward_is_named(host: Host, wan: Segment, outside: Host) -> None:
    host.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.forwarding=0")
    told = [json.dumps(apply(host, check=check, **SHOP).results["ip_forward"]) for check in (True, False, False)]
    sentence = "net.ipv4.conf.eth0.forwarding is 0, so packets that arrive at eth0 are not forwarded"
    assert all(sentence in one for one in told)
    with host.inside("web").server(80):
        assert outside.ask("192.0.2.1", 8080) is None, "the warning is true"
    host.module("ip_forward", {"interface": "eth0"})
    assert "warnings" not in apply(host, **SHOP).results["ip_forward"]
    _serves(host, outside, "192.0.2.1", "2001:db8::1")


def test_a_host_that_begins_to_forward_does_so_everywhere(host: Host, wan: Segment) -> None:
    assert host.sysctl("net/ipv4/conf/eth0/forwarding") == "0"
    assert "is forwarded" not in json.dumps(apply(host, **SHOP).results["ip_forward"])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("net.ipv4.ip_unprivileged_port_start", 99999),
        ("net.ipv4.conf.IFNAME.rp_filter", "many"),
        ("net.ipv4.ip_local_port_range", "9 1"),
        ("net.ipv6.conf.IFNAME.addr_gen_mode", 9),
    ],
)
def test_a_setting_that_the_kernel_refuses_is_found_before_the_first_change(
    host: Host, setting: str, value: int | str
) -> None:
    """On a new network and on one that stands, in check mode too."""
    endpoints = [{"namespace": "web"}, {"namespace": "db", "sysctls": {setting: value}}]
    bad = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": endpoints}
    sentence = (
        f"bridge_network_endpoints[1].sysctls.{setting}: '{value}' is not allowed: a value that the kernel accepts, but"
        " it reports: Invalid argument (EINVAL)"
    )
    for standing in (False, True):
        if standing:
            host.module("bridge_network", {**bad, "endpoints": [{"namespace": "web"}]})
            settle(host, "web")
        before = host.dump()
        for check in (True, False):
            result = host.module("bridge_network", bad, check=check, fails=True)
            assert (result["msg"], result["changed"]) == (sentence, False)
            assert before.changes_to(host.dump()) == []


def test_settings_that_depend_on_each_other_are_checked_together(host: Host) -> None:
    """The first unprivileged port must not be above the first port that the kernel chooses."""
    low = {"net.ipv4.ip_unprivileged_port_start": 80, "net.ipv4.ip_local_port_range": "1024 60999"}
    high = {"net.ipv4.ip_local_port_range": "50000 60999", "net.ipv4.ip_unprivileged_port_start": 40000}
    both = [{"namespace": "web", "sysctls": high}, {"namespace": "db", "sysctls": low}]
    want = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": both}
    assert host.module("bridge_network", want)["changed"]
    assert host.sh("ip netns exec web cat /proc/sys/net/ipv4/ip_unprivileged_port_start") == "40000\n"
    assert not host.module("bridge_network", want)["changed"]
