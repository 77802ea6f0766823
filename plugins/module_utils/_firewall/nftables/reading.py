# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The table as it is there: what the kernel has, by what was recorded when it was written."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    parse_address,
    parse_network,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Element,
    Hook,
    Line,
    Rule,
    Table,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.nftables_table import RawElement, RawTable

Record = t.Mapping[str, t.Any]
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp"}
#: Bytes of each type; in a concatenation each is filled up to four.
_SIZES = {"ifname": 16, "ipv4_addr": 4, "ipv6_addr": 16, "inet_proto": 1, "inet_service": 2, "ether_addr": 6}


def table(raw: RawTable | None, record: Record) -> Table:
    """
    :param record: what was written, by digest: text, comment and rank
    """
    if raw is None:
        return Table()
    lines = _lines(record)
    made = Table(exists=True)
    made.dormant = raw.dormant
    for chain in raw.chains:
        made.hooks[chain.name] = Hook(*chain.hook) if chain.hook else None
        made.rules[chain.name] = []
    for rule in raw.rules:
        made.rules[rule.chain].append(Rule(rule.handle, rule.digest, rule.comment, lines.get(rule.digest)))
    for name, elements in raw.elements.items():
        kind = layout.SETS.get(name)
        decoded = [_element(kind, one) for one in elements] if kind else []
        made.elements[name] = {element.key: element for element in decoded}
    return made


def show(table: Table, listed: t.Mapping[tuple[str, int], str]) -> None:
    """Note how nft shows the rules that we did not write, for people to read."""
    for chain, rules in table.rules.items():
        table.rules[chain] = [
            rule if rule.line else rule._replace(shown=listed.get((chain, rule.handle))) for rule in rules
        ]


def _lines(record: Record) -> dict[str, Line]:
    told = record.get("lines")
    found = {}
    for digest, one in told.items() if isinstance(told, dict) else ():
        if isinstance(one, list) and len(one) == 3 and isinstance(one[2], list):
            found[digest] = Line(str(one[0]), str(one[1]), tuple(one[2]))
    return found


def _element(kind: layout.SetType, raw: RawElement) -> Element:
    first = _values(kind.key, raw.key)
    last = _values(kind.key, raw.end) if raw.end is not None else first
    parts = [one if one == other else _interval(word, one, other) for word, one, other in zip(kind.key, first, last)]
    value = None
    if kind.data == ("verdict",):
        value = str(raw.data)
    elif kind.data:
        value = " . ".join(_values(kind.data, raw.data if isinstance(raw.data, bytes) else b""))
    return Element(" . ".join(parts), raw.comment or "", value)


def _interval(word: str, first: str, last: str) -> str:
    """As it was written: ports from one to another, or the addresses of a network."""
    if word not in ("ipv4_addr", "ipv6_addr"):
        return f"{first}-{last}"
    networks = list(ipaddress.summarize_address_range(parse_address(first), parse_address(last)))
    return layout.shown(parse_network(str(networks[0]))) if len(networks) == 1 else f"{first}-{last}"


def _values(types: t.Sequence[str], data: bytes) -> list[str]:
    found, offset = [], 0
    for word in types:
        size = _SIZES[word]
        found.append(_value(word, data[offset : offset + size]))
        offset += (size + 3) & ~3
    return found


def _value(word: str, data: bytes) -> str:
    if word == "ifname":
        name = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
        return f'"{name}"'
    if word in ("ipv4_addr", "ipv6_addr"):
        return spelled(ipaddress.ip_address(data)) if len(data) in (4, 16) else "?"
    if word == "ether_addr":
        return data.hex(":")
    number = int.from_bytes(data, "big")
    return _PROTOCOLS.get(number, str(number)) if word == "inet_proto" else str(number)
