# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dnat, on a real kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.promises import converge, refused, repairs
from tests.integration.rule_hosts import (
    BACKENDS,
    LEGACY,
    NETWORK,
    SOURCES,
    add_network,
    forward_everything,
    rules,
    use_backend,
)
from tests.lab.host import Host

Options = dict[str, Any]

PORTS: Options = {
    "owner": "shop",
    "out_interface": "br0",
    "aggregate": [
        {"host_port": "8080", "to_address": "172.18.0.2", "to_port": "80"},
        {"host_port": "8080", "to_address": "fd00:18::2", "to_port": "80"},
        {"host_port": "8080", "host_ip": "192.0.2.1", "to_address": "172.18.0.3", "to_port": "80"},
        {"host_port": "8081", "host_ip": "127.0.0.1", "to_address": "172.18.0.2", "to_port": "81"},
        {"host_port": "5000-5010", "to_address": "172.18.0.2", "to_port": "6000-6010", "protocol": "udp"},
        {"host_port": "7000-7010", "to_address": "172.18.0.2", "in_interface": "!br0"},
        {"host_port": "9000", "to_address": "fd00:18::3", "protocol": "sctp", "in_interface": "eth0"},
    ],
}
KEYS = ("ip_version", "protocol", "host_ip", "host_port")
MARK = "-m comment --comment linuxnet-dnat-shop -m comment --comment out-br0 -j DNAT --to-destination"


def _absent(options: Options) -> Options:
    """The same publications, given by their keys only."""
    keys = []
    for entry in options["aggregate"]:
        version = "ipv6" if ":" in entry["to_address"] else "ipv4"
        keys.append({**{key: entry[key] for key in KEYS if key in entry}, "ip_version": version})
    return {"owner": options["owner"], "state": "absent", "aggregate": keys}


@pytest.fixture(params=BACKENDS)
def any_host(host: Host, request: pytest.FixtureRequest) -> Host:
    use_backend(host, request.param)
    host.sh("ip link add br0 type bridge")
    return host


@pytest.fixture
def published(host: Host, neighbour: Host) -> Host:
    """A host with a network whose web server is published in every way; the neighbour is on its segment."""
    assert neighbour
    add_network(host)
    forward_everything(host)
    host.module("bridge_forward", NETWORK)
    host.module("masquerade", SOURCES)
    host.module("dnat", PORTS)
    return host


def test_every_form(any_host: Host) -> None:
    done = converge(any_host, "dnat", PORTS)
    assert all(entry["before"] == {} for entry in done["diff"])
    assert rules(any_host, "nat", "LINUXNET-DNAT") == [
        f"-d 192.0.2.1/32 -p tcp -m tcp --dport 8080 {MARK} 172.18.0.3:80",
        f"-p tcp -m tcp --dport 8080 {MARK} 172.18.0.2:80",
        f"-p udp -m udp --dport 5000:5010 {MARK} 172.18.0.2:6000-6010/5000",
        f"! -i br0 -p tcp -m tcp --dport 7000:7010 {MARK} 172.18.0.2",
    ]
    assert rules(any_host, "nat", "LINUXNET-DNAT-LOOPBACK") == [
        f"-d 127.0.0.1/32 -p tcp -m tcp --dport 8081 {MARK} 172.18.0.2:81"
    ]
    assert rules(any_host, "nat", "LINUXNET-DNAT", "ip6tables") == [
        f"-p tcp -m tcp --dport 8080 {MARK} [fd00:18::2]:80",
        f"-i eth0 -p sctp -m sctp --dport 9000 {MARK} [fd00:18::3]:9000",
    ]
    assert any_host.sysctl("net/ipv4/conf/br0/route_localnet") == "1"


def test_absent_by_key_leaves_nothing(any_host: Host) -> None:
    any_host.sh("iptables -t nat -A PREROUTING -p tcp --dport 1 -j REDIRECT --to-ports 2")
    empty = any_host.dump(counters=True)
    any_host.module("dnat", PORTS)
    converge(any_host, "dnat", _absent(PORTS))
    assert empty.changes_to(any_host.dump(counters=True)) == []
    converge(any_host, "dnat", _absent(PORTS), changed=False)


def test_route_localnet_goes_with_the_last(any_host: Host) -> None:
    any_host.module("dnat", PORTS)
    keys = _absent(PORTS)
    kept = keys["aggregate"].pop(3)
    converge(any_host, "dnat", keys)
    assert any_host.sysctl("net/ipv4/conf/br0/route_localnet") == "1"
    converge(any_host, "dnat", {**keys, "aggregate": [kept]})
    assert any_host.sysctl("net/ipv4/conf/br0/route_localnet") == "0"


def test_a_port_is_moved(any_host: Host) -> None:
    any_host.module("dnat", PORTS)
    moved = {"owner": "shop", "host_port": "8080", "to_address": "172.18.0.9", "to_port": "80", "out_interface": "br0"}
    change = converge(any_host, "dnat", moved)["diff"][0]
    assert (change["before"]["to_address"], change["after"]["to_address"]) == ("172.18.0.2", "172.18.0.9")
    assert "rules" not in change["after"]


def test_routed_opens_the_endpoints_own_port(any_host: Host) -> None:
    any_host.module("bridge_forward", {**NETWORK, "gateway_mode": "routed"})
    before = any_host.dump(counters=True)
    opened = {**PORTS, "gateway_mode": "routed", "aggregate": [PORTS["aggregate"][0], PORTS["aggregate"][4]]}
    converge(any_host, "dnat", opened)
    assert rules(any_host, "filter", "LINUXNET-TO")[1:3] == [
        (
            "-d 172.18.0.2/32 -o br0 -p tcp -m tcp --dport 80 -m comment --comment linuxnet-dnat-shop"
            " -m comment --comment host-8080 -j ACCEPT"
        ),
        (
            "-d 172.18.0.2/32 -o br0 -p udp -m udp --dport 6000:6010 -m comment --comment linuxnet-dnat-shop"
            ' -m comment --comment "host-5000:5010" -j ACCEPT'
        ),
    ]
    # filter has one more, for packets that leave.
    assert len(rules(any_host, "mangle", "LINUXNET-TO")) + 1 == len(rules(any_host, "filter", "LINUXNET-TO"))
    converge(any_host, "dnat", _absent(opened))
    assert before.changes_to(any_host.dump(counters=True)) == []


def test_two_endpoints_open_the_same_port(host: Host) -> None:
    both = {
        "gateway_mode": "routed",
        "out_interface": "br0",
        "aggregate": [{"host_port": "80", "to_address": "10.0.0.2"}, {"host_port": "80", "to_address": "10.0.0.3"}],
    }
    converge(host, "dnat", both)
    converge(host, "dnat", {"gateway_mode": "routed", "host_port": "80", "to_address": "10.0.0.2", "state": "absent"})
    assert [text.split()[1] for text in rules(host, "filter", "LINUXNET-TO")] == ["10.0.0.3/32"]


DAMAGE = [
    "iptables -t nat -D LINUXNET-DNAT 1",
    "iptables -t nat -F LINUXNET-DNAT",
    "ip6tables -t nat -F",
    "ip6tables -t nat -F && ip6tables -t nat -X",
    "iptables -t nat -D PREROUTING -m addrtype --dst-type LOCAL -m comment --comment linuxnet -j LINUXNET-DNAT",
    "iptables -t nat -D OUTPUT 1",
    "iptables -t nat -D OUTPUT 2",
    "iptables -t nat -F LINUXNET-DNAT-LOOPBACK",
    "ip6tables -t nat -D LINUXNET-DNAT 2",
    # a stale rule above the right one, a rule twice, a wildcard above one for an address
    f"iptables -t nat -I LINUXNET-DNAT -p tcp -m tcp --dport 8080 {MARK} 172.18.0.77:80",
    f"iptables -t nat -A LINUXNET-DNAT -p tcp -m tcp --dport 8080 {MARK} 172.18.0.2:80",
    (
        f"iptables -t nat -D LINUXNET-DNAT 2 && iptables -t nat -I LINUXNET-DNAT -p tcp -m tcp --dport 8080 {MARK}"
        " 172.18.0.2:80"
    ),
    # the jump below what takes everything
    (
        "iptables -t nat -D PREROUTING 2 && iptables -t nat -A PREROUTING -j ACCEPT && iptables -t nat -A PREROUTING"
        " -m addrtype --dst-type LOCAL -m comment --comment linuxnet -j LINUXNET-DNAT"
    ),
    "echo 0 > /proc/sys/net/ipv4/conf/br0/route_localnet",
]


@pytest.mark.parametrize(
    ("any_host", "damage"),
    [("nft", damage) for damage in DAMAGE] + [pytest.param("legacy", damage, marks=LEGACY) for damage in DAMAGE[::4]],
    indirect=["any_host"],
)
def test_drift_is_repaired(any_host: Host, damage: str) -> None:
    any_host.sh("iptables -t nat -A PREROUTING -p tcp --dport 1 -j REDIRECT --to-ports 2")
    any_host.module("dnat", PORTS)
    if "-j ACCEPT" in damage:
        any_host.sh(damage)
        assert converge(any_host, "dnat", PORTS)["changed"]
        assert [text.split()[-1] for text in rules(any_host, "nat", "PREROUTING")] == ["2", "LINUXNET-DNAT", "ACCEPT"]
    else:
        repairs(any_host, "dnat", PORTS, damage)


def test_a_stale_rule_is_shown(host: Host) -> None:
    want = {"host_port": "8080", "to_address": "10.0.0.2"}
    host.module("dnat", want)
    stale = "-p tcp -m tcp --dport 8080 -m comment --comment linuxnet-dnat-default -j DNAT --to-destination"
    host.sh(f"iptables -t nat -A LINUXNET-DNAT {stale} 10.0.0.7:80")
    change = host.module("dnat", want, check=True)["diff"][0]
    assert change["before"]["rules"] == [f"ipv4 nat -A LINUXNET-DNAT {stale} 10.0.0.7:80"]
    assert change["after"]["rules"] == []


def test_rules_of_others_keep_their_place_and_counters(any_host: Host) -> None:
    any_host.module("dnat", PORTS)
    any_host.sh("iptables -t nat -I LINUXNET-DNAT 2 -p tcp --dport 22 -j RETURN; iptables -t nat -I PREROUTING -j LOG")
    any_host.module("dnat", {"owner": "lab", "host_port": "1", "to_address": "10.0.0.2"})
    before = any_host.dump(counters=True)
    any_host.module("dnat", {"owner": "lab2", "host_port": "2", "host_ip": "192.0.2.7", "to_address": "10.0.0.2"})
    any_host.module("dnat", {"owner": "lab2", "host_port": "2", "host_ip": "192.0.2.7", "state": "absent"})
    assert before.changes_to(any_host.dump(counters=True)) == []


def _one(**more: object) -> Options:
    return {"host_port": "80", "to_address": "10.0.0.2", **more}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (_one(host_port="0"), "a port from 1 to 65535"),
        (_one(host_port="65536"), "a port from 1 to 65535"),
        (_one(host_port="80-79"), "a port from 1 to 65535"),
        (_one(host_port="80-81", to_port="90"), "to_port: '90' is not allowed: as many ports as host_port 80-81 has"),
        (_one(to_address="172.18.0"), "an IPv4 or IPv6 address"),
        (_one(to_address="127.0.0.1"), "the address of an endpoint"),
        (_one(to_address=None), "to_address is required"),
        (_one(host_ip="fd00::1"), "host_ip: 'fd00::1' is not allowed: an IPv4 address"),
        (_one(host_ip="192.0.2.1", to_address="fd00::2"), "host_ip: '192.0.2.1' is not allowed: an IPv6 address"),
        (_one(host_ip="::1", to_address="fd00::2"), "other than ::1"),
        (_one(host_ip="127.0.0.1"), "out_interface is required: the bridge of the endpoint"),
        (_one(host_ip="127.0.0.1", out_interface="br0", in_interface="eth0"), "arrive on no interface"),
        (_one(host_ip="127.0.0.1", out_interface="br0", gateway_mode="routed"), "an address outside 127.0.0.0/8"),
        (_one(ip_version="ipv6"), "to_address: '10.0.0.2' is not allowed: an IPv6 address, as ip_version says"),
        (_one(protocol="icmp"), "value of protocol must be one of"),
        (_one(out_interface="!br0"), "1 to 15 bytes"),
        ({"aggregate": [_one(), _one(to_port="81")]}, "aggregate[0] has the same key"),
        ({"aggregate": [_one(), _one(host_port="79-80")]}, "port 80 of 79-80/tcp (ipv4) is already published"),
    ],
)
def test_bad_input(host: Host, options: Options, sentence: str) -> None:
    host.sh("ip link add br0 type bridge")
    refused(host, "dnat", options, sentence)


def test_ports_of_other_owners_are_refused(host: Host) -> None:
    host.module("dnat", _one(owner="shop", host_port="80-90"))
    refused(host, "dnat", _one(host_port="80-90"), "80-90/tcp (ipv4) is published by owner shop to 10.0.0.2")
    refused(host, "dnat", {"host_port": "80-90", "state": "absent"}, "is published by owner shop")
    refused(host, "dnat", _one(host_port="85"), "port 85 of 85/tcp (ipv4) is already published by owner shop")
    assert host.module("dnat", _one(host_port="85", host_ip="192.0.2.1"))["changed"]


def test_a_missing_bridge(host: Host) -> None:
    want = _one(out_interface="br0")
    assert "interface br0 does not exist" in host.module("dnat", want, fails=True)["msg"]
    foretold = host.module("dnat", want, check=True)["diff"]
    host.sh("ip link add br0 type bridge")
    assert host.module("dnat", want)["diff"] == foretold


def test_where_a_published_port_is_reached_from(published: Host, neighbour: Host) -> None:
    """And which source address the endpoint sees."""
    web, db = published.inside("web"), published.inside("db")
    with web.server(80), web.server(81), db.server(80), web.server(6003, "udp"):
        assert neighbour.ask("192.0.2.1", 8080).peer == "192.0.2.9"
        assert neighbour.ask("2001:db8::1", 8080).peer == "2001:db8::9"
        assert neighbour.ask("192.0.2.1", 5003, "udp").peer == "192.0.2.9"
        assert published.ask("127.0.0.1", 8080).peer == "172.18.0.1"
        assert published.ask("127.0.0.1", 8081).peer == "172.18.0.1"
        assert published.ask("172.18.0.1", 8080).peer == "172.18.0.1"
        assert published.ask("2001:db8::1", 8080).peer == "2001:db8::1"
        assert web.ask("172.18.0.1", 8080).peer == "172.18.0.1"
        assert db.ask("172.18.0.1", 8080).peer == "172.18.0.1"
        assert db.ask("2001:db8::1", 8080).peer == "fd00:18::1"
        assert neighbour.ask("192.0.2.1", 8080).local == "172.18.0.3", "one address has its own publication"
        assert published.ask("127.0.0.1", 8080).local == "172.18.0.2"


@pytest.mark.long
def test_what_nobody_published_is_not_reached(published: Host, neighbour: Host) -> None:
    web = published.inside("web")
    with web.server(80), web.server(81), published.server(9998, address="127.0.0.1"):
        for address in ("172.18.0.2", "fd00:18::2"):
            assert neighbour.ask(address, 80) is None
            assert neighbour.ask(address, 81) is None
        assert neighbour.ask("192.0.2.1", 8081) is None
        assert web.ask("127.0.0.1", 9998) is None
    published.sh("iptables -F FORWARD; ip6tables -F FORWARD; iptables -t mangle -F; ip6tables -t mangle -F")
    with web.server(80):
        assert neighbour.ask("172.18.0.2", 80), "the control: without rules it is reached"
        assert neighbour.ask("fd00:18::2", 80)


def test_other_addresses_are_not_hijacked(published: Host, outside: Host) -> None:
    web = published.inside("web")
    with outside.server(8080), web.server(80):
        assert web.ask("192.0.2.254", 8080).hostname == "outside"


_STREAM = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.bind(("", 4444))
s.sendto(b"x", ("192.0.2.1", int(sys.argv[1])))
try:
    s.recv(100)
except TimeoutError:
    pass
"""


def _send(host: Host, port: int) -> None:
    """Send a datagram to the published port, always from the same source port."""
    host.run(["python3", "-c", _STREAM, str(port)])


def test_a_moved_port_takes_its_flows_along(published: Host, neighbour: Host) -> None:
    want = {"owner": "shop", "host_port": "53", "protocol": "udp", "to_address": "172.18.0.2", "out_interface": "br0"}
    other = {**want, "host_port": "54"}
    published.module("dnat", {"aggregate": [want, other]})
    with published.inside("web").server(53, "udp") as web, published.inside("db").server(53, "udp") as db:
        _send(neighbour, 53)
        published.module("dnat", {**want, "to_address": "172.18.0.3"})
        _send(neighbour, 53)
        assert (list(web.seen), list(db.seen)) == (["192.0.2.9"], ["192.0.2.9"])
        published.module("dnat", {**want, "state": "absent"})
        _send(neighbour, 53)
        assert len(db.seen) == 1


def test_a_flow_of_a_neighbour_lives_on(published: Host, neighbour: Host) -> None:
    want = {"owner": "shop", "host_port": "53", "protocol": "udp", "to_address": "172.18.0.2", "out_interface": "br0"}
    published.module("dnat", {"aggregate": [want, {**want, "host_port": "54"}]})
    with published.inside("web").server(54, "udp") as server:
        _send(neighbour, 54)
        published.module("dnat", {**want, "state": "absent"})
        published.sh("iptables -t nat -F LINUXNET-DNAT")
        _send(neighbour, 54)
        assert len(server.seen) == 2, "an entry in conntrack needs no rule"


def test_a_flow_that_went_past_a_missing_rule(published: Host, neighbour: Host) -> None:
    want = {"owner": "shop", "host_port": "53", "protocol": "udp", "to_address": "172.18.0.2", "out_interface": "br0"}
    with published.inside("web").server(53, "udp") as web, published.server(53, "udp") as own:
        _send(neighbour, 53)
        published.module("dnat", want)
        _send(neighbour, 53)
        assert (len(own.seen), len(web.seen)) == (1, 1)
