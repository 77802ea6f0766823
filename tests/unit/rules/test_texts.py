# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of rules, rendered and parsed."""

from __future__ import annotations

import ipaddress
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, PortRange, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import allowed_sources, intents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    info,
    isolation_reading,
    isolation_rules,
    masquerade_rules,
    publish_rules,
    rule_text,
    tables,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table
from tests.unit.rules.worlds import RESOURCES, empty_host, networks, ports, run, sources

_INTERFACES = st.sampled_from([None, "eth0", "!eth0", "br.10", "!br.10", "a@b", "-x"[1:]])


@st.composite
def publications(draw: st.DrawFn) -> Publication:
    v6 = draw(st.booleans())
    addresses = st.ip_addresses(v=6 if v6 else 4)
    size = draw(st.integers(1, 2000))
    first, to_first = draw(st.integers(1, 65536 - size)), draw(st.integers(1, 65536 - size))
    key = Key(
        "ipv6" if v6 else "ipv4",
        draw(st.sampled_from(publish_rules.PROTOCOLS)),
        draw(st.none() | addresses),
        PortRange(first, first + size - 1),
    )
    mode = draw(st.sampled_from(["nat", "routed"]))
    out = draw(_INTERFACES.filter(lambda name: not (name or "").startswith("!")))
    to = PortRange(to_first, to_first + size - 1)
    return Publication(
        key,
        draw(st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", fullmatch=True)),
        draw(addresses),
        to,
        draw(_INTERFACES),
        out,
        mode,
        allowed_sources.of_family(tuple(draw(st.lists(_networks(v6), max_size=3))), "ipv6" if v6 else "ipv4") or (),
    )


def _networks(v6: bool) -> st.SearchStrategy[Any]:
    lengths = st.integers(1, 128 if v6 else 32)
    pairs = st.tuples(st.ip_addresses(v=6 if v6 else 4), lengths)
    return pairs.map(lambda pair: ipaddress.ip_network(f"{pair[0]}/{pair[1]}", strict=False))


@given(st.lists(st.tuples(st.booleans(), st.from_regex(r"[a-z-]+( [a-z!]+)?", fullmatch=True)), max_size=6))
def test_words_in_quotes_are_one(words: list[tuple[bool, str]]) -> None:
    text = " ".join(f'"{word}"' if quoted else word for quoted, word in words)
    expected = [part for quoted, word in words for part in ([word] if quoted else word.split())]
    assert rule_text._words(text) == shlex.split(text) == expected


@given(publications())
def test_a_publication_is_read_back_as_it_was_written(publication: Publication) -> None:
    places = [place for table in TABLES for place in publish_rules.rules(publication, table)]
    if not publication.allowed_sources:
        assert len(places) == (2 if publication.gateway_mode == "routed" else 1)
    parts = [publish_rules.parse(publication.key.family, place) for place in places]
    found = allowed_sources.whole([(part, number) for number, part in enumerate(parts) if part])
    assert {one: sorted(numbers) for one, numbers in found.items()} == {publication: list(range(len(places)))}


@given(sources())
def test_masquerading_is_read_back(definition: dict[str, Any]) -> None:
    host, _changed = run(empty_host(), "masquerade", [definition])
    family = "ipv6" if ":" in definition["source"] else "ipv4"
    found = list(masquerade_rules.found(family, host[family, "nat"]))
    assert [masquerade_rules.translates(place) for place, _rule in found] == [False, True]
    rule = found[1][1]
    assert (str(rule.source), rule.out_interface, rule.owner) == (
        definition["source"],
        definition["out_interface"],
        definition["owner"],
    )
    assert rule.views() == {key: definition[key] for key in ("to_source", "random_fully")}


@settings(deadline=None)  # what else the machine does is not its matter
@given(networks())
def test_a_network_is_read_back(definition: dict[str, Any]) -> None:
    host, _changed = run(empty_host(), "bridge_forward", [definition])
    options = {
        "state": "present",
        "netns": None,
        "gateway_mode_ipv6": None,
        "ip_version": "both",
        "trusted_interfaces": None,
        "answers_by": None,
        "neighbours": None,
        "purge_neighbours": False,
        "egress": "allow",
        "senders": None,
        "purge_senders": False,
        "gateways": None,
        "firewall": "auto",
    }
    want = RESOURCES["bridge_forward"].want({**options, **definition}).network
    places = {key: [place for place, _bridge, _owner in isolation_rules.found(table)] for key, table in host.items()}
    other = intents.Isolation(want.bridge, want.owner, (), dict.fromkeys(FAMILIES, "nat"), icc=not want.icc)
    found = isolation_reading.reading(places, other)
    assert (found.internal, found.icc) == (want.internal, want.icc)
    assert found.inhibit_gateway == want.inhibit_gateway
    assert found.neighbours == (want.neighbours or ())
    assert (found.egress, found.senders) == (want.egress, want.senders or ())
    if not want.internal:
        assert set(found.subnets) == set(want.subnets)
        assert found.trusted_interfaces == want.trusted_interfaces
        used = [family for family in FAMILIES if want.subnets_of(family)]
        assert [found.gateway_mode[family] for family in used] == [want.gateway_mode[family] for family in used]
        if any(want.gateway_mode[family] != "routed" for family in used):
            assert found.masquerade == want.masquerade
            translated = [gate for gate in want.gateways if want.gateway_mode[family_of(gate)] != "routed"]
            assert set(found.gateways) >= set(translated)
            if want.masquerade:
                assert found.masquerade_protocols == want.masquerade_protocols
        assert set(found.answers_by) == set(want.answers_by)


@given(st.lists(st.sampled_from(["-j DROP", "-i br0 -j ACCEPT", '-m comment --comment "a \\" b" -j DROP']), max_size=4))
def test_a_table_is_read_as_it_was_saved(texts: list[str]) -> None:
    lines = [
        "# made by hand",
        "*filter",
        ":FORWARD DROP [1:2]",
        ":MINE - [0:0]",
        *(f"-A MINE {text}" for text in texts),
        "COMMIT",
    ]
    table = tables.parse("filter", "\n".join(lines))
    assert table.chains["MINE"] == texts
    assert table.policies == {"INPUT": "ACCEPT", "FORWARD": "DROP", "OUTPUT": "ACCEPT"}


def test_a_table_that_nobody_used_yet() -> None:
    assert tables.parse("nat", "") == tables.empty("nat")


def test_an_ipv4_mapped_address_is_written_as_the_c_library_does() -> None:
    assert addresses.spelled(ipaddress.ip_address("::ffff:10.0.0.1")) == "::ffff:10.0.0.1"


@pytest.mark.parametrize(
    ("text", "selective"),
    [
        ("-j DROP", False),
        ('-m comment --comment "-i eth0" -j DROP', False),
        ("-i eth0 -j DROP", True),
        ("! -s 10.0.0.0/8 -j DROP", True),
        ("-m conntrack --ctstate INVALID -j DROP", True),
    ],
)
def test_whether_a_rule_takes_everything(text: str, selective: bool) -> None:
    assert rule_text.fields(text).selective is selective


def test_comments_that_start_like_options_and_broken_quotes() -> None:
    assert rule_text.fields("-m comment --comment -x -j DROP").comments == ("-x",)
    assert rule_text.fields('-m comment --comment "a -j DROP').target == "DROP"


@pytest.mark.parametrize(
    "text",
    [
        "-m comment --comment linuxnet-dnat-shop -j DROP",
        "-p tcp -m comment --comment linuxnet-dnat-shop -j DNAT --to-destination 10.0.0.2:80",
        "-p tcp -m tcp --dport x -m comment --comment linuxnet-dnat-shop -j DNAT --to-destination 10.0.0.2:80",
        "-p tcp -m tcp --dport 80 -m comment --comment linuxnet-dnat-shop -j DNAT --to-destination 10.0.0.999:80",
        "-p tcp -m tcp --dport 80 -m comment --comment linuxnet-dnat-shop -j ACCEPT",
        "-p tcp -m tcp --dport 80 -m comment --comment mine -j DNAT --to-destination 10.0.0.2:80",
    ],
)
def test_damaged_and_foreign_rules_are_no_publications(text: str) -> None:
    assert publish_rules.parse("ipv4", Place("LINUXNET-DNAT", text)) is None


def test_rules_of_ours_in_option_words() -> None:
    host = empty_host()
    host["ipv4", "filter"].chains["FORWARD"].append("-i docker0 -j ACCEPT")
    host, _changed = run(host, "bridge_forward", [{"bridge": "br0", "owner": "shop", "subnets": ["172.18.0.0/16"]}])
    host, _changed = run(host, "masquerade", [{"source": "172.18.0.0/16", "out_interface": "!br0", "owner": "shop"}])
    published = {
        "host_ip": "192.0.2.1",
        "host_port": "80-81",
        "to_address": "172.18.0.2",
        "to_port": "90-91",
        "out_interface": "br0",
    }
    host, _changed = run(host, "dnat", [{**published, "owner": "lab"}])
    found = info.rules_of_ours(host)
    assert {entry["kind"] for entry in found} == {"forward", "masquerade", "dnat"}
    assert {entry["bridge"] for entry in found if entry["kind"] == "forward"} == {"br0"}
    assert [entry for entry in found if entry["kind"] == "dnat"] == [
        {
            "ip_version": "ipv4",
            "table": "nat",
            "chain": "LINUXNET-DNAT",
            "kind": "dnat",
            "owner": "lab",
            "text": host["ipv4", "nat"].chains["LINUXNET-DNAT"][0],
            "protocol": "tcp",
            "host_ip": "192.0.2.1",
            "host_port": "80-81",
            "to_address": "172.18.0.2",
            "to_port": "90-91",
            "in_interface": None,
            "out_interface": "br0",
            "gateway_mode": "nat",
            "allowed_sources": [],
        }
    ]
    kinds = [entry for entry in found if entry["kind"] == "masquerade"]
    assert (kinds[1]["source"], kinds[1]["out_interface"], kinds[1]["to_source"]) == ("172.18.0.0/16", "!br0", None)


def test_a_damaged_rule_of_ours_is_told_without_details() -> None:
    text = "-m comment --comment linuxnet-dnat-shop -j DROP"
    table = Table("nat", {"LINUXNET-DNAT": [text]}, {})
    assert info.rules_of_ours({("ipv4", "nat"): table}) == [
        {"ip_version": "ipv4", "table": "nat", "chain": "LINUXNET-DNAT", "kind": "dnat", "owner": "shop", "text": text}
    ]


@given(ports())
def test_every_comment_is_made_of_harmless_characters_or_quoted(definition: dict[str, Any]) -> None:
    host, _changed = run(empty_host(), "dnat", [definition])
    for table in host.values():
        for texts in table.chains.values():
            for text in texts:
                assert rule_text.fields(text).comments[0].replace("-", "").replace("_", "").isalnum()
