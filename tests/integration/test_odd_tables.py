# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables named like iptables' but created by nft: those that it cannot extend are found before any change."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from tests.integration.networks import SHOP, apply, in_one, plan, remove
from tests.integration.promises import refused
from tests.integration.rule_hosts import LEGACY, NETWORK, SOURCES, use_backend
from tests.lab.host import Host

_PORT = {"owner": "shop", "host_port": "8080", "to_address": "172.18.0.2", "out_interface": "br0"}


def _make(host: Host, table: str, chain: str, rest: str = "") -> None:
    """Create a chain in a table, both with nft."""
    use_backend(host, "nft")
    host.sh(f"nft add table {table}; nft 'add chain {table} {chain} {rest}'")


@pytest.mark.parametrize(
    ("table", "chain", "rest", "reason"),
    [
        ("ip nat", "PREROUTING", "{ type nat hook prerouting priority -90; }", "prerouting with priority -100"),
        ("ip6 nat", "POSTROUTING", "{ type nat hook postrouting priority 99; }", "postrouting with priority 100"),
        ("ip nat", "OUTPUT", "", "its chain OUTPUT has no hook"),
        ("ip raw", "PREROUTING", "{ type filter hook prerouting priority -301; }", "prerouting with priority -300"),
        ("ip6 mangle", "FORWARD", "{ type filter hook input priority -150; }", "forward with priority -150"),
        ("ip filter", "FORWARD", "{ type filter hook forward priority 10; }", "of type filter at hook forward"),
        ("ip nat", "LINUXNET-DNAT", "{ type nat hook prerouting priority -100; }", "its chain LINUXNET-DNAT has a"),
    ],
)
def test_a_table_that_iptables_cannot_extend_is_refused(
    host: Host, table: str, chain: str, rest: str, reason: str
) -> None:
    _make(host, table, chain, rest)
    refused(host, "bridge_network", SHOP, f"table {table} was created by nft")
    message = in_one(host, SHOP, fails=True)["msg"]
    assert reason in message
    assert "move its content to a table of another name" in message


@pytest.mark.parametrize(
    ("module", "options", "table"),
    [
        ("bridge_forward", NETWORK, "ip filter"),
        ("masquerade", SOURCES, "ip6 nat"),
        ("dnat", _PORT, "ip nat"),
    ],
)
def test_the_modules_refuse_it_too(host: Host, module: str, options: dict[str, Any], table: str) -> None:
    host.sh("ip link add br0 type bridge")
    _make(host, table, "POSTROUTING" if "nat" in table else "FORWARD")
    if module == "dnat":
        host.sh("nft add chain ip nat PREROUTING")
    refused(host, module, options, f"table {table} was created by nft")


def test_a_sleeping_table_is_refused_also_when_the_rules_are_in_it(host: Host) -> None:
    use_backend(host, "nft")
    apply(host, **SHOP)
    made = SHOP
    host.sh("nft 'add table ip filter { flags dormant; }'")
    before = host.dump()
    for check in (True, False):
        assert "table ip filter is dormant" in in_one(host, made, check=check, fails=True)["msg"]
    assert before.changes_to(host.dump()) == []
    host.sh("nft 'add table ip filter { ; }'")
    assert not in_one(host, made)["changed"]


def test_a_table_that_belongs_to_a_program_is_refused(host: Host) -> None:
    use_backend(host, "nft")
    made = SHOP
    program = host.popen(["nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    program.stdin.write("add table ip nat { flags owner; }\nlist tables\n")
    program.stdin.flush()
    assert any("ip nat" in line and "add" not in line for line in program.stdout)
    refused(host, "bridge_network", made, "table ip nat belongs to a program that lets nobody else change it")
    program.communicate("quit\n")
    assert in_one(host, made)["changed"]


def test_a_table_that_iptables_cannot_show_is_refused_with_the_cure(host: Host) -> None:
    use_backend(host, "nft")
    host.sh("nft add table ip nat; nft add chain ip nat mine; nft 'add rule ip nat mine fib daddr type local accept'")
    before = host.dump()
    for check in (True, False):
        with pytest.raises(Refused, match="of table nat: .* cannot show it; move .* to a table of another name"):
            plan(host, SHOP, check)
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize(
    "script",
    [
        "iptables-nft -L; iptables-nft -t nat -L; iptables-nft -t mangle -L; iptables-nft -t raw -L",
        "nft add table ip nat; nft 'add chain ip nat PREROUTING { type nat hook prerouting priority -100; }'",
        "nft add table ip filter; nft 'add chain ip filter INPUT { type filter hook input priority -5; }'",
        "nft add table inet nat; nft add chain inet nat PREROUTING",
        "nft add table ip fw; nft add chain ip fw FORWARD; nft add table ip filter; nft add chain ip filter mine",
    ],
)
def test_what_is_not_in_the_way_is_left_alone(host: Host, script: str) -> None:
    use_backend(host, "nft")
    host.sh(script)
    apply(host, **SHOP)
    assert apply(host, **SHOP).changed == []


def test_a_network_of_one_family_does_not_mind_the_other(host: Host) -> None:
    _make(host, "ip6 nat", "POSTROUTING")
    ipv4 = {**SHOP, "ipam_config": SHOP["ipam_config"][:1]}
    assert in_one(host, ipv4)["changed"]


@pytest.mark.long
def test_a_network_is_taken_away_beside_such_a_table(host: Host) -> None:
    use_backend(host, "nft")
    apply(host, **SHOP)
    host.sh("nft delete table ip nat; nft add table ip nat; nft add chain ip nat PREROUTING")
    remove(host)
    assert "LINUXNET" not in host.sh("iptables-save; ip6tables-save")


@LEGACY
def test_the_legacy_backend_does_not_mind(host: Host) -> None:
    _make(host, "ip nat", "PREROUTING")
    use_backend(host, "legacy")
    assert in_one(host, SHOP)["changed"]
