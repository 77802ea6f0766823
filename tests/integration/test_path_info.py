# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways of breaking a network by hand, and whether path_info names them."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
import unittest.mock
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import Unable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import follow
from tests.integration.networks import SHOP, apply
from tests.integration.rule_hosts import LEGACY, NATIVE, use_backend, without_iptables, without_nft
from tests.integration.settling import settle
from tests.lab import modules, town
from tests.lab.frames import TCP
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import COLLECTIONS
from tests.lab.town import Town

UNTRIED = "Whether a rule takes it was not tried, since check mode sends nothing."
#: A port that the network publishes, of the host itself and of an endpoint.
PUBLISHED = {"destination": "192.0.2.1", "port": 8080}
NEIGHBOUR = {"source": {"namespace": "db"}, "destination": "172.18.0.2", "port": 80}
WORLD = {"source": {"namespace": "web"}, "destination": town.WORLD[0], "port": 80}
PING = {"source": {"namespace": "web"}, "destination": town.WORLD[0], "protocol": "icmp"}
#: The end of its chain for forwarded packets, as firewalld writes it.
FIREWALLD = (
    "nft 'add table inet firewalld; add chain inet firewalld filter_FORWARD"
    " { type filter hook forward priority filter + 10; policy accept; };"
    " add rule inet firewalld filter_FORWARD ct state established,related accept;"
    " add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited'"
)


@dataclass(frozen=True)
class Way:
    """A shell command that breaks the network, where, and how to undo it; what is asked, and what the answer says."""

    name: str
    ask: dict[str, Any]
    verdict: str
    says: str
    command: str
    undo: str
    inside: str = ""
    tool: str | None = None


#: Selectors of policy rules that no packet of a probe from web to the world matches.
OTHERS = ("fwmark 0x5", "iif eth0", "oif eth0", "from 172.18.0.77", "tos 0x10", "ipproto udp")

#: The chain of a table that looks like that of this collection.
IMITATED = "type filter hook input priority 0; tcp dport 80 drop;"

WAYS = [
    Way(
        "a foreign rule of iptables",
        WORLD,
        "dropped",
        "a rule in chain FORWARD of table filter drops it: -A FORWARD -d 198.51.100.1/32 -j DROP (by nobody known)",
        "iptables -I FORWARD -d 198.51.100.1 -j DROP",
        "iptables -D FORWARD -d 198.51.100.1 -j DROP",
        tool="unknown",
    ),
    Way(
        "a foreign rule that rejects",
        WORLD,
        "rejected",
        "a rule in chain ufw-user-forward of table filter rejects it: -A ufw-user-forward -p tcp -m tcp --dport 80",
        "iptables -N ufw-user-forward; iptables -I FORWARD -j ufw-user-forward;"
        " iptables -A ufw-user-forward -p tcp --dport 80 -j REJECT",
        "iptables -D FORWARD -j ufw-user-forward; iptables -F ufw-user-forward; iptables -X ufw-user-forward",
        tool="ufw",
    ),
    Way(
        "a rule of nftables inside",
        NEIGHBOUR,
        "dropped",
        "On namespace web, a rule in chain in of table inet mine drops it: tcp dport 80 drop (by nobody known)",
        "nft 'add table inet mine; add chain inet mine in { type filter hook input priority 0; };"
        " add rule inet mine in tcp dport 80 drop'",
        "nft delete table inet mine",
        inside="web",
        tool="unknown",
    ),
    Way(
        "nobody listens",
        {**NEIGHBOUR, "port": 81},
        "no_listener",
        "It arrives, but nobody listens on TCP port 81 of namespace web.",
        "true",
        "true",
    ),
    Way(
        "a lost route",
        WORLD,
        "no_route",
        "Namespace web has no route to 198.51.100.1, and no default route.",
        "ip route del default",
        "ip route add default via 172.18.0.1",
        inside="web",
    ),
    Way(
        "a policy rule",
        WORLD,
        "no_route",
        "Namespace web refuses to send to 198.51.100.1: the policy rule 10: from all blackhole.",
        "ip rule add prio 10 blackhole",
        "ip rule del prio 10",
        inside="web",
    ),
    Way(
        "forwarding is off",
        WORLD,
        "not_forwarded",
        "The host does not forward it: net.ipv4.ip_forward is 0.",
        "sysctl -qw net.ipv4.ip_forward=0",
        "sysctl -qw net.ipv4.ip_forward=1",
    ),
    Way(
        "a wrong neighbour",
        NEIGHBOUR,
        "lost",
        "but is sent to the MAC address 02:00:00:00:00:99, since namespace db has a permanent neighbour entry",
        "ip neigh replace 172.18.0.2 lladdr 02:00:00:00:00:99 nud permanent dev eth0",
        "ip neigh del 172.18.0.2 dev eth0",
        inside="db",
    ),
    Way(
        "an interface that is down",
        NEIGHBOUR,
        "lost",
        "but eth0 of namespace web is down.",
        "ip link set eth0 down",
        "ip link set eth0 up; ip route add default via 172.18.0.1",
        inside="web",
    ),
    Way(
        "a listener on 127.0.0.1 alone",
        {**NEIGHBOUR, "port": 82},
        "no_listener",
        "on TCP port 82 of namespace web, python listens on 127.0.0.1 alone, not on 172.18.0.2.",
        "true",
        "true",
    ),
    Way(
        "a rule of firewalld",
        WORLD,
        "rejected",
        "chain filter_FORWARD of table inet firewalld rejects it: reject with icmpx admin-prohibited (by firewalld)",
        FIREWALLD,
        "nft delete table inet firewalld",
        tool="firewalld",
    ),
    Way(
        "a port published twice",
        PUBLISHED,
        "no_listener",
        "It arrives, but nobody listens on TCP port 9090 of namespace db.",
        "iptables -t nat -N DOCKER; iptables -t nat -I OUTPUT -p tcp --dport 8080 -j DOCKER;"
        " iptables -t nat -A DOCKER -p tcp -j DNAT --to-destination 172.18.0.10:9090",
        "iptables -t nat -D OUTPUT -p tcp --dport 8080 -j DOCKER; iptables -t nat -F DOCKER; iptables -t nat -X DOCKER",
    ),
    Way(
        "published to an address that nobody has",
        PUBLISHED,
        "lost",
        "It leaves the host by br-shop for 172.18.0.2, but nobody there has that address.",
        "ip addr del 172.18.0.2/16 dev eth0; ip addr add 172.18.0.77/16 dev eth0",
        "ip addr del 172.18.0.77/16 dev eth0; ip addr add 172.18.0.2/16 dev eth0; ip route add default via 172.18.0.1",
        inside="web",
    ),
    Way(
        "a smaller MTU at the other end",
        NEIGHBOUR,
        "mtu",
        "A small packet arrives, but those over 1000 bytes are lost: eth0 of namespace web has the MTU 1000",
        "ip link set eth0 mtu 1000",
        "ip link set eth0 mtu 1500",
        inside="web",
    ),
    Way(
        "no route back",
        NEIGHBOUR,
        "no_route",
        "since no answer could leave: Namespace web refuses to send to 172.18.0.10: the route prohibit 172.18.0.10/32",
        "ip route add prohibit 172.18.0.10",
        "ip route del prohibit 172.18.0.10",
        inside="web",
    ),
    Way(
        "no route back, which nobody checks",
        NEIGHBOUR,
        "no_route",
        ", since no answer could leave: Namespace web refuses to send to 172.18.0.10: the policy rule 7: from all"
        " to 172.18.0.10/32 unreachable.",
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=0; ip rule add prio 7 to 172.18.0.10 unreachable",
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=2; ip rule del prio 7",
        inside="web",
    ),
    Way(
        "an answer that a rule drops",
        NEIGHBOUR,
        "dropped",
        "On namespace web, a rule in chain OUTPUT of table filter drops it: -A OUTPUT -p tcp -m tcp --sport 80 -j DROP",
        "iptables -A OUTPUT -p tcp --sport 80 -j DROP",
        "iptables -D OUTPUT -p tcp --sport 80 -j DROP",
        inside="web",
        tool="unknown",
    ),
    Way(
        "a wrong neighbour for the answer",
        NEIGHBOUR,
        "lost",
        "02:00:00:00:00:98, since namespace web has a permanent neighbour entry",
        "ip neigh replace 172.18.0.10 lladdr 02:00:00:00:00:98 nud permanent dev eth0",
        "ip neigh del 172.18.0.10 dev eth0",
        inside="web",
    ),
    Way(
        "a port of the bridge that is down",
        NEIGHBOUR,
        "lost",
        "is down.",
        "ip link set $(ls /sys/class/net/br-shop/brif | grep web) down",
        "ip link set $(ls /sys/class/net/br-shop/brif | grep web) up",
    ),
    Way(
        "a port that left the bridge",
        NEIGHBOUR,
        "lost",
        "eth0 of namespace web, which has that address, is not connected to it.",
        "ip link set $(ls /sys/class/net/br-shop/brif | grep web) nomaster",
        "ip link set $(ls /sys/class/net | grep web) master br-shop",
    ),
    Way(
        "isolated ports",
        NEIGHBOUR,
        "lost",
        "are isolated from each other",
        "for name in $(ls /sys/class/net/br-shop/brif); do bridge link set dev $name isolated on; done",
        "for name in $(ls /sys/class/net/br-shop/brif); do bridge link set dev $name isolated off; done",
    ),
    Way(
        "a router that does not answer",
        WORLD,
        "lost",
        "It leaves the host by eth0 for 192.0.2.250, but nobody answers there to ARP.",
        "ip route replace default via 192.0.2.250",
        "ip route replace default via 192.0.2.254",
    ),
    Way(
        "no route on the host",
        WORLD,
        "no_route",
        "The host has no route to 198.51.100.1, and no default route.",
        "ip route del default",
        "ip route replace default via 192.0.2.254",
    ),
    Way(
        "a reverse path that differs",
        {"source": {"namespace": "web"}, "destination": "192.0.2.1", "port": 22},
        "dropped",
        "came in by br-shop with the source 172.18.0.2, to which its own route leads by eth0:"
        " net.ipv4.conf.br-shop.rp_filter is 1.",
        "sysctl -qw net.ipv4.conf.br-shop.rp_filter=1; ip route add 172.18.0.2 via 192.0.2.254",
        "sysctl -qw net.ipv4.conf.br-shop.rp_filter=2; ip route del 172.18.0.2 via 192.0.2.254",
    ),
    Way(
        "a reverse path that differs, where the MAC address has to be asked for",
        {"source": {"namespace": "web"}, "destination": "192.0.2.1", "port": 22},
        "dropped",
        "The host drops ARP's question who has 172.18.0.1, since it came in by br-shop with the source 172.18.0.2, to"
        " which its own route leads by eth0: net.ipv4.conf.br-shop.rp_filter is 1.",
        "sysctl -qw net.ipv4.conf.br-shop.rp_filter=1; ip route add 172.18.0.2 via 192.0.2.254;"
        " ip -n web neigh del 172.18.0.1 dev eth0",
        "sysctl -qw net.ipv4.conf.br-shop.rp_filter=2; ip route del 172.18.0.2 via 192.0.2.254;"
        " ip -n web neigh replace 172.18.0.1 lladdr $(cat /sys/class/net/br-shop/address) dev eth0 nud permanent",
    ),
    Way(
        "echo requests are ignored",
        {"source": {"namespace": "db"}, "destination": "172.18.0.2", "protocol": "icmp"},
        "no_answer",
        "Namespace web gets it and does not answer: net.ipv4.icmp_echo_ignore_all is 1.",
        "sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
        "sysctl -qw net.ipv4.icmp_echo_ignore_all=0",
        inside="web",
    ),
    Way(
        "a policy that drops what comes in",
        {"source": {"namespace": "web"}, "destination": "172.18.0.1", "port": 22},
        "dropped",
        "On the host, the policy of chain INPUT in table filter drops it: policy drop",
        "iptables -P INPUT DROP",
        "iptables -P INPUT ACCEPT",
        tool="unknown",
    ),
    Way(
        "a rule after one that just counts",
        NEIGHBOUR,
        "dropped",
        'a rule in chain INPUT of table filter drops it: -A INPUT -p tcp -m comment --comment "we reject it" -j DROP',
        "iptables -A INPUT; iptables -A INPUT -p tcp -m comment --comment 'we reject it' -j DROP",
        "iptables -F INPUT",
        inside="web",
        tool="unknown",
    ),
    Way(
        "policy rules of the same priority",
        WORLD,
        "no_route",
        "refuses to send to 198.51.100.1: the policy rule 10: from all to 198.51.100.1/32 blackhole.",
        "ip rule add prio 10 to 198.51.100.1 blackhole; ip rule add prio 10 prohibit",
        "ip rule del prio 10; ip rule del prio 10",
        inside="web",
    ),
    Way(
        "policy rules about others",
        WORLD,
        "no_route",
        "Namespace web has no route to 198.51.100.1, and no default route.",
        f"ip route del default; {'; '.join(f'ip rule add prio 10 {one} blackhole' for one in OTHERS)}",
        f"ip route add default via 172.18.0.1; {'; '.join('ip rule del prio 10' for _one in OTHERS)}",
        inside="web",
    ),
    *(
        Way(
            f"a policy rule {rule}",
            WORLD,
            "no_route",
            f"Namespace web refuses to send to 198.51.100.1: the policy rule 10: {told} blackhole.",
            f"ip rule add prio 10 {rule} blackhole",
            "ip rule del prio 10",
            inside="web",
        )
        for rule, told in (
            ("from 172.18.0.2", "from 172.18.0.2/32"),
            ("uidrange 0-0", "from all uidrange 0-0"),
            ("iif lo", "from all iif lo"),
            ("not fwmark 0x5", "not from all fwmark 0x5"),
            ("ipproto tcp dport 80-81", "from all ipproto tcp dport 80-81"),
        )
    ),
    Way(
        "a policy rule for a mark that a rule sets",
        WORLD,
        "no_route",
        "Namespace web refuses to send to 198.51.100.1: the policy rule 10: from all fwmark 0x5/0xff unreachable.",
        "iptables -t mangle -A OUTPUT -p tcp --dport 80 -j MARK --set-mark 0x105;"
        " ip rule add prio 10 fwmark 0x5/0xff unreachable",
        "iptables -t mangle -F OUTPUT; ip rule del prio 10",
        inside="web",
    ),
    *(
        Way(
            f"a policy rule for packets that are forwarded {rule}",
            WORLD,
            "no_route",
            f"The host refuses to send to 198.51.100.1: the policy rule 10: {told}.",
            f"iptables -t mangle -A PREROUTING -i br-shop -j MARK --set-mark 5; ip rule add prio 10 {rule}",
            "iptables -t mangle -D PREROUTING -i br-shop -j MARK --set-mark 5; ip rule del prio 10",
        )
        for rule, told in (
            ("iif br-shop blackhole", "from all iif br-shop blackhole"),
            ("fwmark 5 unreachable", "from all fwmark 0x5 unreachable"),
            ("fwmark 5 blackhole", "from all fwmark 0x5 blackhole"),
            ("from 172.18.0.2 prohibit", "from 172.18.0.2/32 prohibit"),
        )
    ),
    *(
        Way(
            f"a router that does not answer, of another table {rule}",
            WORLD,
            "lost",
            "It leaves the host by eth0 for 192.0.2.250, but nobody answers there to ARP.",
            "ip route add default via 192.0.2.250 table 100; iptables -t mangle -A PREROUTING -i br-shop -j MARK"
            f" --set-mark 5; ip rule add prio 10 {rule} lookup 100",
            "ip route flush table 100; iptables -t mangle -D PREROUTING -i br-shop -j MARK --set-mark 5;"
            " ip rule del prio 10",
        )
        for rule in ("from 172.18.0.2", "iif br-shop", "fwmark 5")
    ),
    Way(
        "no way back, for the address that answers",
        NEIGHBOUR,
        "no_route",
        ", since no answer could leave: Namespace web refuses to send to 172.18.0.10: the policy rule 7: from"
        " 172.18.0.2/32 prohibit.",
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=0; ip rule add prio 7 from 172.18.0.2 prohibit",
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=2; ip rule del prio 7",
        inside="web",
    ),
    *(
        Way(
            f"a rule inside that claims to be ours {name}",
            NEIGHBOUR,
            "dropped",
            "(by nobody known).",
            command,
            undo,
            inside="web",
            tool="unknown",
        )
        for name, command, undo in (
            (
                "by its comment",
                "iptables -I INPUT -p tcp --dport 80 -m comment --comment linuxnet-dnat-br-shop -j DROP",
                "iptables -F INPUT",
            ),
            (
                "by its table",
                f"nft 'table inet linuxnet {{ chain to-br-shop {{ {IMITATED} }}; }}'",
                "nft delete table inet linuxnet",
            ),
            (
                "by its chain",
                "iptables -N LINUXNET-USER; iptables -A LINUXNET-USER -j DROP; iptables -A INPUT -j LINUXNET-USER",
                "iptables -F INPUT; iptables -F LINUXNET-USER; iptables -X LINUXNET-USER",
            ),
        )
    ),
    Way(
        "nobody listens on a UDP port",
        {**NEIGHBOUR, "protocol": "udp", "port": 53},
        "no_listener",
        "It arrives, but nobody listens on UDP port 53 of namespace web.",
        "true",
        "true",
    ),
]


@pytest.fixture(scope="module")
def place() -> Iterator[Town]:
    with Lab() as lab:
        found = town.build(lab)
        apply(found.host, **SHOP)
        web = found.host.inside("web")
        with web.server(80), web.server(82, address="127.0.0.1"), found.outside.server(80):
            yield found


def ask(place: Town, question: dict[str, Any], check: bool = False) -> dict[str, Any]:
    result = place.host.module("path_info", {"timeout": 1, **question}, check=check)
    assert result["changed"] is False
    assert "linuxnet-path" not in place.host.sh("nft list tables; ip -all netns exec nft list tables")
    return result


def ask_watched(place: Town, question: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """The same, and nothing is left behind that a dump shows."""
    settle(place.host, *sorted(place.host.sh("ls /run/netns").split()))
    before = place.host.dump()
    result = ask(place, question, check)
    left = [line for line in before.changes_to(place.host.dump()) if "neigh" not in line]
    assert left == [], "nothing is left behind"
    return result


@pytest.mark.parametrize(
    ("question", "last"),
    [
        (NEIGHBOUR, "python listens on TCP port 80 of namespace web and answers."),
        (PUBLISHED, "python listens on TCP port 80 of namespace web and answers."),
        (WORLD, "198.51.100.1 answers."),
        (PING, "198.51.100.1 answers."),
    ],
)
def test_what_works_is_told(place: Town, question: dict[str, Any], last: str) -> None:
    result = ask_watched(place, question)
    assert (result["verdict"], result["observed"]) == ("answered", True), result["sentences"]
    assert result["sentences"][-1] == last, result["sentences"]


@pytest.mark.parametrize("way", [pytest.param(way, id=way.name) for way in WAYS])
def test_what_is_broken_is_named(place: Town, way: Way) -> None:
    where = place.host.inside(way.inside) if way.inside else place.host
    where.sh(way.command)
    try:
        result = ask(place, way.ask)
    finally:
        where.sh(way.undo)
    assert way.says in result["sentences"][-1], result["sentences"]
    assert result["verdict"] == way.verdict
    by = result["hops"][-1]["by"]
    assert (by and by["tool"]) == way.tool


#: Listeners that do not take what comes to 172.18.0.2 by eth0: for IPv6 alone, and for the interface lo alone.
PARTIAL = """
import socket, time
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("::", 83))
    two = socket.socket(socket.AF_INET, kind)
    two.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    two.bind(("", 84))
    if kind == socket.SOCK_STREAM:
        one.listen()
        two.listen()
        kept = one, two
print("ready", flush=True)
time.sleep(100)
"""


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_listener_for_others_alone(place: Town, protocol: str) -> None:
    listeners = place.host.inside("web").popen([sys.executable, "-c", PARTIAL], stdout=subprocess.PIPE)
    with listeners:
        assert listeners.stdout and listeners.stdout.readline() == "ready\n"
        found = [ask(place, {**NEIGHBOUR, "protocol": protocol, "port": port}) for port in (83, 84)]
        listeners.kill()
    assert [one["verdict"] for one in found] == ["no_listener"] * 2
    on = [f"{protocol.upper()} port {port}" for port in (83, 84)]
    assert [one["sentences"][-1] for one in found] == [
        f"It arrives, but on {on[0]} of namespace web, python listens on :: for IPv6 alone, not on 172.18.0.2.",
        f"It arrives, but namespace web refuses it, although python listens on {on[1]}, maybe for another interface.",
    ]


def test_a_translation_of_the_port_it_comes_from(place: Town) -> None:
    rule = "POSTROUTING -o eth0 -j MASQUERADE --random-fully"
    place.host.sh(f"iptables -t nat -I {rule}")
    try:
        result = ask(place, WORLD)
    finally:
        place.host.sh(f"iptables -t nat -D {rule}")
    assert result["verdict"] == "answered", result["sentences"]


def test_a_namespace_with_two_names(place: Town) -> None:
    place.host.sh("touch /run/netns/again; mount --bind /run/netns/web /run/netns/again")
    try:
        result = ask(place, NEIGHBOUR)
    finally:
        place.host.sh("umount /run/netns/again; rm /run/netns/again")
    assert result["verdict"] == "answered", result["sentences"]


@pytest.mark.parametrize(("port", "verdict"), [(80, "answered"), (81, "no_listener")])
def test_somebody_else_has_the_address_too(place: Town, port: int, verdict: str) -> None:
    place.host.sh(
        "ip netns add another; ip link add name another type veth peer name eth0 netns another;"
        " ip link set another master br-shop up; ip netns exec another sysctl -qw net.ipv4.conf.all.arp_ignore=8;"
        " ip -n another address add 172.18.0.2/16 dev eth0; ip -n another link set eth0 up"
    )
    try:
        result = ask(place, {**NEIGHBOUR, "port": port})
    finally:
        place.host.sh("ip netns delete another; while ip link show another >/dev/null 2>&1; do sleep 0.05; done")
    assert result["verdict"] == verdict, result["sentences"]
    assert "Namespace db passes it on by eth0 to namespace web." in result["sentences"]


def test_two_at_once(place: Town) -> None:
    other = {**WORLD, "port": 9, "timeout": 30}
    place.host.write("/tmp/question.json", json.dumps(modules.arguments(other, False, False)))
    place.outside.sh("iptables -I INPUT -p tcp --dport 9 -j DROP")
    command = ["env", f"PYTHONPATH={COLLECTIONS}", sys.executable, "-m", modules.file_of("path_info")]
    with place.host.spawn([*command, "/tmp/question.json"]):
        end = time.monotonic() + 20
        while "linuxnet-path" not in place.host.sh("ip netns exec web nft list tables"):
            assert time.monotonic() < end
            time.sleep(0.05)
        result = place.host.module("path_info", NEIGHBOUR)
    place.outside.sh("iptables -D INPUT -p tcp --dport 9 -j DROP")
    assert result["verdict"] == "answered", result["sentences"]


#: Has every packet traced, so that no reader keeps up.
FLOOD = """
import contextlib, socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    with contextlib.suppress(OSError):
        sender.sendto(b"x", ("127.0.0.1", 9))
"""


def test_a_namespace_that_has_everything_traced(place: Town) -> None:
    web = place.host.inside("web")
    web.sh(
        "nft 'add table inet theirs; add chain inet theirs out { type filter hook output priority -300; };"
        " add rule inet theirs out meta nftrace set 1'"
    )
    try:
        with place.host.spawn([sys.executable, "-c", FLOOD], netns="web"):
            begun = time.monotonic()
            result = ask(place, {**NEIGHBOUR, "port": 81})
            assert time.monotonic() - begun < 20
    finally:
        web.sh("nft delete table inet theirs")
    assert result["sentences"][-1] == "It arrives, but nobody listens on TCP port 81 of namespace web."


def test_check_mode_sends_nothing(place: Town) -> None:
    with place.host.sniffer("br-shop") as sniffer:
        result = ask_watched(place, PUBLISHED, check=True)
        assert sniffer.wait(0.3, protocol=TCP) == []
    assert (result["verdict"], result["observed"]) == ("foreseen", False)
    assert result["sentences"] == [
        "The host sends TCP to 192.0.2.1 port 8080, an address of its own.",
        "On the host, a translation sends it to 172.18.0.2 port 80 instead.",
        "The host passes it on by br-shop to namespace web.",
        f"By routes and listeners it arrives: python listens on TCP port 80 of namespace web. {UNTRIED}",
    ]


def test_check_mode_sees_what_routes_show(place: Town) -> None:
    result = ask(place, {**NEIGHBOUR, "port": 81}, check=True)
    assert result["verdict"] == "no_listener"
    place.host.sysctl("net/ipv4/ip_forward", 0)
    try:
        result = ask(place, WORLD, check=True)
    finally:
        place.host.sysctl("net/ipv4/ip_forward", 1)
    assert result["sentences"][-1] == "The host does not forward it: net.ipv4.ip_forward is 0."


def test_nothing_is_left_by_one_that_is_killed(place: Town) -> None:
    host = place.host
    host.write("/tmp/question.json", json.dumps(modules.arguments({**WORLD, "port": 9, "timeout": 30}, False, False)))
    command = [sys.executable, "-m", modules.file_of("path_info"), "/tmp/question.json"]
    place.outside.sh("iptables -I INPUT -p tcp --dport 9 -j DROP")
    settle(host, "web", "db")
    before = host.dump()
    with host.spawn(["env", f"PYTHONPATH={COLLECTIONS}", *command]):
        end = time.monotonic() + 20
        while "linuxnet-path" not in host.sh("nft list tables; ip netns exec web nft list tables"):
            assert time.monotonic() < end
            time.sleep(0.05)
    assert [line for line in before.changes_to(host.dump()) if "neigh" not in line] == []
    assert "linuxnet-path" not in host.sh("nft list tables; ip netns exec web nft list tables")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"destination": "here", "port": 80}, "destination: 'here' is not allowed: an IPv4 or IPv6 address"),
        ({"destination": "192.0.2.9"}, "port is required: the one that TCP goes to, from 1 to 65535"),
        ({"destination": "192.0.2.9", "port": 0}, "port: 0 is not allowed: a port from 1 to 65535"),
        ({"destination": "192.0.2.9", "protocol": "icmp", "port": 7}, "port: 7 is not allowed: no port with"),
        (
            {"destination": "192.0.2.9", "port": 80, "timeout": 0},
            "timeout: 0.0 is not allowed: more than 0 and up to 60",
        ),
        (
            {"destination": "192.0.2.9", "port": 80, "source": {"namespace": "gone"}},
            "source.namespace: namespace gone does not exist",
        ),
        (
            {"destination": "192.0.2.9", "port": 80, "source": {"namespace": "web", "host": True}},
            "is not allowed: one of namespace, host, and address",
        ),
        (
            {"destination": "192.0.2.1", "port": 80, "source": {"interface": "eth0"}},
            "source: {'interface': 'eth0'} is not allowed: address and interface together",
        ),
        ({"destination": "::ffff:192.0.2.1", "port": 80}, "is not allowed: 192.0.2.1, as an IPv4 address"),
        ({"destination": "fe80::1", "port": 80}, "no link-local address unless source.interface is given"),
        (
            {"destination": "2001:db8::1", "port": 80, "source": {"address": "::1", "interface": "eth0"}},
            "source.address: '::1' is not allowed: an address that a packet from outside can have",
        ),
    ],
)
def test_bad_input(place: Town, options: dict[str, Any], says: str) -> None:
    assert says in place.host.module("path_info", options, fails=True)["msg"]


#: Networks whose rules keep somebody from something.
SAFE = {"name": "br-safe", "internal": True, "ipam_config": [{"subnet": "172.19.0.0/16"}]}
APART = {"name": "br-apart", "icc": False, "ipam_config": [{"subnet": "172.20.0.0/16"}]}
FOR_SOME = {"port": "9000:80", "allowed_sources": ["203.0.113.0/24", "2001:db8:1::/48"]}
HELD = {"name": "br-held", "ipam_config": [{"subnet": "172.21.0.0/16"}, {"subnet": "fd00:21::/64"}]}
NETWORKS: list[dict[str, Any]] = [
    SHOP,
    {**SAFE, "endpoints": [{"namespace": "vault"}]},
    {**APART, "endpoints": [{"namespace": "one"}, {"namespace": "two"}]},
    {**HELD, "endpoints": [{"namespace": "held", "egress": ["192.0.2.9"], "published_ports": [FOR_SOME]}]},
]
#: Who asks for which address, the owner of the rule, and what the sentence says.
KEPT = [
    ("web", "172.20.0.2", "br-apart", "since from outside of the network, only its published ports can be reached"),
    ("held", town.WORLD[0], "br-held", "since the endpoint may only send to the destinations of its egress list"),
    ("one", "172.20.0.3", None, "are isolated from each other, as icc: false of br-apart has it."),
    ("vault", town.WORLD[0], None, "and no default route, since its network br-safe is internal."),
    ("web", "172.19.0.2", "br-safe", " drops it, since "),
]


@pytest.mark.parametrize("backend", ["nft", pytest.param("legacy", marks=LEGACY), NATIVE])
@pytest.mark.long
def test_rules_of_ours_are_told_with_what_they_are_for(lab: Lab, backend: str) -> None:
    place = town.build(lab)
    host = place.host
    use_backend(host, backend)
    for network in NETWORKS:
        apply(host, **network)
    for sender, destination, owner, says in KEPT:
        result = ask(place, {"source": {"namespace": sender}, "destination": destination, "port": 80})
        by = result["hops"][-1]["by"]
        assert says in result["sentences"][-1], result["sentences"]
        assert (by and by["owner"], by and by["tool"]) == (owner, owner and "netplumb.linuxnet")
    for address, destination in (("198.51.100.7", town.HOST[0]), ("2001:db8:ff::7", town.HOST[1])):
        result = ask(place, _from(address, destination, 9000))
        assert "since a published port is only open to its allowed_sources" in result["sentences"][-1], result
        assert result["hops"][-1]["by"]["owner"] == "br-held"
    with host.inside("held").server(80):
        for address, destination in (("203.0.113.7", town.HOST[0]), ("2001:db8:1::7", town.HOST[1])):
            last = ask(place, _from(address, destination, 9000))["sentences"][-1]
            assert last.startswith("By routes and listeners it arrives: python listens on TCP port 80")
    with host.inside("web").server(80):
        result = ask(place, {**PUBLISHED, "source": {"namespace": "db"}})
        assert result["verdict"] == "answered"
        (sent, *_rest) = [hop for hop in result["hops"] if hop["what"] == "translation"]
        assert "sends it to 172.18.0.2 port 80 instead." in sent["sentence"]
        if backend != "legacy":
            assert sent["by"]["owner"] == "br-shop"
        if backend != NATIVE:
            host.sh("iptables -I FORWARD -d 198.51.100.1 -j DROP")
            result = ask(place, WORLD)
            assert "filter drops it: -A FORWARD -d 198.51.100.1/32 -j DROP (by" in result["sentences"][-1]


def _from(address: str, destination: str, port: int) -> dict[str, Any]:
    return {"source": {"address": address, "interface": "eth0"}, "destination": destination, "port": port}


def test_neither_nft_nor_iptables_is_needed(host: Host, lab: Lab) -> None:
    host.sh("ip link add br0 type bridge; ip addr add 10.1.0.1/24 dev br0; ip link set br0 up")
    host.sh("ip netns add web; ip link add v type veth peer name eth0 netns web; ip link set v master br0 up")
    host.sh("ip -n web addr add 10.1.0.2/24 dev eth0; ip -n web link set eth0 up; ip -n web link set lo up")
    host.inside("web").sh("nft 'add table ip a; add chain ip a in { type filter hook input priority 0; policy drop; }'")
    without_nft(host)
    without_iptables(host)
    result = host.module("path_info", {"destination": "10.1.0.2", "port": 80})
    assert result["sentences"][-1] == (
        "On namespace web, the policy of chain in in table ip a drops it: policy drop (by nobody known)."
    )


OUTSIDE = {"source": {"address": "198.51.100.7", "interface": "eth0"}}
ARRIVES = (
    "By routes and listeners it arrives: python listens on TCP port 80 of namespace web. What rules do was tried on a"
    " copy of the host, without those inside of namespaces."
)
#: What breaks it for those outside, how that is undone, what is asked, the verdict and the end of the story.
FROM_OUTSIDE = [
    ("true", "true", {**PUBLISHED}, "foreseen", ARRIVES),
    (
        "iptables -t nat -F LINUXNET-DNAT",
        "",
        {**PUBLISHED},
        "no_listener",
        "It arrives, but nobody listens on TCP port 8080 of the host.",
    ),
    (
        "iptables -I INPUT -p tcp --dport 22 -j DROP",
        "iptables -D INPUT -p tcp --dport 22 -j DROP",
        {**PUBLISHED, "port": 22},
        "dropped",
        "-A INPUT -p tcp -m tcp --dport 22 -j DROP (by nobody known).",
    ),
    (
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=1; ip route add 198.51.100.7 dev br-shop",
        "sysctl -qw net.ipv4.conf.eth0.rp_filter=0; ip route del 198.51.100.7 dev br-shop",
        {**PUBLISHED},
        "dropped",
        "to which its own route leads by br-shop: net.ipv4.conf.eth0.rp_filter is 1.",
    ),
    ("true", "true", {"destination": "172.18.0.2", "port": 80}, "dropped", "(by this collection for br-shop)."),
]


@pytest.mark.parametrize(("command", "undo", "asked", "verdict", "says"), FROM_OUTSIDE)
def test_a_packet_from_outside(
    place: Town, command: str, undo: str, asked: dict[str, Any], verdict: str, says: str
) -> None:
    place.host.sh(command)
    try:
        result = ask_watched(place, {**OUTSIDE, **asked}, check=True)
        assert ask(place, {**OUTSIDE, **asked}) == result, "check mode is exact"
    finally:
        if undo:
            place.host.sh(undo)
        else:
            apply(place.host, **SHOP)
    assert (result["verdict"], result["observed"]) == (verdict, False), result["sentences"]
    assert result["sentences"][-1].endswith(says), result["sentences"]


def test_a_table_that_belongs_to_a_process(place: Town) -> None:
    host = place.host
    drop = "table inet owned { flags owner; chain in { type filter hook input priority 0; tcp dport 22 drop; }; }"
    with host.popen(["nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as owner:
        assert owner.stdin
        owner.stdin.write(f"{drop}\n")
        owner.stdin.flush()
        end = time.monotonic() + 20
        while "inet owned" not in host.sh("nft list tables"):
            assert time.monotonic() < end
            time.sleep(0.05)
        result = ask(place, _from("198.51.100.7", town.HOST[0], 22))
    assert "of table inet owned drops it: tcp dport 22 drop" in result["sentences"][-1], result["sentences"]


def test_rules_about_frames_of_a_card_are_not_tried(place: Town) -> None:
    hook = "type filter hook ingress device eth0 priority 0;"
    place.host.sh(f"nft 'add table netdev guard; add chain netdev guard in {{ {hook} }}'")
    try:
        result = ask(place, _from("198.51.100.7", town.HOST[0], 22))
    finally:
        place.host.sh("nft delete table netdev guard")
    assert result["verdict"] == "unknown", result["sentences"]
    assert "This was tried without table netdev guard of nftables (it judges frames)" in result["sentences"][-1]


@pytest.mark.usefixtures("wan")
def test_a_route_that_cannot_be_copied_is_told(host: Host) -> None:
    host.sh("ip link add br0 type bridge; ip addr add 10.1.0.1/24 dev br0; ip link set br0 up")
    host.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.nexthop_compat_mode=0")
    host.sh("ip nexthop add id 5 via 10.1.0.2 dev br0; ip route add 10.77.0.0/16 nhid 5")
    for _default in ("there", "gone"):
        result = host.module("path_info", _from("192.0.2.9", "10.77.0.5", 22))
        assert result["verdict"] == "unknown", result["sentences"]
        assert "This was tried without the route to 10.77.0.0/16 (" in result["sentences"][-1], result["sentences"]
        host.sh("ip route flush exact 0.0.0.0/0")


@pytest.mark.usefixtures("wan")
def test_ports_of_bridges_are_not_missed_in_the_copy(host: Host) -> None:
    host.sh("ip link add br0 type bridge; ip link add name port type veth peer name end; ip link set end up")
    host.sh("ip link set port master br0 up; until ip -6 route | grep -q 'fe80::/64 dev port'; do sleep 0.05; done")
    result = host.module("path_info", {**_from("198.51.100.7", town.HOST[0], 22), "protocol": "icmp", "port": None})
    assert result["verdict"] == "foreseen", result["sentences"]


def test_a_router_that_rejects(place: Town) -> None:
    place.outside.sh("iptables -I INPUT -p tcp --dport 25 -j REJECT --reject-with icmp-admin-prohibited")
    result = ask(place, {**WORLD, "port": 25})
    assert (result["verdict"], result["sentences"][-1]) == ("rejected", "198.51.100.1 rejects it: No route to host.")


def test_a_router_that_does_not_answer_is_named_again(place: Town) -> None:
    # Once ARP has failed, the host says by ICMP that it cannot deliver the packet.
    place.host.sh("ip route replace default via 192.0.2.251")
    try:
        results = [ask(place, {**WORLD, "timeout": 5}) for _time in range(2)]
    finally:
        place.host.sh("ip route replace default via 192.0.2.254")
    for result in results:
        assert result["sentences"][-1] == (
            "It leaves the host by eth0 for 192.0.2.251, but nobody answers there to ARP."
        ), result["sentences"]


def _with_descriptors(options: dict[str, Any], limit: int, held: int) -> dict[str, Any]:
    """What the module returns where it may have so many descriptors, and has some already."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    for _number in range(held):
        os.dup(null)
    return modules.run_main("path_info", options, False, False)


def test_more_descriptors_than_select_takes(place: Town) -> None:
    result = place.host.call(_with_descriptors, NEIGHBOUR, 4096, 1100)
    assert result["verdict"] == "answered", result


@pytest.mark.parametrize("limit", [8, 12, 14, 16])
def test_too_few_descriptors(place: Town, limit: int) -> None:
    result = place.host.call(_with_descriptors, NEIGHBOUR, limit, 0)
    assert re.fullmatch(r"cannot [a-z ]+( at /proc/\S+)?: Too many open files \(EMFILE\)", result["msg"]), result


def _on_an_old_kernel(options: dict[str, Any]) -> dict[str, Any]:
    """What the module returns where tables have no owners."""

    def refuse() -> None:
        raise Unable("the kernel is too old: it takes Linux 5.12")

    with unittest.mock.patch.object(follow, "Tracer", refuse):
        return modules.run_main("path_info", options, False, False)


def test_a_kernel_that_cannot_trace(lab: Lab) -> None:
    place = town.build(lab)
    host = place.host
    apply(host, **SHOP)
    with host.inside("web").server(80):
        result = host.call(_on_an_old_kernel, NEIGHBOUR)
        assert (result["verdict"], result["observed"]) == ("answered", False)
    result = host.call(_on_an_old_kernel, {**NEIGHBOUR, "port": 81, "timeout": 1})
    assert result["sentences"][-1] == "It arrives, but nobody listens on TCP port 81 of namespace web."
    host.inside("web").sh("iptables -I INPUT -p tcp --dport 80 -j DROP")
    with host.inside("web").server(80):
        result = host.call(_on_an_old_kernel, {**NEIGHBOUR, "timeout": 1})
    assert result["sentences"][-1] == (
        "No answer comes back within 1 seconds. It could not be followed (the kernel is too old: it takes Linux 5.12)."
    )


@LEGACY
def test_a_kernel_that_cannot_trace_with_iptables_legacy(lab: Lab) -> None:
    place = town.build(lab)
    use_backend(place.host, "legacy")
    apply(place.host, **SHOP)
    place.host.sh("iptables -I FORWARD -d 198.51.100.1 -j DROP")
    result = place.host.call(_on_an_old_kernel, {**WORLD, "timeout": 1})
    assert "-A FORWARD -d 198.51.100.1/32 -j DROP (by nobody known)." in result["sentences"][-1]


@pytest.mark.usefixtures("wan")
def test_many_rules_are_copied(host: Host) -> None:
    for part in range(8):
        rules = "".join(f"-A INPUT -s 10.0.{part}.{number}/32 -j ACCEPT\n" for number in range(250))
        host.run(["iptables-restore", "--noflush"], stdin=f"*filter\n{rules}COMMIT\n")
    host.sh("iptables -A INPUT -p tcp --dport 22 -j DROP")
    result = host.module("path_info", _from("198.51.100.7", town.HOST[0], 22))
    assert "-A INPUT -p tcp -m tcp --dport 22 -j DROP (by nobody known)." in result["sentences"][-1]


#: A service that takes its time.
SLOW = """
import socket, time
service = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
service.bind(("198.51.100.1", 53))
print("ready", flush=True)
_data, peer = service.recvfrom(10)
time.sleep(0.5)
service.sendto(b"late", peer)
"""


def test_others_may_drop_traced_packets_meanwhile(place: Town) -> None:
    host = place.host
    host.sh(
        "nft 'add table inet theirs; add chain inet theirs out { type filter hook output priority -350; };"
        " add rule inet theirs out icmp type echo-request meta nftrace set 1 drop'"
    )
    slow = place.outside.popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE)
    with slow:
        assert slow.stdout and slow.stdout.readline() == "ready\n"
        try:
            with host.spawn(["ping", "-q", "-i", "0.01", "172.18.0.2"]):
                result = ask(place, {**WORLD, "protocol": "udp", "port": 53, "timeout": 2})
        finally:
            host.sh("nft delete table inet theirs")
            slow.kill()
    assert result["verdict"] == "answered", result["sentences"]


def test_others_may_trace_meanwhile(place: Town) -> None:
    host = place.host
    host.sh(
        "nft 'add table inet theirs; add chain inet theirs in { type filter hook prerouting priority -350; };"
        " add rule inet theirs in meta nftrace set 1; add rule inet theirs in tcp dport 23 drop'"
    )
    try:
        with host.spawn(["ping", "-q", "-i", "0.01", "172.18.0.2"]):
            result = ask(place, PUBLISHED)
    finally:
        host.sh("nft delete table inet theirs")
    assert result["sentences"][-1] == "python listens on TCP port 80 of namespace web and answers."
