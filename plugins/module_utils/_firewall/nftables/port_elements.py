# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Published ports as elements of maps, so that their number costs a packet nothing.

A range that keeps its numbers is one element that leads to an address alone. One that shifts them is an element for
each port, since nftables can only spread connections over a range of targets. What no map can express is a rule: a port
of one interface, and in a routed network a second publication of one port of an endpoint.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    PortRange,
    parse_address,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Document,
    Element,
    Line,
    Rule,
    Table,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import IP, quoted, set_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "dnat"
_SETS = {set_of(name, family): family for name in ("at", "range_at", "port", "range", "open") for family in FAMILIES}


def document(publication: Publication, taken: t.Callable[[str, str], bool]) -> Document:
    """The part of the table that a publication asks for.

    :param taken: whether a set has an element of this key for another publication
    """
    made = Document()
    if publication.in_interface:
        _add_rule(made, publication)
        return made
    name, elements = _elements(publication)
    if publication.gateway_mode == "routed" and any(taken(name, element.key) for element in elements):
        _add_rule(made, publication)
        return made
    made.include(name, elements)
    return made


def _elements(publication: Publication) -> tuple[str, list[Element]]:
    key, comment = publication.key, _comment(publication)
    address = spelled(publication.to_address)
    if publication.gateway_mode == "routed":
        element = Element(f"{address} . {key.protocol} . {publication.to_port}", comment)
        return set_of("open", key.family), [element]
    host = "" if key.host_ip is None else f"{spelled(key.host_ip)} . "
    at = "" if key.host_ip is None else "_at"
    if key.host_port.size > 1 and key.host_port == publication.to_port:
        return set_of(f"range{at}", key.family), [Element(f"{host}{key.protocol} . {key.host_port}", comment, address)]
    shift = publication.to_port.first - key.host_port.first
    return set_of("at" if at else "port", key.family), [
        Element(f"{host}{key.protocol} . {port}", comment, f"{address} . {port + shift}")
        for port in range(key.host_port.first, key.host_port.last + 1)
    ]


def _comment(publication: Publication) -> str:
    """What elements and rules do not show: the bridge, and the whole of which a port is a part."""
    key = publication.key
    words = [marks.comment(KIND, publication.owner), publication.out_interface or "-", str(key.host_port)]
    if publication.gateway_mode == "routed" and key.host_ip is not None:
        words.append(spelled(key.host_ip))
    return " ".join(words)


def _add_rule(made: Document, publication: Publication) -> None:
    key, word = publication.key, IP[publication.key.family]
    interface = ""
    if publication.in_interface:
        inverted = "!= " if publication.in_interface.startswith("!") else ""
        interface = f"iifname {inverted}{quoted(publication.in_interface.lstrip('!'))} "
    target = spelled(publication.to_address)
    if publication.gateway_mode == "routed":
        match = f"{interface}{word} daddr {target} {key.protocol} dport {publication.to_port}"
        made.add(layout.OPENED, [_rule(publication, f"{match} accept", (target, publication.to_port.first))])
        return
    place = 1 if key.host_ip is not None else 5
    host = f"{word} daddr {spelled(key.host_ip)} " if key.host_ip is not None else f"meta nfproto {key.family} "
    bracketed = f"[{target}]" if key.family == "ipv6" else target
    if key.host_port.size > 1 and key.host_port == publication.to_port:
        text = f"{interface}{host}{key.protocol} dport {key.host_port} dnat {word} to {target}"
        made.add(layout.PUBLISHED, [_rule(publication, text, (place, key.host_port.first))])
        return
    shift = publication.to_port.first - key.host_port.first
    for port in range(key.host_port.first, key.host_port.last + 1):
        text = f"{interface}{host}{key.protocol} dport {port} dnat {word} to {bracketed}:{port + shift}"
        made.add(layout.PUBLISHED, [_rule(publication, text, (place, port))])


def _rule(publication: Publication, text: str, rank: tuple[int | str, ...]) -> Line:
    key = publication.key
    return Line(text, _comment(publication), (*rank, key.family, key.protocol, str(key.host_ip), str(key.host_port)))


class Found(t.NamedTuple):
    """What is there of a publication: elements by the name of a set, rules by that of a chain."""

    elements: list[tuple[str, str]]
    rules: list[tuple[str, Rule]]


def found(table: Table) -> dict[Publication, Found]:
    """The publications that are there, each as far as it is there."""
    publications: dict[Publication, Found] = {}
    for name, family in _SETS.items():
        for element in table.elements.get(name, {}).values():
            publication = _parse(family, name.startswith("open"), element)
            if publication:
                publications.setdefault(publication, Found([], [])).elements.append((name, element.key))
    for chain in (layout.PUBLISHED, layout.OPENED):
        for rule in table.rules.get(chain, ()):
            publication = _parse_rule(rule) if rule.line else None
            if publication:
                publications.setdefault(publication, Found([], [])).rules.append((chain, rule))
    return publications


def _parse(family: str, opens: bool, element: Element) -> Publication | None:
    told = _told(element.comment)
    if told is None:
        return None
    owner, out, ports, host = told
    parts = element.key.split(" . ")
    try:
        if opens:
            key = Key(family, parts[1], parse_address(host) if host else None, ports)
            return Publication(key, owner, parse_address(parts[0]), _range(parts[2]), None, out, "routed")
        key = Key(family, parts[-2], parse_address(parts[0]) if len(parts) == 3 else None, ports)
        target = (element.value or "").split(" . ")
        if len(target) == 1:
            return Publication(key, owner, parse_address(target[0]), ports, None, out)
        first = int(target[1]) - int(parts[-1]) + ports.first
        return Publication(key, owner, parse_address(target[0]), PortRange(first, first + ports.size - 1), None, out)
    except ValueError:
        return None


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


def _parse_rule(rule: Rule) -> Publication | None:
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
    protocol = words[words.index("dport") - 1]
    if words[-1] == "accept":
        target = parse_address(words[words.index("daddr") + 1])
        key = Key(family, protocol, parse_address(host) if host else None, ports)
        return Publication(key, owner, target, _range(words[words.index("dport") + 1]), interface, out, "routed")
    host_ip = parse_address(words[words.index("daddr") + 1]) if "daddr" in words else None
    address, port = _target(words[-1])
    first = ports.first if port is None else port - int(words[words.index("dport") + 1]) + ports.first
    key = Key(family, protocol, host_ip, ports)
    return Publication(key, owner, parse_address(address), PortRange(first, first + ports.size - 1), interface, out)


def _target(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        address, _bracket, port = text[1:].partition("]:")
        return address, int(port)
    if text.count(":") == 1:
        address, _colon, port = text.partition(":")
        return address, int(port)
    return text, None
