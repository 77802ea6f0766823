# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure parts of path_info: who made a rule, what a trace shows of one packet, and packets as a wire has them."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import Event, Headers
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.route_answers import Flow, Refusal
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import authors, packets
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.answer import without
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import passages
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.story import Told
from tests.lab import frames

#: The numbers of traces.
ONE, OTHER = 1, 2
OWNERS = {"br-shop": "shop"}
CLIENT, HOST, WEB = (ipaddress.ip_address(text) for text in ("192.0.2.9", "192.0.2.1", "172.18.0.2"))


@pytest.mark.parametrize(
    ("table", "chain", "text", "tool", "owner"),
    [
        ("filter", "FORWARD", "-A FORWARD -j DROP", "unknown", None),
        ("filter", "DOCKER-USER", "-A DOCKER-USER -j DROP", "docker", None),
        ("docker-bridges", "filter-forward", "drop", "docker", None),
        ("firewalld", "filter_FORWARD", "reject with icmpx admin-prohibited", "firewalld", None),
        ("filter", "ufw-before-input", "-A ufw-before-input -j DROP", "ufw", None),
        ("filter", "KUBE-FIREWALL", "-A KUBE-FIREWALL -j DROP", "kube", None),
        ("filter", "LINUXNET-USER", "-A LINUXNET-USER -j DROP", "administrator", None),
        ("filter", "LINUXNET-TO", "-A LINUXNET-TO -o br-shop -j DROP", authors.OURS, None),
        ("mangle", "LINUXNET-TO", "-m comment --comment linuxnet-forward-shop -j DROP", authors.OURS, "shop"),
        ("linuxnet", "to-br-shop", 'meta nfproto ipv4 drop comment "linuxnet"', authors.OURS, "shop"),
        ("filter", "FORWARD", '-m comment --comment "linuxnet is great" -j DROP', "unknown", None),
    ],
)
def test_who_made_a_rule(table: str, chain: str, text: str, tool: str, owner: str | None) -> None:
    found = authors.author(table, chain, text, OWNERS)
    assert (found.tool, found.owner) == (tool, owner)


@pytest.mark.parametrize(
    ("changed", "ports", "concerned"),
    [
        ({}, False, True),
        ({"for_root": False}, False, False),
        ({"for_root": False, "inverted": True}, False, True),
        ({"iif": "eth0"}, False, False),
        ({"for_ports": True}, False, False),
        ({"for_ports": True}, True, True),
        ({"for_others": True}, True, False),
        ({"mark": (5, 0xFF)}, False, True),
        ({"mark": (5, 0xFFFF)}, False, False),
        ({"destination": "172.18.0.0/16"}, False, True),
        ({"source": "172.18.0.0/16"}, False, False),
    ],
)
def test_which_packets_a_policy_rule_refuses(changed: dict[str, Any], ports: bool, concerned: bool) -> None:
    rule = Refusal(10, "from all blackhole", None, None, None, None, True, False, False, False)._replace(**changed)
    assert rule.concerns(Flow(WEB, CLIENT, 7, mark=0x105), "br-shop", ports) == concerned


def _headers(source: tuple[object, int], destination: tuple[object, int]) -> Headers:
    ends = [ipaddress.ip_address(str(end[0])).packed for end in (source, destination)]
    return Headers(6, ends[0], ends[1], source[1], destination[1], 0)


def _ours(hook: str, place: str, headers: Headers | None) -> Event:
    return Event("inet", "linuxnet-path-1-2", f"{hook}-{place}", "policy", "accept", None, 2, 3, headers, ONE)


def test_one_packet_and_its_answer_are_told_apart() -> None:
    asked, led = _headers((CLIENT, 5000), (HOST, 8080)), _headers((CLIENT, 5000), (WEB, 80))
    answer = _headers((WEB, 80), (CLIENT, 5000))
    rule = Event("ip", "nat", "DOCKER", "rule", "accept", 7, 2, None, None, ONE)
    stray = _headers((CLIENT, 7000), (HOST, 22))
    events = [
        Event("inet", "theirs", "in", "rule", "drop", 4, 2, None, stray, OTHER),
        _ours("prerouting", "first", asked),
        Event("ip", "nat", "PREROUTING", "rule", "jump", 3, 2, None, asked, ONE),
        rule,
        _ours("prerouting", "last", led),
        _ours("forward", "first", led),
        _ours("forward", "last", led),
        _ours("postrouting", "first", led),
        _ours("postrouting", "last", led),
        _ours("prerouting", "first", answer),
        Event("inet", "mine", "in", "rule", "drop", 9, 3, None, answer, ONE),
        _ours("prerouting", "first", asked),
        Event("inet", "mine", "in", "rule", "drop", 9, 2, None, asked, ONE),
    ]
    there, back = passages(events, 5000)
    assert there and there.left
    assert there.dropped is None, "the second packet is another one"
    (translation,) = there.translations
    assert (translation.what, translation.rule, translation.after.destination) == ("destination", rule, WEB)
    assert back and back.dropped and back.dropped.handle == 9


@pytest.mark.parametrize("protocol", ["tcp", "udp", "icmp"])
@pytest.mark.parametrize(("source", "destination"), [("192.0.2.9", "192.0.2.1"), ("2001:db8::9", "2001:db8::1")])
def test_packets_are_whole(protocol: str, source: str, destination: str) -> None:
    macs = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
    ends = (ipaddress.ip_address(source), ipaddress.ip_address(destination))
    sent = packets.frame(protocol, *ends, (5000, 80), macs)
    found = frames.parse(sent)
    assert (found.source, found.destination) == (source, destination)
    head = 20 if ends[0].version == 4 else 40
    payload = sent[14 + head :]
    number = {"tcp": 6, "udp": 17, "icmp": 1 if ends[0].version == 4 else 58}[protocol]
    pseudo = ends[0].packed + ends[1].packed + len(payload).to_bytes(4, "big") + number.to_bytes(4, "big")
    whole = payload if number == 1 else pseudo + payload
    total = sum(int.from_bytes(whole[at : at + 2], "big") for at in range(0, len(whole), 2))
    assert total % 0xFFFF == 0, "a receiver would accept the checksum"


@pytest.mark.parametrize(
    ("verdict", "what", "known"),
    [
        ("foreseen", "link", "unknown"),
        ("no_listener", "listener", "unknown"),
        ("no_route", "route", "unknown"),
        ("dropped", "rule", "dropped"),
        ("not_forwarded", "setting", "not_forwarded"),
    ],
)
def test_what_could_not_be_copied_is_told(verdict: str, what: str, known: str) -> None:
    hop = {"where": "the host", "what": what, "text": None, "by": None, "sentence": "It ends."}
    told = without(Told([hop], verdict, ["It ends."]), ["table filter of iptables (no set)"])
    assert told.verdict == known
    assert told.sentences == [
        "It ends. This was tried without table filter of iptables (no set), which could not be copied."
    ]
    assert told.hops[0]["sentence"] == told.sentences[0]
