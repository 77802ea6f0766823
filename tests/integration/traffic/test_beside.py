# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Next to the rules of other tools, ours work, theirs work, and neither are edited."""

from __future__ import annotations

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import BACKENDS, LEGACY, NATIVE, NATIVE_BESIDE_LEGACY
from tests.integration.traffic import wanted
from tests.integration.traffic.keeping import PROGRAMS, put_back
from tests.integration.traffic.layouts import LAYOUTS
from tests.integration.traffic.siege import BRIDGES, Siege, network
from tests.integration.traffic.volley import sound
from tests.lab import town

#: Those of other tools in nftables.
TABLES = ("inet firewalld", "ip docker-bridges", "ip6 docker-bridges")


def _rules_of_others(siege: Siege) -> str:
    rules = [siege.host.sh(f"nft --stateless list table {table} 2>/dev/null || true") for table in TABLES]
    for program in PROGRAMS:
        for line in siege.host.run([f"{program}-save"]).out.splitlines():
            if "linuxnet" not in line.lower() and not line.startswith("#"):
                rules.append(line.partition(" [")[0])  # of a policy, without its counters
    return "\n".join(rules)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("siege", [*BACKENDS, NATIVE, pytest.param(NATIVE_BESIDE_LEGACY, marks=LEGACY)], indirect=True)
@pytest.mark.parametrize("bridge_nf", [0, pytest.param(1, marks=pytest.mark.needs("bridge-nf"))])
@pytest.mark.long
def test_rules_of_others(siege: Siege, bridge_nf: int, layout: str) -> None:
    """They were there first: our jump has to find its place among them."""
    host = siege.host
    siege.configure(bridge_nf, "ACCEPT", 0)
    with put_back(siege):
        host.sh("iptables -F FORWARD; ip6tables -F FORWARD\n" + LAYOUTS[layout])
        theirs = _rules_of_others(siege)
        siege.apply()
        siege.unfiltered()
        assert _rules_of_others(siege) == theirs
        sound(siege)
        assert wanted.found(siege, wanted.all_paths(bridge_nf)) == {}
        with host.server(22), host.server(23):
            for address in town.HOST:
                assert siege.lan.ask(address, 22, timeout=5)
                assert siege.lan.ask(address, 23, timeout=0.3) is None
        for bridge in BRIDGES:
            changed = apply(host, check=True, **network(bridge)).changed
            assert [name for name in changed if name != "interface"] == []  # whose rp_filter these tests took away
    host.sh("\n".join(f"nft delete table {table} 2>/dev/null || true" for table in TABLES))
