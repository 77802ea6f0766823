# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that bind addresses to MAC addresses: in one chain while there are few, in a tree when there are many."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, guard_rules, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table
from tests.unit.rules.worlds import Tables, empty_host, neighbour, run

SUBNETS = ["172.18.0.0/16", "fd00:18::/64"]
TOP = guard_rules.root("br0")
STRANGER = "0e:00:00:00:00:01"


def want(count: int, step: int = 1, **more: Any) -> dict[str, Any]:
    """A network with this many neighbours in each family."""
    hosts = [ipaddress.ip_network(subnet)[2 + step * place] for place in range(count) for subnet in SUBNETS]
    listed = [neighbour(address) for address in hosts]
    return {"bridge": "br0", "subnets": SUBNETS, "neighbours": listed, "purge_neighbours": True, **more}


def made(*wants: dict[str, Any]) -> Tables:
    host = empty_host()
    for one in wants:
        host, _changed = run(host, "bridge_forward", [one])
    return host


def guards(table: Table) -> dict[str, list[str]]:
    return {name: texts for name, texts in table.chains.items() if guard_rules.is_ours(name)}


def walk(table: Table, chain: str, address: Any, mac_address: str, passed: list[str]) -> str | None:
    """The drop that a packet from br0 reaches, if any. `passed` collects the rules that it passes."""
    for text in table.chains[chain]:
        entry = rule_text.fields(text)
        if entry.get("-i") not in (None, "br0"):
            continue
        passed.append(text)
        if "-s" in entry.options and not _within(address, entry.options["-s"]):
            continue
        mac = entry.get("--mac-source")
        if mac and (mac == f"!{mac_address}" or (not mac.startswith("!") and mac != mac_address)):
            continue
        if entry.target == "RETURN":
            return None
        if entry.target == "DROP":
            return text
        if walk(table, str(entry.target), address, mac_address, passed):
            return text
    return None


def _within(address: Any, source: str) -> bool:
    value, _slash, mask = source.partition("/")
    bits = int(ipaddress.ip_address(mask)) if "." in mask or ":" in mask else None
    if bits is None:
        return address in ipaddress.ip_network(source)
    return int(address) & bits == int(ipaddress.ip_address(value))


def test_few_stand_in_one_chain() -> None:
    table = made(want(2))["ipv4", "mangle"]
    (texts,) = guards(table).values()
    assert texts[0].startswith("-s 172.18.0.2/32 -i br0 -m mac ! --mac-source 02:00:ac:12:00:02 ")
    assert len(texts) == 2
    assert f"-i br0 -m comment --comment linuxnet -j {TOP}" in table.chains[chains.PREROUTING]


@pytest.mark.parametrize(("count", "step"), [(2, 1), (64, 1), (65, 1), (1000, 1), (250, 16), (250, 255), (200, 256)])
@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_everybody_speaks_from_his_own_mac_address_alone(count: int, step: int, family: str) -> None:
    table = made(want(count, step))[family, "mangle"]
    subnet = ipaddress.ip_network(SUBNETS[family == "ipv6"])
    longest = 0
    for place in range(count):
        address = subnet[2 + step * place]
        own, passed = neighbour(address)["mac_address"], []
        assert walk(table, TOP, address, own, passed) is None
        longest = max(longest, len(passed))
        assert walk(table, TOP, address, STRANGER, []) is not None
    assert walk(table, TOP, subnet[60000], STRANGER, []) is None, "who is not known speaks as he likes"
    assert longest <= (64 if count <= 64 else 48 if step == 1 else 300), longest


def test_two_ends_of_one_machine() -> None:
    options = want(1)
    address = ipaddress.ip_address("172.18.0.2")
    options["neighbours"].append(neighbour(address, second=True))
    table = made(options)["ipv4", "mangle"]
    for mac_address in (one["mac_address"] for one in options["neighbours"] if one["address"] == str(address)):
        assert walk(table, TOP, address, mac_address, []) is None
    assert walk(table, TOP, address, STRANGER, []) is not None


@pytest.mark.parametrize("ways", [(2, 70), (70, 2), (70, 0), (300, 70)])
def test_any_way_leads_to_the_same_rules(ways: tuple[int, ...]) -> None:
    assert made(*(want(count) for count in ways)) == made(want(ways[-1]))


def test_what_is_not_said_stays_and_what_is_gone_leaves_no_chain() -> None:
    one = {"neighbours": want(1)["neighbours"], "purge_neighbours": False}
    assert made(want(70), {**want(0), "neighbours": None}) == made(want(70))
    assert made(want(70), {**want(0), **one}) == made(want(70))
    moved = [{**entry, "mac_address": f"0a:00:00:00:00:{place:02x}"} for place, entry in enumerate(one["neighbours"])]
    table = made(want(1), {**want(0), "neighbours": moved, "purge_neighbours": False})["ipv4", "mangle"]
    assert [len(texts) for texts in guards(table).values()] == [1], "an address has one MAC address"
    assert not guards(made(want(70), want(0))["ipv4", "mangle"])
    assert made(want(70), {"bridge": "br0", "state": "absent"}) == empty_host()
