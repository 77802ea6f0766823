# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module masquerade, on a real kernel."""

from __future__ import annotations

import pytest

from tests.integration.promises import converge, refused, repairs, warnings_of
from tests.integration.rule_hosts import BACKENDS, LEGACY, SOURCES, add_network, forward_everything, rules, use_backend
from tests.lab.host import Host

MARK = "-m comment --comment linuxnet-masquerade-shop -j"
SNAT = {"source": "172.18.0.0/16", "out_interface": "eth0", "to_source": "192.0.2.5", "random_fully": True}


@pytest.fixture(params=BACKENDS)
def any_host(host: Host, request: pytest.FixtureRequest) -> Host:
    use_backend(host, request.param)
    return host


def test_both_families(any_host: Host) -> None:
    done = converge(any_host, "masquerade", SOURCES)
    assert [entry["before"] for entry in done["diff"]] == [{}, {}]
    assert rules(any_host, "nat", "LINUXNET-POSTROUTING") == [
        "-s 172.18.0.0/16 -d 224.0.0.0/4 ! -o br0 -m comment --comment linuxnet-masquerade-shop -j RETURN",
        "-s 172.18.0.0/16 ! -o br0 -m comment --comment linuxnet-masquerade-shop -j MASQUERADE",
    ]
    assert rules(any_host, "nat", "LINUXNET-POSTROUTING", "ip6tables") == [
        "-s fd00:18::/64 -d ff00::/8 ! -o br0 -m comment --comment linuxnet-masquerade-shop -j RETURN",
        "-s fd00:18::/64 ! -o br0 -m comment --comment linuxnet-masquerade-shop -j MASQUERADE",
    ]


def test_a_fixed_address_instead(any_host: Host) -> None:
    any_host.module("masquerade", {"source": SNAT["source"], "out_interface": "eth0"})
    change = converge(any_host, "masquerade", SNAT)["diff"][0]
    assert change["before"] == {"to_source": None, "random_fully": False}
    assert change["after"] == {"to_source": "192.0.2.5", "random_fully": True}
    assert rules(any_host, "nat", "LINUXNET-POSTROUTING")[1].endswith("-j SNAT --to-source 192.0.2.5 --random-fully")


def test_absent_leaves_nothing_and_no_others(any_host: Host) -> None:
    any_host.sh("iptables -t nat -A POSTROUTING -o eth9 -j MASQUERADE")
    empty = any_host.dump(counters=True)
    any_host.module("masquerade", SOURCES)
    done = converge(any_host, "masquerade", {**SOURCES, "state": "absent"})
    assert [entry["after"] for entry in done["diff"]] == [{}, {}]
    assert empty.changes_to(any_host.dump(counters=True)) == []
    converge(any_host, "masquerade", {**SOURCES, "state": "absent"}, changed=False)


def test_one_of_two_owners_goes(any_host: Host) -> None:
    any_host.module("masquerade", SNAT)
    alone = any_host.dump()
    any_host.module("masquerade", SOURCES)
    any_host.module("masquerade", {**SOURCES, "state": "absent"})
    assert alone.changes_to(any_host.dump()) == []


def test_a_key_of_another_owner(any_host: Host) -> None:
    any_host.module("masquerade", {**SNAT, "owner": "shop"})
    for state in ("present", "absent"):
        want = {"source": SNAT["source"], "out_interface": "eth0", "owner": "lab", "state": state}
        refused(any_host, "masquerade", want, "source: 172.18.0.0/16 out of eth0 is already translated by owner shop")
    converge(any_host, "masquerade", {**SNAT, "owner": "shop"}, changed=False)


DAMAGE = [
    "iptables -t nat -D LINUXNET-POSTROUTING 1",
    "iptables -t nat -D LINUXNET-POSTROUTING 2",
    "ip6tables -t nat -D LINUXNET-POSTROUTING 2",
    "iptables -t nat -D POSTROUTING 2",
    "iptables -t nat -A POSTROUTING -m comment --comment linuxnet -j LINUXNET-POSTROUTING",
    (f"iptables -t nat -R LINUXNET-POSTROUTING 2 -s 172.18.0.0/16 ! -o br0 {MARK} SNAT --to-source 9.9.9.9"),
    "ip6tables -t nat -F LINUXNET-POSTROUTING",
    "ip6tables -t nat -F",
    "ip6tables -t nat -F && ip6tables -t nat -X",
]


@pytest.mark.parametrize(
    ("any_host", "damage"),
    [("nft", damage) for damage in DAMAGE] + [pytest.param("legacy", damage, marks=LEGACY) for damage in DAMAGE[::4]],
    indirect=["any_host"],
)
def test_drift_is_repaired(any_host: Host, damage: str) -> None:
    any_host.sh("iptables -t nat -A POSTROUTING -o eth9 -j MASQUERADE")
    any_host.module("masquerade", SOURCES)
    repairs(any_host, "masquerade", SOURCES, damage)


def test_a_missing_jump_is_shown(host: Host) -> None:
    host.module("masquerade", {"source": "172.18.0.0/16"})
    host.sh("iptables -t nat -F POSTROUTING")
    change = host.module("masquerade", {"source": "172.18.0.0/16"})["diff"][0]
    line = "ipv4 nat -A POSTROUTING -m comment --comment linuxnet -j LINUXNET-POSTROUTING"
    assert (change["before"]["rules"], change["after"]["rules"]) == ([], [line])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"source": "172.18.0.1/16"}, "did you mean 172.18.0.0/16?"),
        ({"source": "172.18.0.0"}, "a network such as"),
        (
            {"source": "172.18.0.0/16", "to_source": "127.0.0.1"},
            "to_source: '127.0.0.1' is not allowed: an address of the host",
        ),
        ({"source": "172.18.0.0/16", "to_source": "fd00::1"}, "to_source: 'fd00::1' is not allowed: an IPv4 address"),
        (
            {"source": "172.18.0.0/16", "to_source": "0.0.0.0"},
            "to_source: '0.0.0.0' is not allowed: an address of the host",
        ),
        ({"source": "172.18.0.0/16", "out_interface": "a name too long for that"}, "1 to 15 bytes"),
        ({"source": "172.18.0.0/16", "out_interface": "! "}, "1 to 15 bytes"),
        ({"source": "172.18.0.0/16", "owner": "a b"}, "1 to 64 characters"),
        ({"aggregate": [{"source": "10.0.0.0/8"}, {"source": "10.0.0.0/8"}]}, "aggregate[0] has the same key"),
        ({"source": "10.0.0.0/8", "netns": "a/b"}, "a namespace name is a file name"),
    ],
)
def test_bad_input(host: Host, options: dict[str, object], sentence: str) -> None:
    refused(host, "masquerade", options, sentence)


def test_a_missing_namespace(host: Host) -> None:
    want = {"source": "10.0.0.0/8", "netns": "nowhere"}
    assert "namespace nowhere does not exist" in host.module("masquerade", want, fails=True)["msg"]
    assert host.module("masquerade", want, check=True)["changed"]
    converge(host, "masquerade", {**want, "state": "absent"}, changed=False)


def test_inside_a_namespace_by_name_and_by_path(host: Host) -> None:
    host.sh("ip netns add router && touch /run/other && mount --bind /run/netns/router /run/other")
    outside = host.dump()
    both = [{"source": "10.0.0.0/8", "netns": "router"}, {"source": "172.18.0.0/16", "netns": "/run/other"}]
    converge(host, "masquerade", {"aggregate": both})
    assert len(rules(host.inside("router"), "nat", "LINUXNET-POSTROUTING")) == 4
    assert [line for line in outside.changes_to(host.dump()) if not line.startswith("netns/")] == []


def test_no_iptables(host: Host) -> None:
    host.sh("ln -sfn /nowhere /etc/alternatives/iptables-save")
    message = host.module("masquerade", {"source": "10.0.0.0/8"}, fails=True)["msg"]
    assert message == "cannot read the IPv4 rules of table nat: iptables-save is not installed; install iptables"


def test_traffic(host: Host, outside: Host) -> None:
    add_network(host)
    forward_everything(host)
    host.module("masquerade", SOURCES)
    web, db = host.inside("web"), host.inside("db")
    with outside.server(80), db.server(80):
        assert web.ask("198.51.100.1", 80).peer == "192.0.2.1"
        assert web.ask("2001:db8:ff::1", 80).peer == "2001:db8::1"
        assert web.ask("172.18.0.3", 80).peer == "172.18.0.2"


_DATAGRAM = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.bind(("", 4444))
s.sendto(b"x", ("192.0.2.254", 53))
s.recv(100)
"""


def test_flows_that_began_untranslated_are_ended(host: Host, outside: Host) -> None:
    """The source port stays the same, so only a new conntrack entry translates the second packet."""
    add_network(host)
    forward_everything(host)
    outside.sh("ip route add 172.18.0.0/16 via 192.0.2.1")
    web = host.inside("web")
    with outside.server(53, "udp") as server:
        web.run(["python3", "-c", _DATAGRAM])
        host.module("masquerade", SOURCES)
        web.run(["python3", "-c", _DATAGRAM])
        assert list(server.seen) == ["172.18.0.2", "192.0.2.1"]


@pytest.mark.parametrize("netns", [None, "router"])
@pytest.mark.parametrize(("source", "address"), [("172.18.0.0/16", "192.0.2.77"), ("fd00:18::/64", "2001:db8::77")])
def test_an_address_that_nobody_has_is_told(host: Host, netns: str | None, source: str, address: str) -> None:
    """The reply to a packet from there goes elsewhere. Floating addresses come later, so it is no error."""
    host.sh("ip netns add router")
    want = {"aggregate": [{"source": source, "out_interface": out, "to_source": address} for out in ("eth0", "eth1")]}
    want = {**want, "netns": netns}
    place = f"namespace {netns}" if netns else "the host"
    told = [f"to_source: {place} has no address {address} now, so replies to packets from it do not arrive"]
    assert [warnings_of(host.module("masquerade", want, check=check)) for check in (True, False, False)] == [told] * 3
    inside = host.inside(netns) if netns else host
    inside.sh(f"ip address add {address} dev lo")
    assert [warnings_of(host.module("masquerade", want, check=check)) for check in (True, False)] == [[], []]
    inside.sh(f"ip address del {address} dev lo")
    assert warnings_of(host.module("masquerade", {**want, "state": "absent"})) == []
