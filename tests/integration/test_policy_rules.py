# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy rules that divert a network's packets from the main table are reported."""

from __future__ import annotations

import pytest

from tests.integration.networks import SHOP, plan
from tests.lab.host import Host

_VPN = "ip link add vpn0 type bridge; ip address add 100.64.0.1/24 dev vpn0; ip link set vpn0 up\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "ip rule add priority 5270 lookup 52; ip route add 172.16.0.0/12 dev vpn0 table 52",
            "rule 5270 leads to table 52 before the main one, and its route to 172.16.0.0/12 over vpn0 takes",
        ),
        (
            "ip rule add priority 90 to 172.18.0.0/24 lookup 52; ip route add default dev vpn0 table 52",
            "rule 90 to 172.18.0.0/24 leads to table 52 before the main one, and its route to default over vpn0 takes",
        ),
        (
            "ip rule add priority 90 not fwmark 7 lookup 52; ip route add blackhole 172.18.3.0/24 table 52",
            "rule 90 leads to table 52 before the main one, and its route to 172.18.3.0/24 (blackhole) takes",
        ),
        (
            "ip -6 rule add priority 90 lookup 1052; ip -6 route add fd00::/8 dev vpn0 table 1052",
            "rule 90 leads to table 1052 before the main one, and its route to fd00::/8 over vpn0 takes",
        ),
    ],
)
def test_a_policy_rule_that_takes_packets_to_a_subnet_is_told(host: Host, script: str, words: str) -> None:
    host.sh(_VPN + script)
    (warning,) = plan(host, SHOP)["warnings"]
    assert warning.startswith("bridge_network_ipam_config[")
    assert f"the host's policy {words} packets to " in warning


@pytest.mark.parametrize(
    "script",
    [
        "ip rule add priority 90 lookup 52; ip route add 192.168.0.0/16 dev vpn0 table 52",
        "ip rule add priority 90 fwmark 7 lookup 52; ip route add default dev vpn0 table 52",
        "ip rule add priority 90 to 10.0.0.0/8 lookup 52; ip route add default dev vpn0 table 52",
        "ip rule add priority 40000 lookup 52; ip route add default dev vpn0 table 52",
        (
            "ip rule add priority 90 lookup main suppress_prefixlength 0;"
            " ip rule add priority 91 not fwmark 7 lookup 52; ip route add default dev vpn0 table 52"
        ),
        "ip rule add priority 90 lookup 52 suppress_prefixlength 0; ip route add default dev vpn0 table 52",
        (
            "ip rule add priority 90 lookup 52; ip route add default dev vpn0 table 52;"
            " ip route add throw 172.16.0.0/12 table 52"
        ),
    ],
)
def test_one_that_takes_none_is_not_told(host: Host, script: str) -> None:
    host.sh(_VPN + script)
    assert plan(host, SHOP)["warnings"] == []
