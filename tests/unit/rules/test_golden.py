# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole rule set of each kind of network, as iptables-save would print it, without the marks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rules.worlds import Tables, empty_host, run

BOTH = ["172.18.0.0/16", "fd00:18::/64"]
PLUMBING = """
FORWARD -j LINUXNET-FORWARD
LINUXNET-FORWARD -j LINUXNET-INTERNAL
LINUXNET-FORWARD -j LINUXNET-FROM
LINUXNET-FORWARD -j LINUXNET-TO
"""
PREROUTING = """
PREROUTING ! -i lo -j LINUXNET-PREROUTING
LINUXNET-PREROUTING -s SUBNET ! -i br0 -j DROP
"""
WORDS = {
    "ipv4": {"TYPES": "LOCAL,BROADCAST", "ICMP": "icmp", "GATEWAY": "172.18.0.1"},
    "ipv6": {"TYPES": "LOCAL,ANYCAST", "ICMP": "ipv6-icmp", "GATEWAY": "fd00:18::1"},
}
INPUT = """
INPUT -d 127.0.0.0/8 -j LINUXNET-INPUT
LINUXNET-INPUT -s 172.18.0.0/16 -d 127.0.0.0/8 -i br0 -m conntrack --ctstate DNAT --ctdir REPLY -j RETURN
LINUXNET-INPUT -d 127.0.0.0/8 -i br0 -j DROP
"""


def _made(bridge_nf: bool = False, **more: Any) -> Tables:
    definition = {"bridge": "br0", "subnets": BOTH, **more}
    host, _changed = run(empty_host(), "bridge_forward", [definition], bridge_nf)
    return host


def _shown(host: Tables, family: str, table: str) -> list[str]:
    kinds = ("linuxnet", "linuxnet-forward-default", "linuxnet-dnat-default", "host-80")
    marks = [f"-m comment --comment {kind} " for kind in kinds]
    lines = [f"{chain} {text}" for chain, texts in host[family, table].chains.items() for text in texts]
    for mark in marks:
        lines = [line.replace(mark, "") for line in lines]
    return lines


def _lines(text: str) -> list[str]:
    return text.strip().splitlines()


def _is(host: Tables, family: str, table: str, expected: str) -> None:
    assert sorted(_shown(host, family, table)) == sorted(_lines(expected))
    for chain in {line.split()[0] for line in _lines(expected)}:
        shown = [line for line in _shown(host, family, table) if line.startswith(f"{chain} ")]
        assert shown == [line for line in _lines(expected) if line.startswith(f"{chain} ")]


def _said(text: str, words: dict[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


def test_nat() -> None:
    host = _made()
    filtered = (
        PLUMBING.replace(
            "LINUXNET-FORWARD -j LINUXNET-I", "LINUXNET-FORWARD -j LINUXNET-USER\nLINUXNET-FORWARD -j LINUXNET-I"
        )
        + """LINUXNET-FROM -i br0 -o br0 -j RETURN
LINUXNET-FROM -s SUBNET -i br0 -p tcp -m conntrack --ctstate NEW,ESTABLISHED -j RETURN
LINUXNET-FROM -s SUBNET -i br0 -p udp -m conntrack --ctstate NEW,ESTABLISHED -j RETURN
LINUXNET-FROM -s SUBNET -i br0 -p ICMP -m conntrack --ctstate NEW,ESTABLISHED -j RETURN
LINUXNET-FROM -s SUBNET -i br0 -p sctp -m conntrack --ctstate NEW,ESTABLISHED -j RETURN
LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate RELATED --ctorigsrc SUBNET -j RETURN
LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate DNAT --ctdir REPLY -j RETURN
LINUXNET-FROM -i br0 -j DROP
LINUXNET-FROM -s SUBNET -m comment --comment bridge-br0 -j DROP
LINUXNET-FROM -o br0 -m addrtype --src-type TYPES -j DROP
LINUXNET-TO -i br0 -o br0 -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate DNAT ! --ctorigdst SUBNET -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate DNAT --ctorigdst GATEWAY -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate SNAT --ctdir REPLY -j ACCEPT
LINUXNET-TO -o br0 -j DROP
LINUXNET-TO -i br0 -j ACCEPT
"""
    )
    mangled = filtered.replace("LINUXNET-FORWARD -j LINUXNET-USER\n", "").replace("ACCEPT", "RETURN")
    mangled = mangled.replace("LINUXNET-TO -i br0 -j RETURN\n", "")
    for family, subnet in zip(("ipv4", "ipv6"), BOTH, strict=True):
        both = PREROUTING + mangled.lstrip() + INPUT.lstrip() * (family == "ipv4")
        for table, expected in (("filter", filtered), ("mangle", both)):
            _is(host, family, table, _said(expected, {"SUBNET": subnet, **WORDS[family]}))
    _is(
        host,
        "ipv4",
        "raw",
        """
PREROUTING -j LINUXNET-RAW
LINUXNET-RAW -s 127.0.0.0/8 -i br0 -j DROP
LINUXNET-RAW -d 127.0.0.0/8 -i br0 -j DROP
""",
    )
    _is(host, "ipv6", "raw", "")
    _is(
        host,
        "ipv4",
        "nat",
        """
POSTROUTING -j LINUXNET-POSTROUTING
LINUXNET-POSTROUTING -s 172.18.0.0/16 -o br0 -m conntrack --ctstate DNAT -j MASQUERADE
LINUXNET-POSTROUTING -s 127.0.0.0/8 -o br0 -m conntrack --ctstate DNAT -j MASQUERADE
""",
    )
    _is(
        host,
        "ipv6",
        "nat",
        """
POSTROUTING -j LINUXNET-POSTROUTING
LINUXNET-POSTROUTING -s fd00:18::/64 -o br0 -m conntrack --ctstate DNAT -j MASQUERADE
""",
    )


def test_internal() -> None:
    host = _made(internal=True)
    for family, subnet in zip(("ipv4", "ipv6"), BOTH, strict=True):
        _is(
            host,
            family,
            "mangle",
            PREROUTING.replace("SUBNET", subnet)
            + PLUMBING.lstrip()
            + """LINUXNET-INTERNAL -i br0 -o br0 -j RETURN
LINUXNET-INTERNAL -i br0 ! -o br0 -j DROP
LINUXNET-INTERNAL ! -i br0 -o br0 -j DROP
"""
            + "".join(line for line in INPUT.splitlines(keepends=True) if "RETURN" not in line).lstrip()
            * (family == "ipv4"),
        )
        _is(host, family, "nat", "")
    _is(
        host,
        "ipv4",
        "raw",
        """
PREROUTING -j LINUXNET-RAW
LINUXNET-RAW -s 127.0.0.0/8 -i br0 -j DROP
LINUXNET-RAW -d 127.0.0.0/8 -i br0 -j DROP
LINUXNET-RAW -d 172.18.0.0/16 -i br0 -j RETURN
LINUXNET-RAW -d 224.0.0.0/4 -i br0 -j RETURN
LINUXNET-RAW -d 255.255.255.255/32 -i br0 -j RETURN
LINUXNET-RAW -i br0 -j DROP
""",
    )
    _is(
        host,
        "ipv6",
        "raw",
        """
PREROUTING -j LINUXNET-RAW
LINUXNET-RAW -d fd00:18::/64 -i br0 -j RETURN
LINUXNET-RAW -d fe80::/10 -i br0 -j RETURN
LINUXNET-RAW -d ff00::/8 -i br0 -j RETURN
LINUXNET-RAW -i br0 -j DROP
""",
    )


@pytest.mark.parametrize("bridge_nf", [False, True])
def test_endpoints_that_do_not_see_each_other(bridge_nf: bool) -> None:
    host = _made(icc=False, bridge_nf=bridge_nf)
    shown = [line for line in _shown(host, "ipv4", "filter") if line.startswith("LINUXNET-TO")]
    assert shown == _lines(
        "LINUXNET-TO -i br0 -o br0 -m physdev --physdev-is-bridged -j ACCEPT\n" * bridge_nf
    ) + _lines("""
LINUXNET-TO -o br0 -m conntrack --ctstate DNAT ! --ctorigdst 172.18.0.0/16 -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate DNAT --ctorigdst 172.18.0.1 -j ACCEPT
LINUXNET-TO -i br0 -o br0 -j DROP
LINUXNET-TO -o br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate SNAT --ctdir REPLY -j ACCEPT
LINUXNET-TO -o br0 -j DROP
LINUXNET-TO -i br0 -j ACCEPT
""")


def test_routed_with_trusted_interfaces_and_a_published_port() -> None:
    host = _made(gateway_mode="routed", trusted_interfaces=["tun0"], icc=False)
    published = {"gateway_mode": "routed", "host_port": "80", "out_interface": "br0"}
    host, _changed = run(
        host, "dnat", [{**published, "to_address": "172.18.0.2"}, {**published, "to_address": "fd00:18::2"}]
    )
    assert _lines("""
LINUXNET-TO -i tun0 -o br0 -j RETURN
LINUXNET-TO -d fd00:18::2/128 -o br0 -p tcp -m tcp --dport 80 -j RETURN
LINUXNET-TO -i br0 -o br0 -j DROP
LINUXNET-TO -o br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN
LINUXNET-TO -o br0 -p ipv6-icmp -j RETURN
LINUXNET-TO -o br0 -j DROP
""") == [line for line in _shown(host, "ipv6", "mangle") if line.startswith("LINUXNET-TO")]
    assert _lines("""
LINUXNET-FROM -i br0 -o br0 -j RETURN
LINUXNET-FROM -s 172.18.0.0/16 -i br0 -j RETURN
LINUXNET-FROM -i br0 -j DROP
LINUXNET-FROM -s 172.18.0.0/16 -m comment --comment bridge-br0 -j DROP
LINUXNET-FROM -o br0 -m addrtype --src-type LOCAL,BROADCAST -j DROP
""") == [line for line in _shown(host, "ipv4", "filter") if line.startswith("LINUXNET-FROM")]
    assert _shown(host, "ipv4", "nat") == []


def test_unprotected() -> None:
    shown = _shown(_made(gateway_mode="nat-unprotected"), "ipv4", "filter")
    assert [line for line in shown if line.startswith("LINUXNET-TO")] == _lines("""
LINUXNET-TO -i br0 -o br0 -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate DNAT ! --ctorigdst 172.18.0.0/16 -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate DNAT --ctorigdst 172.18.0.1 -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j ACCEPT
LINUXNET-TO -o br0 -m conntrack --ctstate SNAT --ctdir REPLY -j ACCEPT
LINUXNET-TO -o br0 -j ACCEPT
LINUXNET-TO -i br0 -j ACCEPT
""")


def test_two_subnets_of_a_family() -> None:
    """A connection whose destination was in either of them is not a published one."""
    shown = _shown(_made(subnets=["172.18.0.0/16", "10.1.0.0/24"], masquerade=False), "ipv4", "filter")
    both = "! --ctorigdst 172.18.0.0/16 {}-m conntrack ! --ctorigdst 10.1.0.0/24"
    assert f"LINUXNET-TO -o br0 -m conntrack --ctstate DNAT {both.format('')} -j ACCEPT" in shown
    assert f"LINUXNET-TO -o br0 -m conntrack --ctstate RELATED {both.format('--ctdir REPLY ')} -j ACCEPT" in shown


def test_every_protocol_may_leave_where_it_is_asked_for() -> None:
    left = [line for line in _shown(_made(masquerade_protocols="all"), "ipv4", "filter") if "NEW,ESTABLISHED" in line]
    assert left == ["LINUXNET-FROM -s 172.18.0.0/16 -i br0 -m conntrack --ctstate NEW,ESTABLISHED -j RETURN"]


def test_a_family_without_a_subnet_is_closed() -> None:
    host = _made(subnets=["172.18.0.0/16"])
    _is(
        host,
        "ipv6",
        "mangle",
        PLUMBING
        + """LINUXNET-FROM -i br0 -o br0 -j RETURN
LINUXNET-FROM -i br0 -j DROP
LINUXNET-TO -i br0 -o br0 -j RETURN
LINUXNET-TO -o br0 -j DROP
""",
    )
    _is(host, "ipv6", "nat", "")


BY_ANOTHER = [{"interface": "br1", "addresses": ["172.18.0.9", "fd00:18::9"]}]


def test_who_answers_by_another_network() -> None:
    for mode, state in (("nat", "DNAT"), ("routed", "RELATED,ESTABLISHED")):
        shown = _shown(_made(answers_by=BY_ANOTHER, gateway_mode=mode), "ipv4", "mangle")
        told = f"-s 172.18.0.9/32 -i br1 -m conntrack --ctstate {state} --ctdir REPLY -m comment --comment bridge-br0"
        assert [line for line in shown if line.startswith("LINUXNET-PREROUTING")] == _lines(f"""
LINUXNET-PREROUTING {told} -j RETURN
LINUXNET-PREROUTING -s 172.18.0.0/16 ! -i br0 -j DROP
""")
        assert f"LINUXNET-FROM {told} -j RETURN" in shown


def test_who_answers_by_another_network_from_his_own_mac() -> None:
    entry = {"interface": "br1", "addresses": ["172.18.0.9"], "mac_address": "02:00:00:00:00:09"}
    shown = _shown(_made(answers_by=[entry]), "ipv4", "mangle")
    told = "-s 172.18.0.9/32 -i br1 -m mac --mac-source 02:00:00:00:00:09 -m conntrack --ctstate DNAT --ctdir REPLY"
    comment = "-m comment --comment bridge-br0"
    for chain in ("LINUXNET-PREROUTING", "LINUXNET-FROM"):
        assert f"{chain} {told} {comment} -j RETURN" in shown


def test_a_router_elsewhere() -> None:
    host = _made(inhibit_gateway=True)
    assert [line for line in _shown(host, "ipv4", "mangle") if "PREROUTING" in line] == []


def test_the_number_of_rules_is_that_of_networks_and_ports() -> None:
    host = _made()
    alone = sum(len(_shown(host, *key)) for key in host)
    ports = [{"host_port": str(port), "to_address": "172.18.0.2"} for port in range(1000, 1050)]
    host, _changed = run(host, "dnat", [*ports, {"host_port": "20000-29999", "to_address": "172.18.0.2"}])
    jumps = 2
    assert sum(len(_shown(host, *key)) for key in host) == alone + jumps + 51
