# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other tools' rules are reported if they interfere, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, plan
from tests.integration.rule_hosts import LEGACY, use_backend
from tests.integration.traffic.layouts import FIREWALLD
from tests.lab.host import Host
from tests.lab.segment import Segment

_ENGINE = """
iptables -t nat -N ENGINE
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j ENGINE
iptables -t nat -A OUTPUT -m addrtype --dst-type LOCAL -j ENGINE
"""


def _warnings(host: Host) -> list[str]:
    """The warnings of a plan. They must be the same when the network exists."""
    (first, again) = (plan(host, SHOP)["warnings"], apply(host, **SHOP).plan["warnings"])
    assert first == again
    return list(again)


@pytest.mark.parametrize(
    ("jump", "rule"),
    [
        ("", "! -i engine0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.2:80"),
        ("", "-p tcp -m multiport --dports 443,8000:8100 -j DNAT --to-destination 10.88.0.2"),
        ("", "-d 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 9090"),
        ("-p tcp --dport 8080", "-j DNAT --to-destination 10.88.0.2"),
        ("", "-d 127.0.0.0/8 -j DNAT --to-destination 10.88.0.2"),
    ],
)
def test_another_translation_of_a_published_port_is_told(host: Host, jump: str, rule: str) -> None:
    host.sh(_ENGINE + f"iptables -t nat -N ONE; iptables -t nat -A ENGINE {jump} -j ONE; iptables -t nat -A ONE {rule}")
    warning = next(one for one in _warnings(host) if "published_ports[0]" in one)
    assert warning == (
        "bridge_network_endpoints[0].published_ports[0]: another tool's rule for port 8080/tcp in table nat of iptables"
        f" comes before this network's: -A ONE {rule}"
    )


@pytest.mark.parametrize(
    "rule",
    [
        "-p udp -m udp --dport 8080 -j DNAT --to-destination 10.88.0.2:80",
        "-p tcp -m tcp --dport 8082 -j DNAT --to-destination 10.88.0.2:80",
        "-d 10.96.0.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.2:80",
        "-m mark --mark 0x7 -j DNAT --to-destination 10.88.0.2",
    ],
)
def test_a_translation_of_something_else_is_not_told(host: Host, rule: str) -> None:
    host.sh(_ENGINE + f"iptables -t nat -A ENGINE {rule}")
    assert _warnings(host) == []


def test_a_translation_that_came_later_gets_nothing(host: Host) -> None:
    apply(host, **SHOP)
    host.sh("iptables -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 9090")
    (warning,) = _warnings(host)
    assert "gets no packets, since this network's comes first: -A PREROUTING -p tcp" in warning


def _native(host: Host, family: str, rules: str, priority: int = -110) -> None:
    """A tool that publishes ports by nftables itself, with a chain of its own for them."""
    script = (
        f"add table {family} fw\nadd chain {family} fw pre {{ type nat hook prerouting priority {priority}; }}\n"
        f"add chain {family} fw ports\nadd rule {family} fw pre fib daddr type local jump ports\n"
    )
    host.run(
        ["nft", "-f", "-"], stdin=script + "".join(f"add rule {family} fw ports {rule}\n" for rule in rules.split("; "))
    )


@pytest.mark.parametrize(
    ("family", "rules"),
    [
        ("ip", "tcp dport 8080 dnat to 10.88.0.2:80"),
        ("ip", "ip daddr 192.0.2.1 tcp dport 8000-8100 counter dnat to 10.88.0.2"),
        ("ip", "tcp dport { 443, 8000-8100 } redirect to :90"),
        ("ip", "tcp dport { 443, 8080 } redirect to :90"),
        ("ip", "dnat to tcp dport map { 8080 : 10.88.0.2, 8081 : 10.88.0.3 }"),
        ("ip", "meta l4proto { tcp, udp } th dport 8080 dnat to 10.88.0.2; tcp dport 9 dnat to 10.88.0.2"),
        ("ip6", "tcp dport 8080 dnat to [fd00:88::2]:80"),
        ("inet", "meta nfproto ipv4 tcp dport 8080 dnat to 10.88.0.2:80"),
        ("inet", "tcp dport > 8079 tcp dport < 8081 redirect to :90"),
    ],
)
def test_a_native_translation_of_a_published_port_is_told(
    host: Host, wan: Segment, neighbour: Host, family: str, rules: str
) -> None:
    _native(host, family, rules)
    warning = next(one for one in _warnings(host) if "published_ports[0]" in one)
    assert warning == (
        "bridge_network_endpoints[0].published_ports[0]: another tool's rule for port 8080/tcp in chain ports of"
        f" nftables' table {family} fw comes before this network's"
    )
    with host.inside("web").server(80):
        assert neighbour.ask("2001:db8::1" if family == "ip6" else "192.0.2.1", 8080) is None, "the warning is true"


@pytest.mark.parametrize(
    ("family", "rules"),
    [
        ("ip", "udp dport 8080 dnat to 10.88.0.2:80"),
        ("ip", "tcp dport 8082 dnat to 10.88.0.2:80"),
        ("ip", "tcp sport 8080 dnat to 10.88.0.2:80"),
        ("ip", "tcp dport { 443, 8000-8079, 8090 } redirect to :90"),
        ("ip", "ip daddr 10.96.0.1 tcp dport 8080 dnat to 10.88.0.2:80"),
        ("ip", "meta mark 7 dnat to 10.88.0.2"),
        ("ip", "tcp dport 8080 accept"),
        ("ip6", "ip6 daddr fd00:96::1 tcp dport 8080 dnat to [fd00:88::2]:80"),
    ],
)
def test_a_native_translation_of_something_else_is_not_told(host: Host, wan: Segment, family: str, rules: str) -> None:
    _native(host, family, rules)
    assert _warnings(host) == []


@pytest.mark.long
def test_whether_a_native_translation_gets_packets_is_told(host: Host, wan: Segment, neighbour: Host) -> None:
    for priority, words in ((-90, "gets no packets, since this network's comes first"), (-100, "may come before this")):
        _native(host, "ip", "tcp dport 8080 dnat to 10.88.0.2:80", priority)
        (warning,) = _warnings(host)
        assert words in warning
        with host.inside("web").server(80):
            assert priority == -100 or neighbour.ask("192.0.2.1", 8080), "the warning is true"
        host.sh("nft delete table ip fw")
    assert _warnings(host) == []


@LEGACY
@pytest.mark.parametrize("family", ["", "6"])
def test_rules_of_the_other_backend_are_told(host: Host, family: str) -> None:
    use_backend(host, "nft")
    host.sh(f"ip{family}tables-legacy -t nat -L")
    assert _warnings(host) == []
    host.sh(f"ip{family}tables-legacy -P FORWARD DROP")
    (warning,) = _warnings(host)
    assert warning.startswith(
        f"ip{family}tables-legacy has rules besides those of ip{family}tables, which uses nftables"
    )
    host.sh(f"ip{family}tables-legacy -P FORWARD ACCEPT")
    assert _warnings(host) == []


@LEGACY
@pytest.mark.long
def test_rules_of_nftables_beside_the_legacy_backend_are_told(host: Host) -> None:
    use_backend(host, "legacy")
    host.sh("iptables-nft -t nat -L; iptables-nft -L")
    assert _warnings(host) == []
    host.sh("iptables-nft -A FORWARD -s 192.0.2.7 -j DROP")
    (warning,) = _warnings(host)
    assert warning.startswith("nftables has rules in tables of iptables (ip raw, mangle, nat or filter)")


@pytest.mark.parametrize("family", ["inet", "ip", "bridge"])
@pytest.mark.long
def test_a_native_chain_that_drops_is_told_until_it_names_the_bridge(host: Host, family: str) -> None:
    host.sh(f"nft add table {family} fw")
    host.sh(f"nft 'add chain {family} fw passing {{ type filter hook forward priority 0; policy accept; }}'")
    host.sh(f"nft 'add chain {family} fw arriving {{ type filter hook input priority 0; policy drop; }}'")
    host.sh(f"nft 'add rule {family} fw arriving accept'")
    assert _warnings(host) == []
    host.sh(f"nft 'add chain {family} fw passing {{ policy drop; }}'")
    (warning,) = _warnings(host)
    assert warning == (
        f"nftables: chain passing of table {family} fw drops forwarded packets that it does not accept itself,"
        " whatever iptables does; accept packets from and to br-shop there"
    )
    host.sh(f"nft 'add rule {family} fw passing iifname br-shop accept'")
    assert _warnings(host) == []


_REFUSING = "chain passing of table inet fw drops forwarded packets that it does not accept itself"


@pytest.mark.parametrize("end", ["drop", "counter drop", "log prefix x reject", "reject with tcp reset"])
@pytest.mark.parametrize(
    "accepting",
    [
        "iifname br-shop accept",
        "oifname { lo, br-shop } accept",
        "iifname vmap { br-shop : accept }",
        "iifname br-* accept",
    ],
)
@pytest.mark.long
def test_a_native_chain_that_ends_with_a_drop_is_told_until_it_names_the_bridge(
    host: Host, end: str, accepting: str
) -> None:
    """Whatever its policy is. A rule that drops some packets alone ends nothing."""
    host.sh("nft add table inet fw")
    host.sh("nft 'add chain inet fw passing { type filter hook forward priority 0; policy accept; }'")
    host.sh("nft add rule inet fw passing tcp dport 22 drop; nft add rule inet fw passing iifname != br0 reject")
    assert _warnings(host) == []
    match = "meta l4proto tcp " if "tcp" in end else ""
    host.sh(f"nft add rule inet fw passing {match}{end}")
    if match:
        assert _warnings(host) == []
        return
    (warning,) = _warnings(host)
    assert _REFUSING in warning
    host.sh(f"nft 'insert rule inet fw passing {accepting}'")
    assert _warnings(host) == []


@pytest.mark.parametrize("firewall", ["auto", "nftables"])
def test_a_bridge_in_no_zone_of_firewalld_is_told(host: Host, firewall: str) -> None:
    host.firewall = firewall
    host.sh(FIREWALLD.replace("br*", "virbr0"))
    (warning,) = _warnings(host)
    assert warning == (
        "firewalld rejects forwarded packets of br-shop, which is in no zone that accepts them:"
        " firewall-cmd --permanent --zone=trusted --change-interface=br-shop && firewall-cmd --reload"
    )
    host.sh("nft insert rule inet firewalld filter_FORWARD_ZONES iifname br-shop goto filter_FWD_trusted")
    assert _warnings(host) == []


@pytest.mark.needs("bridge-nf")
@pytest.mark.parametrize(
    ("options", "zone", "told"),
    [
        ({}, 'oifname "eth0" accept', 0),
        ({}, 'oifname "eth*" counter accept', 0),
        ({}, 'oifname "eth1" accept', 1),
        ({}, 'oifname "eth0" drop; oifname "eth0" accept', 1),
        ({}, 'oifname "eth0" tcp dport 80 accept', 1),
        ({}, 'return; oifname "eth0" accept', 1),
        ({"gateway_mode": "routed", "endpoints": [{"namespace": "web"}]}, 'oifname "eth0" accept', 1),
        ({"trusted_interfaces": ["eth0"]}, 'oifname "eth0" accept', 1),
    ],
)
def test_a_default_zone_of_firewalld_that_lets_packets_out_is_enough_for_translated_ones(
    host: Host, wan: Segment, options: dict[str, Any], zone: str, told: int
) -> None:
    """Unless the kernel shows bridged frames, or untranslated packets are to come in."""
    host.sh(FIREWALLD.replace("br*", "virbr0").replace('oifname "eth0" accept;', f"{zone};"))
    for shown in (1, 0):
        for kind in ("iptables", "ip6tables"):
            host.sysctl(f"net/bridge/bridge-nf-call-{kind}", shown)
        made = plan(host, {**SHOP, **options})["warnings"]
        assert ["firewalld rejects forwarded packets" in one for one in made] == [True] * (told or shown)


@pytest.mark.needs("bridge-nf")
def test_an_internal_network_is_told_of_it_if_the_kernel_shows_its_frames(host: Host) -> None:
    """Then they are rejected like packets."""
    host.sh(FIREWALLD.replace("br*", "virbr0"))
    for shown in (0, 1):
        for kind in ("iptables", "ip6tables"):
            host.sysctl(f"net/bridge/bridge-nf-call-{kind}", shown)
        made = plan(host, {**SHOP, "internal": True, "endpoints": [{"namespace": "web"}]})
        assert ["firewalld rejects forwarded packets" in one for one in made["warnings"]] == [True] * shown


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("accept", 0),
        ("counter accept", 0),
        ('iifname "eth0" accept', 1),
        ("drop", 1),
        ("return", 1),
        ("reject", 1),
    ],
)
def test_a_default_zone_of_firewalld_that_accepts_everything_is_no_reason_to_warn(
    host: Host, zone: str, told: int
) -> None:
    """Zones are chains like this: nothing is ever told of a chain to which no packet comes."""
    host.sh(FIREWALLD.replace("br*", "virbr0").replace('oifname "eth0" accept;', f"{zone};"))
    host.sh("nft 'add chain inet firewalld filter_FORWARD_POLICIES_post'")
    host.sh("nft insert rule inet firewalld filter_FWD_public jump filter_FORWARD_POLICIES_post")
    assert len(_warnings(host)) == told


def test_a_policy_of_iptables_is_not_native(host: Host) -> None:
    use_backend(host, "nft")
    host.sh("iptables -P FORWARD DROP; ip6tables -P FORWARD DROP")
    assert _warnings(host) == []


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("goto zone", 1),
        ("jump zone", 1),
        ("ip protocol icmp goto zone", 0),
        ("goto zone; insert rule inet firewalld zone oifname br-shop accept", 1),
        ("goto zone; insert rule inet firewalld zone oifname br-other accept", 1),
        ("goto zone; insert rule inet firewalld zone oifname br-other jump open", 1),
        ("drop; {} oifname eth0 jump zone; {} oifname br-other jump open; {} jump empty", 1),
        ("drop; {} tcp dport 80 accept", 0),
        ("goto zone; insert rule inet firewalld zone oifname eth0 accept", 0),
        ("goto zone; insert rule inet firewalld zone ip daddr 192.0.2.7 accept", 0),
        ("goto zone; insert rule inet firewalld zone jump open", 0),
    ],
)
def test_a_bridge_in_a_zone_of_firewalld_that_drops_all_is_told(
    host: Host, wan: Segment, rules: str, told: int
) -> None:
    """Unless the zone lets something out, which may be all that its administrator wants."""
    host.module("bridge", {"name": "br-other", "owner": "br-other"})
    host.sh(FIREWALLD.replace("br*", "virbr0"))
    host.sh("nft 'add chain inet firewalld zone; add rule inet firewalld zone drop'")
    host.sh("nft 'add chain inet firewalld open; add rule inet firewalld open accept'")
    host.sh("nft 'add chain inet firewalld empty'")
    mine = "insert rule inet firewalld filter_FORWARD_ZONES iifname br-shop"
    host.sh(f"nft '{mine} {rules.format(*[mine] * 3)}'")
    assert len(_warnings(host)) == told


@pytest.mark.parametrize(("table", "chain"), [("inet firewalld", "filter_FORWARD_dnat"), ("ip filter", "FORWARD_dnat")])
def test_strict_forward_ports_are_told_while_firewalld_has_them(host: Host, table: str, chain: str) -> None:
    """Whichever backend it uses."""
    host.sh(f"nft 'add table {table}'")
    assert _warnings(host) == []
    host.sh(f"nft 'add chain {table} {chain}'")
    (warning,) = _warnings(host)
    assert warning.startswith("firewalld rejects connections to published ports, since it has StrictForwardPorts=yes")
    assert plan(host, {**SHOP, "endpoints": [{"namespace": "web"}]})["warnings"] == []
    host.sh(f"nft 'delete chain {table} {chain}'")
    assert _warnings(host) == []
