# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Published ports as elements of maps, so that their number costs a packet nothing.

A range that keeps its numbers is one element that leads to an address alone. One that shifts them is an element for
each port, since nftables can only spread connections over a range of targets. What no map can express is a rule: a port
of one interface, and in a routed network a second publication of one port of an endpoint.

With a list of sources, a port is only in maps that have the source in their keys (``let``), and in maps for the host's
own processes (``own``). Who is not in ``allowed`` is dropped before that at the ports in ``limited``.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import PortRange, spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Document,
    Element,
    Line,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import (
    IP,
    quoted,
    set_of,
    shown,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "dnat"


def document(publication: Publication, taken: t.Callable[[str], bool]) -> Document:
    """The part of the table that a publication asks for.

    :param taken: whether a set has an element for this endpoint's ports that belongs to another publication
    """
    made = Document()
    routed = publication.gateway_mode == "routed"
    elements = dict(_opening(publication) if routed else _translation(publication))
    if publication.in_interface or (routed and any(taken(name) for name in elements)):
        for chain, line in _rules(publication):
            made.add(chain, [line])
        elements = {name: found for name, found in elements.items() if name.startswith("held")}
    for name, found in elements.items():
        made.include(name, found)
    return made


def _opening(publication: Publication) -> t.Iterator[tuple[str, list[Element]]]:
    family, comment = publication.key.family, _comment(publication)
    target = f"{spelled(publication.to_address)} . {publication.key.protocol} . {publication.to_port}"
    sources = publication.allowed_sources
    if not sources:
        yield set_of("open", family), [Element(target, comment)]
        return
    yield set_of("open_from", family), [Element(f"{shown(source)} . {target}", comment) for source in sources]
    yield set_of("shut", family), [Element(target, comment)]


def _translation(publication: Publication) -> t.Iterator[tuple[str, list[Element]]]:
    key, comment = publication.key, _comment(publication)
    if not publication.allowed_sources:
        host = "" if key.host_ip is None else f"{spelled(key.host_ip)} . "
        at = "" if key.host_ip is None else "_at"
        name = f"range{at}" if _keeps_numbers(publication) else "at" if at else "port"
        yield set_of(name, key.family), list(_leading(publication, host))
        return
    host = layout.ANY[key.family] if key.host_ip is None else spelled(key.host_ip)
    sources = [f"{shown(source)} . {host} . " for source in publication.allowed_sources]
    called = f"{host} . {key.protocol} . {key.host_port}"
    ranged = "_range" if _keeps_numbers(publication) else ""
    yield set_of(f"let{ranged}", key.family), [one for source in sources for one in _leading(publication, source)]
    yield set_of(f"own{ranged}", key.family), list(_leading(publication, f"{host} . "))
    yield set_of("limited", key.family), [Element(called, comment)]
    ports = f"{key.protocol} . {key.host_port}"
    yield set_of("allowed", key.family), [Element(f"{source}{ports}", comment) for source in sources]
    if key.host_port == publication.to_port:
        # See the rules of iptables.
        yield set_of("held", key.family), [Element(f"{spelled(publication.to_address)} . {called}", comment)]


def _keeps_numbers(publication: Publication) -> bool:
    """Whether it is a range that one element can lead to the endpoint."""
    return publication.key.host_port.size > 1 and publication.key.host_port == publication.to_port


def _leading(publication: Publication, before: str) -> t.Iterator[Element]:
    """The elements that lead to the endpoint; ``before`` is what their keys begin with."""
    key, comment, address = publication.key, _comment(publication), spelled(publication.to_address)
    if _keeps_numbers(publication):
        yield Element(f"{before}{key.protocol} . {key.host_port}", comment, address)
        return
    shift = publication.to_port.first - key.host_port.first
    for port in range(key.host_port.first, key.host_port.last + 1):
        yield Element(f"{before}{key.protocol} . {port}", comment, f"{address} . {port + shift}")


def _comment(publication: Publication) -> str:
    """What elements and rules do not show: the bridge, and the whole of which a port is a part."""
    key = publication.key
    words = [marks.comment(KIND, publication.owner), publication.out_interface or "-", str(key.host_port)]
    if publication.gateway_mode == "routed" and key.host_ip is not None:
        words.append(spelled(key.host_ip))
    return " ".join(words)


def _rules(publication: Publication) -> t.Iterator[tuple[str, Line]]:
    """The rules in place of elements, each with its chain."""
    key, word = publication.key, IP[publication.key.family]
    interface = ""
    if publication.in_interface:
        inverted = "!= " if publication.in_interface.startswith("!") else ""
        interface = f"iifname {inverted}{quoted(publication.in_interface.lstrip('!'))} "
    sources = [f"{word} saddr {shown(source)} " for source in publication.allowed_sources]
    if publication.gateway_mode == "routed":
        target, first = spelled(publication.to_address), publication.to_port.first
        match = f"{word} daddr {target} {key.protocol} dport {publication.to_port}"
        for source in sources or [""]:
            yield layout.OPENED, _rule(publication, f"{interface}{source}{match} accept", (target, first))
        if sources:
            yield layout.SHUT, _rule(publication, f"{interface}{match} drop", (target, first))
        return
    place = 1 if key.host_ip is not None else 5
    host = f"{word} daddr {spelled(key.host_ip)} " if key.host_ip is not None else ""
    of_family = host or f"meta nfproto {key.family} "
    for ports, target in _targets(publication):
        match, rank = f"{key.protocol} dport {ports} dnat {word} to {target}", (place, ports.first)
        if not sources:
            yield layout.PUBLISHED, _rule(publication, f"{interface}{of_family}{match}", rank)
            continue
        for source in sources:
            yield layout.ADMITTED, _rule(publication, f"{interface}{source}{host}{match}", rank)
        if interface.startswith("iifname !="):
            yield layout.OWN, _rule(publication, f"{interface}{of_family}{match}", rank)
    match = f"{key.protocol} dport {key.host_port}"
    for source in sources:
        yield layout.CALLERS, _rule(publication, f"{interface}{source}{host}{match} return", (1, key.host_port.first))
    if sources:
        others = f"{interface}{of_family}{match} fib daddr type local goto {layout.STRANGERS}"
        yield layout.CALLERS, _rule(publication, others, (3, key.host_port.first))


def _targets(publication: Publication) -> t.Iterator[tuple[PortRange, str]]:
    """The ports that one rule translates, and where to."""
    ports, target = publication.key.host_port, spelled(publication.to_address)
    if _keeps_numbers(publication):
        yield ports, target
        return
    bracketed = f"[{target}]" if publication.key.family == "ipv6" else target
    shift = publication.to_port.first - ports.first
    for port in range(ports.first, ports.last + 1):
        yield PortRange(port, port), f"{bracketed}:{port + shift}"


def _rule(publication: Publication, text: str, rank: tuple[int | str, ...]) -> Line:
    key = publication.key
    about = (key.family, key.protocol, str(key.host_ip), str(key.host_port), text)
    return Line(text, _comment(publication), (*rank, *about))
