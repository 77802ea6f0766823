# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of hosts on which no attack may succeed: backend of iptables, bridge-nf, FORWARD's policy, rp_filter."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest

from tests.integration.rule_hosts import LEGACY, NATIVE
from tests.lab.host import Host


class Combination(NamedTuple):
    """In an order in which the role has to run again as seldom as possible."""

    backend: str
    bridge_nf: int
    policy: str
    rp_filter: int

    def __str__(self) -> str:
        return f"{self.backend}-bridge-nf {self.bridge_nf}-{self.policy}-rp_filter {self.rp_filter}"

    def param(self) -> object:
        """As a parameter, with what the machine needs for it."""
        marks = [LEGACY] * (self.backend == "legacy") + [pytest.mark.needs("bridge-nf")] * self.bridge_nf
        return pytest.param(self, marks=marks, id=str(self))


EVERY = [
    Combination(*one) for one in itertools.product(("nft", "legacy", NATIVE), (0, 1), ("ACCEPT", "DROP"), (0, 1, 2))
]
#: So few that each value of one thing meets each value of every other one.
PAIRWISE = [
    Combination("nft", 0, "ACCEPT", 0),
    Combination("nft", 0, "DROP", 2),
    Combination("nft", 1, "ACCEPT", 1),
    Combination("legacy", 0, "DROP", 1),
    Combination("legacy", 1, "ACCEPT", 2),
    Combination("legacy", 1, "DROP", 0),
    Combination(NATIVE, 0, "ACCEPT", 0),
    Combination(NATIVE, 0, "DROP", 2),
    Combination(NATIVE, 1, "DROP", 1),
]
#: For what is decided after all that rp_filter does, a part of them is enough.
SOME = [PAIRWISE[number] for number in (0, 2, 3, 7, 8)]


def prepare(host: Host, bridge_nf: int, policy: str, rp_filter: int) -> None:
    """Set up the host like that, except for its backend."""
    for kind in ("iptables", "ip6tables"):
        host.sysctl(f"net/bridge/bridge-nf-call-{kind}", bridge_nf)
    for name in ("all", "default", "eth0"):
        host.sysctl(f"net/ipv4/conf/{name}/rp_filter", rp_filter)
    host.sh(f"iptables -P FORWARD {policy}; ip6tables -P FORWARD {policy}")
