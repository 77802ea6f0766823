# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for the tests of rules: with either backend of iptables, and with a network of two endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.host import Host

Options = dict[str, Any]

LEGACY = pytest.mark.needs("iptables-legacy")
BACKENDS = ["nft", pytest.param("legacy", marks=LEGACY)]
NETWORK: Options = {"bridge": "br0", "owner": "shop", "subnets": ["172.18.0.0/16", "fd00:18::/64"]}
SOURCES: Options = {
    "owner": "shop",
    "out_interface": "!br0",
    "aggregate": [{"source": "172.18.0.0/16"}, {"source": "fd00:18::/64"}],
}


#: nftables alone, in place of a backend of iptables.
NATIVE = "native"
#: The same on a host whose iptables uses tables of its own.
NATIVE_BESIDE_LEGACY = "native beside legacy"


def use_backend(host: Host, backend: str) -> None:
    """Make the host's iptables that of one backend, or have networks use nftables alone."""
    known = {NATIVE: "nft", NATIVE_BESIDE_LEGACY: "legacy"}
    host.firewall = "nftables" if backend in known else "auto"
    host.use_iptables(known.get(backend, backend))


def without_iptables(host: Host) -> None:
    """Take the programs of iptables away from the host, and leave it all others that are in their directory."""
    host.sh(
        "place=$(dirname $(readlink -f $(command -v iptables)));"
        " mkdir /tmp/real /tmp/some; mount --bind $place /tmp/real;"
        " for x in /tmp/real/*; do case $x in */*tables*) ;; *) ln -s $x /tmp/some/;; esac; done;"
        " mount --bind /tmp/some $place"
    )


def without_nft(host: Host) -> None:
    """Take the program nft away from the host."""
    host.sh("mount --bind /dev/null $(readlink -f $(command -v nft))")


def add_network(host: Host, bridge: str = "br0", number: int = 18, endpoints: tuple[str, ...] = ("web", "db")) -> None:
    """Create a bridge 172.NUMBER.0.1 with endpoints from .2 on, with ip commands; IPv6 likewise in fd00:NUMBER::/64."""
    script = [
        f"ip link add {bridge} type bridge",
        f"echo 0 > /proc/sys/net/ipv6/conf/{bridge}/accept_dad",
        f"ip addr add 172.{number}.0.1/16 dev {bridge}",
        f"ip addr add fd00:{number}::1/64 dev {bridge} nodad",
        f"ip link set {bridge} up",
    ]
    for last, name in enumerate(endpoints, 2):
        script += [
            f"ip netns add {name}",
            f"ip link add v{name} master {bridge} type veth peer name eth0 netns {name}",
            f"bridge link set dev v{name} hairpin on",
            f"ip link set v{name} up",
            f"ip -n {name} link set lo up",
            f"ip -n {name} addr add 172.{number}.0.{last}/16 dev eth0",
            f"ip -n {name} addr add fd00:{number}::{last}/64 dev eth0 nodad",
            f"ip -n {name} link set eth0 up",
            f"ip -n {name} route add default via 172.{number}.0.1",
            f"ip -n {name} -6 route add default via fd00:{number}::1",
        ]
    host.sh("\n".join(script))


def forward_everything(host: Host) -> None:
    """Turn both forwarding switches on."""
    host.sysctl("net/ipv4/ip_forward", 1)
    host.sysctl("net/ipv6/conf/all/forwarding", 1)


def rules(host: Host, table: str, chain: str, program: str = "iptables") -> list[str]:
    """The rules of a chain as the host shows them; empty if the chain does not exist."""
    saved = host.run([f"{program}-save", "-t", table]).out.splitlines()
    return [line.removeprefix(f"-A {chain} ") for line in saved if line.startswith(f"-A {chain} ")]
