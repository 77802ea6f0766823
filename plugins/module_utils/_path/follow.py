# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Sends a probe and follows it from namespace to namespace."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    family_of,
    parse_address,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import path_probes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_probes import Outcome, Probe
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import (
    Event,
    Tracer,
    Unable,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import rule_texts
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map, Space
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Passage, passages
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.rule_texts import Rule

#: Seconds for what happens after a rule took the packet, such as the message that says so.
_GRACE = 0.15


class Followed(Value):
    """What happened to a probe."""

    outcome: Outcome
    #: By namespace the way of the packet and that of its answer.
    there: t.Mapping[Space, Passage]
    back: t.Mapping[Space, Passage]
    #: Why it could not be followed.
    untraced: str | None
    #: By namespace the rules of iptables-legacy that took packets meanwhile.
    uncovered: t.Mapping[Space, Rule]
    #: Whether there was a probe.
    sent: bool = True


def follow(host: Host, question: Question, scene: Map) -> Followed:
    """Send probes until no further namespace comes into sight."""
    spaces = _at_first(question, scene)
    while True:
        found = _once(host, question, spaces)
        more = _further(found, scene) - spaces
        if found.untraced or not more:
            return found
        spaces |= more


def _at_first(question: Question, scene: Map) -> set[Space]:
    """The namespaces that the packet is likely to meet."""
    found: set[Space] = {None, question.namespace}
    return found | _with_address(scene, question.destination) | _published(question, scene)


def _with_address(scene: Map, address: IPAddress) -> set[Space]:
    return {place.space for place in scene.having(address) if not address.is_loopback}


def _published(question: Question, scene: Map) -> set[Space]:
    """Those that a port of ours leads to."""
    found: set[Space] = set()
    for rule in scene.publishing(question.protocol, question.port or 0):
        found |= _with_address(scene, parse_address(rule["to_address"]))
    return found


def _further(found: Followed, scene: Map) -> set[Space]:
    """The namespaces with the address that the packet ended up with."""
    more: set[Space] = set()
    for passage in found.there.values():
        more |= _with_address(scene, passage.last.destination)
    return more


def _once(host: Host, question: Question, spaces: t.Collection[Space]) -> Followed:
    """One probe, watched in these namespaces."""
    family = family_of(question.destination)
    with contextlib.ExitStack() as stack:
        probe = host.run(question.namespace, lambda: Probe(question.protocol, question.destination, question.port))
        stack.callback(probe.close)
        tracers: dict[Space, Tracer] = {}
        untraced = None
        for space in spaces:
            try:
                tracers[space] = host.run(space, Tracer)
            except Unable as error:
                untraced = f"{error}"
                break
            stack.callback(tracers[space].close)
            tracers[space].watch(question.number, probe.port)
        before = {space: rule_texts.counters(host, space, family) for space in spaces}
        events: dict[Space, list[Event]] = {space: [] for space in tracers}
        host.run(question.namespace, probe.send)
        outcome = _await(probe, tracers, events, question.seconds)
        if any(tracer.lost for tracer in tracers.values()):
            untraced = "others have too many packets traced"
        after = {space: rule_texts.counters(host, space, family) if before[space] else {} for space in spaces}
    ways = {space: passages(told, probe.port) for space, told in events.items()}
    took = {space: rule_texts.ended(before[space], after[space]) for space in spaces}
    return Followed(
        outcome=outcome,
        there={space: one for space, (one, _back) in ways.items() if one},
        back={space: one for space, (_there, one) in ways.items() if one},
        untraced=untraced,
        uncovered={space: rule for space, rule in took.items() if rule},
    )


def _await(
    probe: Probe, tracers: t.Mapping[Space, Tracer], events: t.Mapping[Space, list[Event]], seconds: float
) -> Outcome:
    """Wait for what comes of it, no longer than it takes once a rule has dropped the packet."""

    def collect() -> bool:
        for space, tracer in tracers.items():
            events[space] += tracer.events()
        return any(event.verdict == "drop" for told in events.values() for event in told)

    def keep_on() -> bool:
        collect()
        return False

    watched = list(tracers.values())
    found = path_probes.wait(probe, watched, seconds, collect)
    if found.kind == "silence":
        found = path_probes.wait(probe, watched, min(_GRACE, seconds), keep_on)
    # What the packet and its answer met last is reported after the answer came.
    path_probes.settle(watched, collect)
    return found
