# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage to a network by hand, by other tools or by accident. Each is a shell script that runs on the host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Damage:
    """script: may use {bridge}, {end} (the host end), {ns} and {inner} (the interface in it).

    reach: own: what only the network's next application repairs; shared: what that of any network in the namespace
    repairs; all: what that of every network repairs
    """

    script: str
    reach: str = "own"


_FLUSH = "; ".join(
    f"{program} -t {table} -F" for program in ("iptables", "ip6tables") for table in ("raw", "mangle", "nat", "filter")
)
#: Removes the rules in which this is.
_WITHOUT_RULES = (
    "for x in iptables ip6tables; do for t in mangle filter nat; do"
    ' $x -t $t -S | sed -n "/{}/s/^-A/$x -t $t -D/p" | sh; done; done 2>&1; '
)


def _flushed(*names: str) -> str:
    """Empties sets or maps of nftables that may be there."""
    each = " ".join(f"{name}{version}" for name in names for version in (4, 6))
    return f"for x in {each}; do nft flush set inet linuxnet $x || nft flush map inet linuxnet $x; done 2>&1 || :"


DAMAGES = {
    "forwarding off": Damage("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0", "all"),
    "everything flushed": Damage(_FLUSH, "all"),
    "filter flushed": Damage("iptables -F", "all"),
    "nat flushed": Damage("iptables -t nat -F", "all"),
    "IPv6 nat flushed and its chains gone": Damage("ip6tables -t nat -F; ip6tables -t nat -X", "all"),
    "bridge down": Damage("ip link set {bridge} down"),
    "bridge's addresses gone": Damage("ip address flush dev {bridge}"),
    "bridge's MTU": Damage("ip link set {bridge} mtu 1400"),
    "bridge gone": Damage("ip link delete {bridge}"),
    "bridge's alias": Damage("ip link set {bridge} alias 'my words'"),
    "bridge's setting": Damage("sysctl -qw net.ipv6.conf.{bridge}.accept_ra=2"),
    "end off the bridge": Damage("ip link set {end} nomaster"),
    "end down": Damage("ip link set {end} down"),
    "end gone": Damage("ip link delete {end}"),
    "end isolated": Damage("bridge link set dev {end} isolated on"),
    "end's MTU": Damage("ip link set {end} mtu 1400"),
    "end's alias": Damage("ip link set {end} alias ''"),
    "address inside gone": Damage("ip -n {ns} address flush dev {inner} scope global"),
    "another address inside": Damage("ip -n {ns} address add 10.99.0.1/24 dev {inner}"),
    "default route gone": Damage("ip -n {ns} route flush default; ip -n {ns} -6 route flush default"),
    "inside down": Damage("ip -n {ns} link set {inner} down"),
    "inside renamed": Damage("ip -n {ns} link set {inner} down; ip -n {ns} link set {inner} name other0"),
    "a name gone": Damage("sed -i '/BEGIN netplumb.linuxnet {bridge}$/,/END/{{/ {ns}$/d}}' /etc/netns/{ns}/hosts"),
    "sources gone": Damage(_WITHOUT_RULES.format("LINUXNET-ALLOW.* -s ") + _flushed("allowed", "let"), "all"),
    "destinations gone": Damage(
        _WITHOUT_RULES.format("ctorigdst .*ORIGINAL.*RETURN") + _flushed("reach", "reach_port", "hand", "hand_port"),
        "all",
    ),
    "native rules flushed": Damage("nft flush table inet linuxnet 2>&1 || :", "all"),
    "native rules gone": Damage("nft delete table inet linuxnet 2>&1 || :", "all"),
    "guards gone": Damage("nft delete table bridge linuxnet 2>&1 || :", "all"),
    "names gone": Damage("rm -r /etc/netns/{ns}", "shared"),
    "no limit of what an endpoint receives": Damage("tc qdisc del dev {end} root 2>&1 || :"),
    "no limit of what an endpoint sends": Damage("tc qdisc del dev {end} ingress 2>&1 || :"),
    "what limits an endpoint gone": Damage(
        "for x in $(tc filter show dev {end} ingress | sed -n 's/.*to device \\([^)]*\\)).*/\\1/p');"
        " do ip link delete $x; done"
    ),
    "lo down": Damage("ip -n {ns} link set lo down", "shared"),
    "namespace gone": Damage("ip netns delete {ns}", "shared"),
}
