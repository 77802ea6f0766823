# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Published ports as their elements and rules describe them."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    PortRange,
    parse_address,
    parse_network,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import allowed_sources
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.allowed_sources import (
    EVERYBODY,
    GATE,
    HOST,
    NOWHERE,
    SOURCE,
    Part,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Element,
    Rule,
    Table,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import set_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.port_elements import KIND
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

#: What an element of each set does for its publication, and whether its key begins with a source.
_DOES = {
    **dict.fromkeys(("at", "range_at", "port", "range", "open"), (EVERYBODY, False)),
    **dict.fromkeys(("let", "let_range", "open_from"), (SOURCE, True)),
    **dict.fromkeys(("own", "own_range", "shut"), (HOST, False)),
    "limited": (GATE, False),
    "allowed": (GATE, True),
    "held": (GATE, False),
}
_SETS = {set_of(name, family): (name, family) for name in _DOES for family in FAMILIES}
#: What a rule of each chain does.
_CHAINS = {
    layout.PUBLISHED: EVERYBODY,
    layout.OPENED: EVERYBODY,
    layout.ADMITTED: SOURCE,
    layout.OWN: HOST,
    layout.SHUT: HOST,
    layout.CALLERS: GATE,
}

#: The name of a set and the key of an element, or the name of a chain and a rule.
_Element = tuple[str, str]
_Rule = tuple[str, Rule]


class Found(t.NamedTuple):
    """What is there of a publication: elements by the name of a set, rules by that of a chain."""

    elements: list[_Element]
    rules: list[_Rule]


def found(table: Table) -> dict[Publication, Found]:
    """The publications that are there, each as far as it is there."""
    whole = allowed_sources.whole(_parts(table))
    return {
        publication: Found(
            [(name, one) for name, one in places if isinstance(one, str)],
            [(chain, one) for chain, one in places if isinstance(one, Rule)],
        )
        for publication, places in whole.items()
    }


def _parts(table: Table) -> t.Iterator[tuple[Part, tuple[str, str | Rule]]]:
    for name, (kind, family) in _SETS.items():
        for element in table.elements.get(name, {}).values():
            part = _parse(family, kind, element)
            if part:
                yield part, (name, element.key)
    for chain in _CHAINS:
        for rule in table.rules.get(chain, ()):
            part = _parse_rule(chain, rule) if rule.line else None
            if part:
                yield part, (chain, rule)


def _parse(family: str, kind: str, element: Element) -> Part | None:
    told = _told(element.comment)
    if told is None:
        return None
    owner, out, ports, host = told
    does, from_source = _DOES[kind]
    parts = element.key.split(" . ")
    try:
        source = parse_network(parts[0]) if from_source else None
        if from_source or kind == "held":
            del parts[0]
        if kind in ("open", "open_from", "shut"):
            key = Key(family, parts[1], parse_address(host) if host else None, ports)
            opened = Publication(key, owner, parse_address(parts[0]), _range(parts[2]), None, out, "routed")
            return Part(opened, does, source)
        single = parts[0] if len(parts) == 3 and parts[0] != layout.ANY[family] else None
        key = Key(family, parts[-2], parse_address(single) if single else None, ports)
        return Part(_leading(key, owner, out, element, parts[-1]), does, source)
    except ValueError:
        return None


def _leading(key: Key, owner: str, out: str | None, element: Element, port: str) -> Publication:
    """Where an element leads, which one without a value does not tell."""
    if not element.value:
        return Publication(key, owner, NOWHERE[key.family], key.host_port, None, out)
    target = element.value.split(" . ")
    if len(target) == 1:
        return Publication(key, owner, parse_address(target[0]), key.host_port, None, out)
    first = int(target[1]) - int(port) + key.host_port.first
    to = PortRange(first, first + key.host_port.size - 1)
    return Publication(key, owner, parse_address(target[0]), to, None, out)


def _told(comment: str | None) -> tuple[str, str | None, PortRange, str | None] | None:
    words = (comment or "").split(" ")
    mark = marks.parse_comment(words[0])
    if not mark or mark[0] != KIND or not 3 <= len(words) <= 4:
        return None
    try:
        ports = _range(words[2])
    except ValueError:
        return None
    return mark[1], None if words[1] == "-" else words[1], ports, words[3] if len(words) == 4 else None


def _range(text: str) -> PortRange:
    first, _dash, last = text.partition("-")
    return PortRange(int(first), int(last or first))


def _parse_rule(chain: str, rule: Rule) -> Part | None:
    told = _told(rule.comment)
    if told is None or rule.line is None:
        return None
    owner, out, ports, host = told
    words = rule.line.text.split(" ")
    interface = None
    if words[0] == "iifname":
        interface = f"!{words[2]}" if words[1] == "!=" else words[1]
        interface = interface.replace('"', "")
    family = "ipv6" if "ip6" in words or "ipv6" in words else "ipv4"
    named = _address(words, "saddr")
    source = parse_network(named) if named else None
    does = SOURCE if source and _CHAINS[chain] == EVERYBODY else _CHAINS[chain]
    place, daddr = words.index("dport"), _address(words, "daddr")
    if chain in (layout.OPENED, layout.SHUT):
        key = Key(family, words[place - 1], parse_address(host) if host else None, ports)
        target = parse_address(daddr or "")
        return Part(Publication(key, owner, target, _range(words[place + 1]), interface, out, "routed"), does, source)
    key = Key(family, words[place - 1], parse_address(daddr) if daddr else None, ports)
    if does == GATE:
        return Part(Publication(key, owner, NOWHERE[family], ports, interface, out), does, source)
    address, port = _target(words[-1])
    first = ports.first if port is None else port - int(words[place + 1]) + ports.first
    to = PortRange(first, first + ports.size - 1)
    return Part(Publication(key, owner, parse_address(address), to, interface, out), does, source)


def _address(words: t.Sequence[str], field: str) -> str | None:
    """The value of ``ip saddr`` and the like, None without it."""
    for before, word, value in zip(words, words[1:], words[2:]):
        if before in ("ip", "ip6") and word == field:
            return value
    return None


def _target(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        address, _bracket, port = text[1:].partition("]:")
        return address, int(port)
    if text.count(":") == 1:
        address, _colon, port = text.partition(":")
        return address, int(port)
    return text, None
