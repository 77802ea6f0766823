# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Sorts what a trace reported into the way of one packet through a namespace, and that of its answer."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import Event, Headers

#: Types of ICMP and ICMPv6 messages that are echo replies.
_REPLIES = (0, 129)
_ECHOES = (1, 58)
Spot = tuple[str, str, str]


class Ends(t.NamedTuple):
    """Where a packet comes from and goes to, as it says itself."""

    source: IPAddress
    source_port: int
    destination: IPAddress
    destination_port: int

    @property
    def back(self) -> Ends:
        return Ends(self.destination, self.destination_port, self.source, self.source_port)


class Translation(t.NamedTuple):
    """``source`` or ``destination`` changed; the rule is None if it is not one of nf_tables."""

    what: str
    before: Ends
    after: Ends
    rule: Event | None


class Passage(Value):
    """The way of one packet through one namespace."""

    #: The chains of ours that it met, each with family, hook, and ``first`` or ``last``.
    spots: tuple[Spot, ...]
    translations: tuple[Translation, ...]
    #: The rule or policy that ended it.
    dropped: Event | None
    first: Ends
    last: Ends
    iif: int | None
    oif: int | None
    #: Its mark, as it was last.
    mark: int = 0

    def met(self, hook: str, place: str = "first", family: str = "inet") -> bool:
        return (family, hook, place) in self.spots

    @property
    def stuck(self) -> str | None:
        """The hook that it entered and did not leave."""
        for hook in ("postrouting", "input", "forward", "output", "prerouting"):
            if self.met(hook):
                return None if self.met(hook, "last") else hook
        return None

    @property
    def arrived(self) -> bool:
        """Whether it was handed to a socket."""
        return self.met("input", "last")

    @property
    def left(self) -> bool:
        """Whether it was sent out."""
        return self.met("postrouting", "last") and not self.met("input")


def passages(events: t.Sequence[Event], port: int) -> tuple[Passage | None, Passage | None]:
    """The way of the packet from this port, and that of its answer."""
    there: list[Event] = []
    back: list[Event] = []
    # Somebody else may trace packets here, too, and the kernel uses the number of a trace again.
    running: dict[int, tuple[list[Event], Headers]] = {}
    for event in events:
        told = event.headers
        if told and port in _ports(told):
            running[event.trace] = (back if _answers(told, port) else there, told)
        elif told and event.trace in running:
            way, before = running.pop(event.trace)
            if _same(before, told):
                running[event.trace] = (way, told)
        if event.trace in running:
            running[event.trace][0].append(event)
    return _passage(_first_packet(there)), _passage(_first_packet(back))


def _ports(headers: Headers) -> tuple[int, int]:
    return (headers.source_port, headers.destination_port)


def _same(before: Headers, after: Headers) -> bool:
    """Whether it is one packet whose port was translated: a hook translates one end alone."""
    return before.source == after.source or before.destination == after.destination


def _answers(headers: Headers, port: int) -> bool:
    if headers.protocol in _ECHOES:
        return headers.icmp in _REPLIES
    return headers.source_port != port


def _first_packet(events: t.Sequence[Event]) -> list[Event]:
    """Up to where the next packet begins: no packet meets a chain of ours twice."""
    found: list[Event] = []
    seen: set[Spot] = set()
    for event in events:
        spot = event.checkpoint
        if spot and event.headers:
            where = (event.family, *spot)
            if where in seen:
                return found
            seen.add(where)
        found.append(event)
    return found


def _ends(headers: Headers) -> Ends:
    source, destination = (ipaddress.ip_address(packed) for packed in (headers.source, headers.destination))
    return Ends(source, headers.source_port, destination, headers.destination_port)


def _passage(events: t.Sequence[Event]) -> Passage | None:
    told = [event for event in events if event.headers]
    if not told:
        return None
    spots = [
        (event.family, *event.checkpoint) for event in events if event.type == "policy" and event.checkpoint is not None
    ]
    heads = [t.cast(Headers, event.headers) for event in told]
    final = events[-1]
    dropped = next((event for event in events if event.verdict == "drop"), None)
    return Passage(
        spots=tuple(spots),
        translations=tuple(_translations(events)),
        dropped=dropped,
        first=_ends(heads[0]),
        last=_ends(heads[-1]),
        iif=next((event.iif for event in told if event.family == "inet" and event.iif), told[0].iif),
        oif=next((event.oif for event in reversed(told) if event.family == "inet" and event.oif), final.oif),
        mark=final.mark,
    )


def _translations(events: t.Sequence[Event]) -> t.Iterator[Translation]:
    """Where what the packet says changed, with the rule that it met last before."""
    known: Ends | None = None
    rule: Event | None = None
    for event in events:
        if event.headers:
            now = _ends(event.headers)
            if known is not None and now != known:
                if now[2:] != known[2:]:
                    yield Translation("destination", known, now, rule)
                if now[:2] != known[:2]:
                    yield Translation("source", known, now, rule)
            if now != known:
                rule = None
            known = now
        # A translation ends the chain that it is in.
        if event.type == "rule" and event.handle and event.verdict == "accept" and not event.checkpoint:
            rule = event
