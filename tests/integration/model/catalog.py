# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of the model: three that share namespaces, and two that share nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """The constant part of a network. number: keeps addresses and ports of two networks apart."""

    number: int
    subnets: tuple[str, ...]
    namespaces: tuple[str, ...]

    @property
    def families(self) -> tuple[str, ...]:
        return tuple("ipv6" if ":" in subnet else "ipv4" for subnet in self.subnets)

    @property
    def gateways(self) -> dict[str, str]:
        """The first address of each subnet, by family."""
        first = {"ipv4": "172.{}.0.1", "ipv6": "fd00:{}::1"}
        return {family: first[family].format(self.number) for family in self.families}

    def given(self, namespace: str) -> str:
        """The IPv4 address that this namespace gets if one is given."""
        return f"172.{self.number}.0.{50 + self.namespaces.index(namespace)}"

    def port(self, place: int) -> int:
        """A port of the host that no other network publishes."""
        return 1000 * self.number % 50000 + place


FIREWALLS = ("iptables", "nftables")
#: A machine outside, by family.
OUTSIDE = {"ipv4": "192.0.2.9", "ipv6": "2001:db8::9"}
#: Who may use a port: lists with the machine outside, and without it.
SOURCES = {
    "ipv4": ("192.0.2.9", "192.0.2.0/25", "192.0.2.128/25"),
    "ipv6": ("2001:db8::9", "2001:db8::/64", "2001:db8:1::/64"),
}
SHARED = ("web", "db", "app", "log")
KINDS = {
    "br0": Kind(18, ("172.18.0.0/16", "fd00:18::/64"), SHARED),
    "br1": Kind(19, ("172.19.0.0/24",), SHARED),
    "br2": Kind(20, ("172.20.0.0/24", "fd00:20::/64"), SHARED),
    "own0": Kind(21, ("172.21.0.0/24",), ("one", "two")),
    "own1": Kind(22, ("fd00:22::/64",), ("six",)),
}
