# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The way that a packet would take by routes, links and our published ports alone, for when no probe may be sent."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    parse_address,
    port_range,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_probes import Outcome
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.route_answers import Flow
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import routing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.eyes import Eyes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.follow import Followed
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map, Place, Space
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Ends, Passage, Spot, Translation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question

NOT_SENT = "check mode sends nothing"
_IN: tuple[Spot, ...] = (("inet", "prerouting", "first"), ("inet", "prerouting", "last"))
_ACCEPTED: tuple[Spot, ...] = (("inet", "input", "first"), ("inet", "input", "last"))
_OUT: tuple[Spot, ...] = (("inet", "output", "first"), ("inet", "output", "last"))
_SENT: tuple[Spot, ...] = (("inet", "postrouting", "first"), ("inet", "postrouting", "last"))
_PASSED: tuple[Spot, ...] = (("inet", "forward", "first"), ("inet", "forward", "last"))


def foresee(question: Question, scene: Map, eyes: Eyes) -> Followed:
    """What would happen to it if no rule took it."""
    walk = _Walk(question, scene, eyes)
    walk.go()
    return Followed(
        outcome=Outcome("silence"), there=walk.passages, back={}, untraced=NOT_SENT, uncovered={}, sent=False
    )


def go_on(question: Question, scene: Map, eyes: Eyes, passage: Passage) -> Followed:
    """The same for a packet from outside, whose way through the host is known."""
    walk = _Walk(question, scene, eyes)
    walk.passages[None] = passage
    out = scene.interface(None, passage.oif)
    if passage.left and out:
        address = routing.next_hop(eyes, None, passage)
        reached = scene.beyond(Place(None, out), address)
        if reached:
            walk.walk(reached.space, passage.last, reached.interface["index"])
    silence = Outcome("silence")
    return Followed(outcome=silence, there=walk.passages, back={}, untraced=NOT_SENT, uncovered={}, sent=False)


class _Walk:
    def __init__(self, question: Question, scene: Map, eyes: Eyes) -> None:
        self._scene = scene
        self._eyes = eyes
        self._question = question
        self.passages: dict[Space, Passage] = {}

    def go(self) -> None:
        """From the sender on."""
        question = self._question
        sent = self._eyes.route(question.namespace, Flow(question.destination))
        if sent.error:
            return
        source = sent.source or question.destination
        self.walk(question.namespace, Ends(source, 0, question.destination, question.port or 0), None)

    def walk(self, where: Space, ends: Ends, iif: int | None) -> None:
        """On from a namespace."""
        while where not in self.passages:
            reached = self._pass(where, ends, iif)
            if reached is None:
                return
            ends = self.passages[where].last
            where, iif = reached.space, reached.interface["index"]

    def _pass(self, where: Space, ends: Ends, iif: int | None) -> Place | None:
        first = ends
        translations: tuple[Translation, ...] = ()
        entered = _OUT if iif is None else _IN
        target = self._published(where, ends)
        if target:
            ends = Ends(ends.source, ends.source_port, *target)
            translations = (Translation("destination", first, ends, None),)
        answer = self._eyes.route(where, Flow(ends.destination, ends.source if iif else None, iif))
        forwarded = () if iif is None else _PASSED
        spots = entered + _ACCEPTED if answer.local else entered + forwarded + _SENT
        if answer.error or (iif is not None and not answer.local and self._keeps(where, ends.destination.version)):
            spots = entered
        self.passages[where] = Passage(
            spots=spots, translations=translations, dropped=None, first=first, last=ends, iif=iif, oif=answer.out
        )
        out = self._scene.interface(where, answer.out)
        if spots == entered or answer.local or out is None:
            return None
        return self._scene.beyond(Place(where, out), answer.via or ends.destination)

    def _keeps(self, where: Space, version: int) -> bool:
        path = "net/ipv4/ip_forward" if version == 4 else "net/ipv6/conf/all/forwarding"
        return self._eyes.setting(where, path) == "0"

    def _published(self, where: Space, ends: Ends) -> tuple[IPAddress, int] | None:
        """Where a published port of ours leads to."""
        if where is not None or not self._scene.is_of_host(ends.destination):
            return None
        for rule in self._scene.publishing(self._question.protocol, ends.destination_port):
            target = parse_address(rule["to_address"])
            host_ip = rule.get("host_ip")
            if target.version != ends.destination.version or (host_ip and parse_address(host_ip) != ends.destination):
                continue
            first, ports = port_range("host_port", rule["host_port"]).first, port_range("to_port", rule["to_port"])
            return target, ports.first + ends.destination_port - first
        return None
