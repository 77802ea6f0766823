# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A jump into a chain that no packet comes back from ends a chain like a verdict, so ours comes before it."""

from __future__ import annotations

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import ranks, tables
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.placement import END


def _ends(*rules: str) -> bool:
    """Whether a jump to the chain `all` ends FORWARD, where `-A` and the chain come before each of these rules."""
    names = ("all", "zone", "noted")
    saved = [*(f":{name} - [0:0]" for name in names), *(f"-A {rule}" for rule in rules)]
    table = tables.parse("filter", "\n".join(saved))
    return ranks.rank_of(table, "FORWARD")("-j all") == END


@pytest.mark.parametrize(
    "rules",
    [
        ["all -j REJECT --reject-with icmp-host-prohibited"],
        ["all -m comment --comment x -j DROP"],
        ["all -i eth0 -j ACCEPT", "all -j noted", "all -j zone", "noted -j LOG", "zone -j ACCEPT"],
        ["all -g zone", "zone -j DROP"],
        ["all -i eth0 -g zone", "all -j DROP", "zone -j DROP"],
    ],
)
def test_a_chain_that_decides_about_every_packet(rules: list[str]) -> None:
    assert _ends(*rules)


@pytest.mark.parametrize(
    "rules",
    [
        [],
        ["all -i eth0 -j DROP"],
        ["all -s 192.0.2.7/32 -j RETURN", "all -j DROP"],
        ["all -j RETURN", "all -j DROP"],
        ["all -j zone", "zone -i eth0 -j RETURN", "zone -j DROP"],
        ["all -i eth0 -j zone", "zone -j DROP"],
        ["all -i eth0 -g zone", "all -j DROP", "zone -j LOG"],
        ["all -j LOG"],
    ],
)
def test_a_chain_that_some_packet_comes_back_from(rules: list[str]) -> None:
    assert not _ends(*rules)
