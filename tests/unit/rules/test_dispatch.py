# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of many published ports: where a packet gets, how many rules it passes, and that nothing is left."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import PortRange
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, port_tree, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table
from tests.unit.rules.worlds import Options, Tables, damaged, empty_host, plan, run

HOST = "192.0.2.1"
OTHER = "192.0.2.2"
thorough = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def _port(number: int, **more: Any) -> Options:
    return {"host_port": str(number), "to_address": "172.18.0.2", **more}


def _many(count: int, step: int = 1, **more: Any) -> list[Options]:
    return [_port(1 + step * number, **more) for number in range(count)]


class _Walk:
    """A packet's way through nat, as far as ports decide it: its target, and how many rules it passes."""

    def __init__(self, table: Table, protocol: str, address: str, port: int) -> None:
        self._table = table
        self._packet = (protocol, ipaddress.ip_address(address), port)
        self.met = 0
        root = chains.LOOPBACK if address.startswith("127.") else chains.DNAT
        self.target = self._walk(root)
        if self.target is None and root == chains.LOOPBACK:
            self.target = self._walk(chains.DNAT)

    def _walk(self, chain: str) -> str | None:
        for text in self._table.chains.get(chain, ()):
            self.met += 1
            entry = rule_text.fields(text)
            if not self._matches(entry):
                continue
            if entry.target == "DNAT":
                return entry.options["--to-destination"]
            assert "-j" in entry.options
            found = self._walk(entry.options["-j"]) if entry.target in self._table.chains else None
            if found:
                return found
        return None

    def _matches(self, entry: rule_text.Fields) -> bool:
        protocol, address, port = self._packet
        first, _colon, last = entry.options["--dport"].partition(":")
        return (
            entry.get("-p") == protocol
            and int(first) <= port <= int(last or first)
            and ("-d" not in entry.options or address in rule_text.network_of(entry.options["-d"]))
        )


@st.composite
def publications(draw: st.DrawFn) -> list[Options]:
    """Ports and ranges around the borders of blocks, on several addresses and of several owners."""
    found = []
    for number in range(draw(st.integers(1, 12))):
        first = draw(st.sampled_from([1, 255, 256, 4095, 4096, 4097, 8191, 65535])) + draw(st.integers(-2, 2))
        last = first + draw(st.sampled_from([0, 0, 0, 1, 3, 300, 5000]))
        assume(first > 0 and last < 65536)
        found.append(
            {
                "host_port": f"{first}-{last}",
                "protocol": draw(st.sampled_from(["tcp", "udp"])),
                "host_ip": draw(st.sampled_from([None, HOST, OTHER, "127.0.0.1"])),
                "to_address": f"172.18.0.{10 + number}",
                "out_interface": "br0",
                "owner": draw(st.sampled_from(["shop", "office"])),
            }
        )
    keys = {(one["protocol"], one["host_ip"], one["host_port"]) for one in found}
    assume(len(keys) == len(found))
    return found


def _apply(host: Tables, definitions: list[Options], state: str = "present") -> Tables:
    """One call per owner, as the role does; a second call finds nothing to do."""
    for owner in sorted({one["owner"] for one in definitions}):
        mine = [{**one, "state": state} for one in definitions if one["owner"] == owner]
        try:
            new, changed = run(host, "dnat", mine)
        except Refused:
            assume(False)
            raise
        assert changed is (new != host)
        assert run(new, "dnat", mine) == (new, False)
        host = new
    return host


def _expected(definitions: list[Options], protocol: str, address: str, port: int) -> str | None:
    """Who gets a packet: a port published on its address takes precedence over one on all."""
    for host_ip in (address, None):
        for one in definitions:
            first, last = map(int, one["host_port"].split("-"))
            if (one["protocol"], one["host_ip"]) == (protocol, host_ip) and first <= port <= last:
                return str(one["to_address"])
    return None


def _check(host: Tables, definitions: list[Options]) -> None:
    borders = {int(port) for one in definitions for port in one["host_port"].split("-")}
    for protocol in ("tcp", "udp"):
        for address in (HOST, OTHER, "127.0.0.1", "198.51.100.7"):
            for port in sorted({port + more for port in borders for more in (-1, 0, 1)}):
                target = _Walk(host["ipv4", "nat"], protocol, address, port).target
                expected = _expected(definitions, protocol, address, port)
                assert (target.partition(":")[0] if target else None) == expected, (protocol, address, port)


@pytest.fixture(params=[0, 3, 64])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rules stay in one chain."""
    monkeypatch.setattr(port_tree, "FEW", request.param)
    return int(request.param)


@thorough
@given(definitions=publications())
def test_every_port_leads_where_it_is_published(few: int, definitions: list[Options]) -> None:
    host = _apply(empty_host(), definitions)
    _check(host, definitions)
    trees = any(port_tree.block(chain) for chain in host["ipv4", "nat"].chains)
    ranges = [PortRange(*map(int, one["host_port"].split("-"))) for one in definitions]
    if few == 0 and any(port_tree.smallest(chains.DNAT, "tcp", ports) for ports in ranges):
        assert trees
    if few == 64:
        assert not trees


@thorough
@given(definitions=publications(), rest=st.integers(0, 12))
def test_what_is_taken_away_leaves_no_trace(few: int, definitions: list[Options], rest: int) -> None:
    host = _apply(empty_host(), definitions)
    kept, gone = definitions[:rest], definitions[rest:]
    host = _apply(host, gone, "absent")
    _check(host, kept)
    direct = _apply(empty_host(), kept)
    assert {chain: sorted(texts) for chain, texts in host["ipv4", "nat"].chains.items()} == {
        chain: sorted(texts) for chain, texts in direct["ipv4", "nat"].chains.items()
    }
    assert _apply(host, kept, "absent") == empty_host()


@thorough
@given(definitions=publications(), data=st.data())
def test_what_was_broken_by_hand_comes_back(few: int, definitions: list[Options], data: st.DataObject) -> None:
    host = _apply(empty_host(), definitions)
    nat = {("ipv4", "nat"): host["ipv4", "nat"]}
    broken = {**host, **data.draw(damaged(nat))}
    foreign = [text for texts in broken["ipv4", "nat"].chains.values() for text in texts if "linuxnet" not in text]
    assume(not foreign)
    _check(_apply(broken, definitions), definitions)


@pytest.mark.parametrize(("step", "protocol"), [(1, "tcp"), (13, "tcp"), (13, "udp"), (13, "sctp")])
def test_no_packet_walks_far(step: int, protocol: str) -> None:
    host, _changed = run(empty_host(), "dnat", _many(5000, step, protocol=protocol))
    nat = host["ipv4", "nat"]
    steps = []
    for port in range(1, 1 + 5000 * step, 97 * step):
        walk = _Walk(nat, protocol, HOST, port)
        assert walk.target
        steps.append(walk.met)
    assert max(steps) <= 16 + 16 + 256
    texts = [text for chain in nat.chains for text in nat.chains[chain] if chain.startswith("LINUXNET-DNAT")]
    ways = [text for text in texts if "-j DNAT" not in text]
    assert len(texts) - len(ways) == 5000
    assert len(ways) <= 16 + 256
    assert all(len(chain) <= 28 for chain in nat.chains)


def test_few_rules_are_plain_and_others_move_along() -> None:
    host, _changed = run(empty_host(), "dnat", _many(64, owner="shop"))
    assert not [chain for chain in host["ipv4", "nat"].chains if port_tree.block(chain)]
    planned = plan(host, "dnat", [_port(9000, owner="office")])
    assert len(planned.steps[0].edits) > 128, "in one step"
    assert len([step for step in planned.steps if hasattr(step, "edits")]) == 1
    many, _changed = run(host, "dnat", [_port(9000, owner="office")])
    assert {text for texts in many["ipv4", "nat"].chains.values() for text in texts} > {
        text for texts in host["ipv4", "nat"].chains.values() for text in texts
    }
    assert not [text for text in many["ipv4", "nat"].chains["LINUXNET-DNAT"] if "-j DNAT" in text]
    assert run(many, "dnat", _many(64, owner="shop")) == (many, False), "the other owner finds all as it should be"
    back, _changed = run(many, "dnat", [_port(9000, owner="office", state="absent")])
    assert back == host


def test_one_more_port_is_one_change() -> None:
    host, _changed = run(empty_host(), "dnat", _many(100))
    changes = plan(host, "dnat", [*_many(100), _port(20000)]).changes
    assert [change.changed for change in changes] == [False] * 100 + [True]
