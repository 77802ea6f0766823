# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of other tools and people, which nothing of ours may touch. They all have the word foreign in them."""

from __future__ import annotations

_SAY = "-m comment --comment foreign"

FOREIGN = {
    "bridge": "ip link add foreign0 type bridge; ip address add 10.98.0.1/24 dev foreign0; ip link set foreign0 up",
    "pair": "ip link add foreign1 type veth peer foreign2; ip link set foreign1 up; ip link set foreign2 up",
    "namespace": "ip netns add foreign; ip -n foreign link set lo up; ip -n foreign link add foreign3 type bridge",
    "accept above": f"iptables -I FORWARD 1 -s 10.98.0.0/24 {_SAY} -j ACCEPT",
    "drop at the end": f"iptables -A FORWARD -s 10.97.0.0/24 {_SAY} -j DROP",
    "chain": f"iptables -t nat -N FOREIGN; iptables -t nat -I PREROUTING 1 {_SAY} -j FOREIGN; "
    f"iptables -t nat -A FOREIGN -p tcp --dport 444 {_SAY} -j DNAT --to-destination 10.98.0.2",
    "masquerading": f"iptables -t nat -A POSTROUTING -s 10.98.0.0/24 {_SAY} -j MASQUERADE",
    "IPv6 rule": f"ip6tables -A FORWARD -s fd98::/64 {_SAY} -j ACCEPT",
    "route": "ip route add blackhole 10.96.0.0/16",
}
