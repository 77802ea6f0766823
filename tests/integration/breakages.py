# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be broken by hand in a working network, and what the next run of the role does about it.

test_breakages.py does each of these on the real kernel, and docs/drift.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

REPAIRED, WARNED, HARMLESS = "repaired", "warned", "harmless"


@dataclass(frozen=True)
class Breakage:
    """A shell command on the host or inside the namespace ``web``, whose host end is ``$END``.

    ``says`` are words of the warning, and ``undo`` reverts what no run repairs.
    """

    command: str
    verdict: str
    inside: bool = False
    says: str = ""
    undo: str = ""


def _inside(verdict: str, *commands: str) -> list[Breakage]:
    return [Breakage(command, verdict, inside=True) for command in commands]


def _host(verdict: str, *commands: str) -> list[Breakage]:
    return [Breakage(command, verdict) for command in commands]


_STRAY = "do not leave over it, because of a policy rule or another route"
_HOLDS = "which may hold packets back"

BREAKAGES: dict[str, list[Breakage]] = {
    "Routes of the kernel": [
        *_inside(
            REPAIRED,
            "ip route flush table main",
            "ip route del 172.18.0.0/16 dev eth0",
            "ip -6 route flush table main",
            "ip route flush table local",
            "ip -6 route flush table local",
            "ip nexthop add id 7 blackhole; ip route replace default nhid 7",
        ),
        *_host(
            REPAIRED,
            "ip route del 172.18.0.0/16 dev br-shop",
            "ip route flush dev br-shop",
            "ip -6 route flush dev br-shop",
            "ip route flush table local dev br-shop",
            "ip -6 route flush table local dev br-shop",
        ),
    ],
    "Foreign routes and policy rules": [
        Breakage("ip rule add prio 10 blackhole", WARNED, True, _STRAY, "ip rule del prio 10"),
        Breakage("ip -6 rule add prio 10 blackhole", WARNED, True, _STRAY, "ip -6 rule del prio 10"),
        Breakage("ip rule del prio 32766", WARNED, True, _STRAY, "ip rule add prio 32766 lookup main"),
        Breakage("ip route add blackhole 172.18.0.1", WARNED, True, _STRAY, "ip route del blackhole 172.18.0.1"),
        Breakage("ip rule del prio 32766", WARNED, False, _STRAY, "ip rule add prio 32766 lookup main"),
        Breakage(
            "ip rule add prio 10 to 172.18.0.0/16 lookup 77; ip route add unreachable default table 77",
            WARNED,
            False,
            _STRAY,
            "ip rule del prio 10; ip route flush table 77",
        ),
    ],
    "Addresses": [
        *_inside(
            REPAIRED,
            "ip addr flush dev eth0",
            "ip -6 addr flush dev eth0 scope link",
            "ip addr flush dev lo",
            "ip link set lo down",
        ),
        *_host(
            REPAIRED,
            "ip addr flush dev br-shop",
            "ip -6 addr flush dev br-shop scope link",
            "ip addr del 172.18.0.1/16 dev br-shop; ip addr add 172.18.0.1/16 dev br-shop",
        ),
    ],
    "Neighbours": [
        *_inside(
            REPAIRED,
            "ip neigh replace 172.18.0.1 lladdr 02:00:00:00:00:99 nud permanent dev eth0",
            "ip neigh replace fd00:18::1 lladdr 02:00:00:00:00:99 nud permanent dev eth0",
            "ip link set eth0 arp off",
            "ip neigh replace 172.18.0.1 nud failed dev eth0",
        ),
        *_host(
            REPAIRED,
            "ip link set br-shop arp off",
            "ip neigh del 172.18.0.2 dev br-shop",
            "ip neigh replace fd00:18::2 lladdr 02:00:00:00:00:99 nud permanent dev br-shop",
        ),
        Breakage("ip link set $END arp off", HARMLESS, undo="ip link set $END arp on"),
    ],
    "Links": [
        *_inside(REPAIRED, "ip link set eth0 down", "ip link set eth0 mtu 1280"),
        Breakage("ip link set eth0 promisc on", HARMLESS, True, undo="ip link set eth0 promisc off"),
        Breakage("ip link set eth0 multicast off", HARMLESS, True, undo="ip link set eth0 multicast on"),
        Breakage("ip link set eth0 txqueuelen 1", HARMLESS, True, undo="ip link set eth0 txqueuelen 1000"),
        *_host(
            REPAIRED,
            "ip link set br-shop down",
            "ip link set $END down",
            "ip link set $END nomaster",
            "ip link set br-shop mtu 1280",
        ),
        Breakage("ip link set br-shop promisc on", HARMLESS, undo="ip link set br-shop promisc off"),
        Breakage("ip link set eth0 gso_max_segs 1", HARMLESS, True, undo="ip link set eth0 gso_max_segs 65535"),
        Breakage("ip link set $END gso_max_size 2048", HARMLESS, undo="ip link set $END gso_max_size 65536"),
    ],
    "Ports of the bridge": [
        *_host(
            REPAIRED,
            "bridge link set dev $END state 0",
            "bridge link set dev $END state 1",
            "bridge link set dev $END isolated on",
            "bridge link set dev $END learning on",
            "bridge link set dev $END locked off",
            "bridge link set dev $END flood on",
            "bridge fdb add 02:00:00:00:00:99 dev $END master static",
            "ip link set br-shop address 02:00:00:00:00:77",
        ),
        Breakage("ip link set br-shop type bridge ageing_time 0", HARMLESS),
        Breakage("ip link set br-shop type bridge mcast_snooping 1", HARMLESS),
        Breakage("bridge mdb add dev br-shop port $END grp ff02::1:ff00:7 permanent", HARMLESS),
        Breakage(
            "ip link set br-shop type bridge mcast_querier 1;"
            " bridge mdb add dev br-shop port $END grp 239.1.1.1 permanent",
            HARMLESS,
        ),
        Breakage("ip nexthop add id 7 via 172.18.0.2 dev br-shop", HARMLESS, undo="ip nexthop flush"),
    ],
    "Queueing disciplines": [
        Breakage(
            "tc qdisc add dev eth0 root tbf rate 8bit burst 100 limit 100",
            WARNED,
            True,
            f"queueing discipline tbf, {_HOLDS}",
            "tc qdisc del dev eth0 root",
        ),
        Breakage(
            "tc qdisc add dev $END clsact",
            WARNED,
            False,
            "queueing discipline clsact, whose filters may drop packets",
            "tc qdisc del dev $END clsact",
        ),
        Breakage("tc qdisc add dev eth0 root pfifo limit 1", HARMLESS, True, undo="tc qdisc del dev eth0 root"),
    ],
    "Settings": [
        *_inside(
            REPAIRED,
            "sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
            "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8",
            "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1",
            "sysctl -qw net.ipv6.conf.all.disable_ipv6=1; sysctl -qw net.ipv6.conf.lo.disable_ipv6=0",
            "sysctl -qw net.ipv6.conf.eth0.accept_ra=1",
            "sysctl -qw net.ipv4.conf.all.accept_redirects=1",
            "sysctl -qw net.ipv6.conf.eth0.accept_redirects=1",
        ),
        Breakage(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=8",
            WARNED,
            True,
            "net.ipv4.conf.all.arp_ignore = 8",
            "sysctl -qw net.ipv4.conf.all.arp_ignore=0",
        ),
        Breakage(
            "sysctl -qw net.ipv4.ip_default_ttl=1",
            WARNED,
            True,
            "net.ipv4.ip_default_ttl = 1",
            "sysctl -qw net.ipv4.ip_default_ttl=64",
        ),
        Breakage(
            "sysctl -qw net.ipv4.conf.eth0.arp_filter=1 net.ipv4.conf.eth0.arp_announce=2",
            HARMLESS,
            True,
            undo="sysctl -qw net.ipv4.conf.eth0.arp_filter=0 net.ipv4.conf.eth0.arp_announce=0",
        ),
        *_host(
            REPAIRED,
            "sysctl -qw net.ipv4.ip_forward=0",
            "sysctl -qw net.ipv6.conf.all.forwarding=0",
            "sysctl -qw net.ipv4.conf.br-shop.forwarding=0",
            "sysctl -qw net.ipv6.conf.br-shop.disable_ipv6=1",
            "sysctl -qw net.ipv4.conf.br-shop.route_localnet=0",
            "sysctl -qw net.ipv4.conf.br-shop.accept_redirects=1",
        ),
        Breakage(
            "sysctl -qw net.ipv4.conf.eth0.forwarding=0",
            WARNED,
            False,
            "net.ipv4.conf.eth0.forwarding is 0",
            "sysctl -qw net.ipv4.conf.eth0.forwarding=1",
        ),
        Breakage(
            "sysctl -qw net.ipv6.conf.eth0.forwarding=0",
            HARMLESS,
            undo="sysctl -qw net.ipv6.conf.eth0.forwarding=1",
        ),
        Breakage(
            "sysctl -qw net.ipv6.conf.br-shop.forwarding=0",
            HARMLESS,
            undo="sysctl -qw net.ipv6.conf.br-shop.forwarding=1",
        ),
        Breakage("sysctl -qw net.ipv4.conf.all.rp_filter=1", HARMLESS, undo="sysctl -qw net.ipv4.conf.all.rp_filter=0"),
    ],
}
