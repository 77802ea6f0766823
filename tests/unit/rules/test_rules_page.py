# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/rules.md matches the code, also in the number of rules."""

from __future__ import annotations

import pytest

from docs.make.rules import COMMAND, MODES, PAGE, Info, lines, page, rules
from tests.unit.plan.builders import dual
from tests.unit.rules.reasons import REASONS, number_of

EVERY_MODE = pytest.mark.parametrize("want", [mode[2] for mode in MODES], ids=[mode[0] for mode in MODES])
PUBLISHING = [mode for mode in MODES if not mode[2].get("internal")]


def _count(want: Info, guards: bool = False) -> int:
    """The number of rules, without those for each address, or of only those."""
    host = rules(want)
    every = [rule for family in ("ipv4", "ipv6") for _table, rule in lines(host, family)]
    return sum(rule.startswith("LINUXNET-GUARD-") == guards for rule in every)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"made anew by: {COMMAND}"


def test_every_reason_is_one_for_a_rule() -> None:
    hosts = [rules(want) for *_words, want in MODES]
    used = {number_of(rule) for host in hosts for family in ("ipv4", "ipv6") for _table, rule in lines(host, family)}
    assert used == set(range(1, len(REASONS) + 1))


@EVERY_MODE
def test_the_number_of_rules_does_not_depend_on_the_number_of_endpoints(want: Info) -> None:
    """Except for one per address, and with IPv6 one for the link-local address: see test_guarding.py."""
    more = [*want["endpoints"], *({"namespace": f"n{number}"} for number in range(25))]
    assert _count({**want, "endpoints": more}) == _count(want)
    addresses = 0 if want.get("external") else 1 if len(want["ipam_config"]) == 1 else 3
    assert _count({**want, "endpoints": more}, guards=True) == _count(want, guards=True) + 25 * addresses


@pytest.mark.parametrize("want", [mode[2] for mode in PUBLISHING], ids=[mode[0] for mode in PUBLISHING])
def test_every_published_port_or_range_is_one_rule(want: Info) -> None:
    """In each family that it is published in; if nothing is translated, in mangle and in filter."""
    families = 1 if len(want.get("ipam_config", ())) == 1 else 2
    tables = 2 if want.get("gateway_mode") == "routed" else 1
    ports = [*want["endpoints"][0]["published_ports"], "9000:90", "10000-60000:10000-60000/udp"]
    more = [{**want["endpoints"][0], "published_ports": ports}, *want["endpoints"][1:]]
    assert _count({**want, "endpoints": more}) == _count(want) + 2 * families * tables


def test_the_dispatch_adds_little() -> None:
    few = _count(dual({"namespace": "web", "published_ports": ["80:80"]}))
    many = [f"{port}:80" for port in range(2000, 2000 + 13 * 1000, 13)]
    blocks = len({port >> 8 for port in range(2000, 15000)}) + len({port >> 12 for port in range(2000, 15000)})
    assert _count(dual({"namespace": "web", "published_ports": many})) <= few + 2 * (999 + blocks)
