# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Tells what happened to a packet, hop by hop, and what ended it. Touches no host itself."""

from __future__ import annotations

import errno
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.route_answers import Flow
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import authors, links, routing, sockets
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.authors import Author
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.eyes import Eyes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.follow import Followed
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map, Place, Space, begun, called
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Passage, Translation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.reasons import Reason
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.rule_texts import Rule

View = dict[str, t.Any]


class Told(Value):
    """The story: hops, the verdict, and the sentences, whose last one is the reason."""

    hops: list[View]
    verdict: str
    sentences: list[str]


class Story:
    """Grows while the packet is followed."""

    def __init__(self, question: Question, followed: Followed, scene: Map, eyes: Eyes) -> None:
        self._question = question
        self._followed = followed
        self._scene = scene
        self._eyes = eyes
        self._hops: list[View] = []
        self._sentences: list[str] = []
        #: The namespace that it got to.
        self._last = question.namespace
        #: The links that it crossed.
        self._crossed: list[tuple[Place, Place]] = []

    def tell(self) -> Told:
        """All of it."""
        reason = self._begin() or self._go(self._followed.there, "") or self._end()
        if reason.verdict in ("answered", "delivered"):
            narrow = links.narrow(self._scene, self._crossed)
            if narrow:
                self._say(reason.where, "socket", reason.sentence)
                reason = narrow
        self._say(reason.where, reason.what, reason.sentence, reason.text, reason.by)
        return Told(self._hops, reason.verdict, self._sentences)

    def _say(self, where: Space, what: str, sentence: str, text: str | None = None, by: Author | None = None) -> None:
        self._hops.append(
            {
                "where": called(where),
                "what": what,
                "text": text,
                "by": by.view() if by else None,
                "sentence": sentence,
            }
        )
        self._sentences.append(sentence)

    def _begin(self) -> Reason | None:
        """The route that the sender takes."""
        question, followed = self._question, self._followed
        where = question.namespace
        if question.outside:
            self._say(
                where,
                "link",
                f"{question.packet[0].upper()}{question.packet[1:]} from {question.address} comes in by"
                f" {question.interface}.",
            )
            return None
        flow = Flow(question.destination)
        answer = self._eyes.route(where, flow)
        if answer.source and not answer.error:
            # Once it has chosen a source, the kernel looks again.
            flow = Flow(question.destination, answer.source)
            again = self._eyes.route(where, flow)
            answer = again._replace(source=answer.source)
        refusal = followed.outcome.number if followed.outcome.kind == "error" else 0
        if answer.error:
            return routing.no_route(self._scene, self._eyes, where, flow, answer)
        self._say(
            where,
            "route",
            f"{begun(where)} sends {question.packet}{routing.by(self._scene, where, answer)}.",
            routing.text(self._scene, where, question.destination, answer),
        )
        if refusal and where not in followed.there:
            return (
                self._uncovered(where)
                or routing.by_policy(self._scene, self._eyes, where, flow, True)
                or sockets.refused_at_once(question, refusal)
            )
        return None

    def _uncovered(self, where: Space) -> Reason | None:
        """A rule of the legacy iptables that took it."""
        rule = self._followed.uncovered.get(where)
        return self._by_rule(where, rule) if rule else None

    def _author(self, where: Space, rule: Rule, passage: Passage | None = None) -> Author:
        table = rule.table.split(" ")[-1]
        if where is not None:
            return authors.inside(table, rule.chain)
        indexes = (passage.iif, passage.oif) if passage else ()
        links = [self._scene.interface(where, index) for index in indexes if index is not None]
        near = [link["name"] for link in links if link]
        return authors.author(table, rule.chain, rule.text, self._scene.owners, near)

    def _by_rule(self, where: Space, rule: Rule, passage: Passage | None = None) -> Reason:
        by = self._author(where, rule, passage)
        if by.tool == authors.OURS and not by.owner and passage:
            ports = self._scene.publishing(self._question.protocol, passage.last.destination_port)
            by = by._replace(owner=next((rule["owner"] for rule in ports), None))
        verb = "rejects" if rule.rejects else "drops"
        if rule.text.startswith("policy "):
            what = f"the policy of chain {rule.chain} in table {rule.table}"
        else:
            what = f"a rule in chain {rule.chain} of table {rule.table}"
        purpose = f", since {by.purpose}" if by.purpose else ""
        sentence = f"On {called(where)}, {what} {verb} it{purpose}: {rule.text} (by {by.words})."
        return Reason("rejected" if rule.rejects else "dropped", where, "rule", sentence, rule.text, by)

    def _go(self, ways: t.Mapping[Space, Passage], of: str) -> Reason | None:
        """Along the way from namespace to namespace, up to what ended it."""
        where = self._last
        seen: set[Space] = set()
        while where in ways and where not in seen:
            seen.add(where)
            self._last = where
            passage = ways[where]
            for one in passage.translations:
                self._translated(where, one)
            taken = self._uncovered(where) if self._followed.untraced else None
            if taken:
                return taken
            if passage.dropped:
                return self._by_rule(where, self._eyes.rule(where, passage.dropped), passage)
            if passage.arrived:
                return None
            if not passage.left:
                return self._stuck(where, passage)
            out = self._scene.interface(where, passage.oif)
            if out is None:
                return None
            place = Place(where, out)
            address = routing.next_hop(self._eyes, where, passage)
            reached = self._scene.beyond(place, address)
            if reached is None or reached.space not in ways:
                return self._lost(place, address, reached, passage, of)
            found = None if self._followed.sent else links.hindrance(self._scene, place, address, reached)
            if found:
                return found
            self._crossed.append((place, reached))
            self._say(
                where,
                "link",
                f"{begun(where)} passes {of or 'it'} on by {place.name} to {called(reached.space)}.",
            )
            where = reached.space
        return None

    def _translated(self, where: Space, one: Translation) -> None:
        after = one.after
        if one.what == "destination":
            sentence = f"sends it to {_spot(after.destination, after.destination_port)} instead"
        else:
            sentence = f"gives it the source address {after.source}"
        if one.rule is None:
            said, rule, by = "a translation", None, None
        else:
            rule = self._eyes.rule(where, one.rule)
            by = self._author(where, rule)
            if by.tool == authors.OURS and by.kind != "masquerade" and one.what == "destination":
                by = authors.of_port(self._scene.host["rules"], after.destination, after.destination_port) or by
            said = f"a rule of {by.words}"
        self._say(where, "translation", f"On {called(where)}, {said} {sentence}.", rule.text if rule else None, by)

    def _stuck(self, where: Space, passage: Passage) -> Reason:
        hook = passage.stuck
        taken = self._uncovered(where)
        if taken:
            return taken
        if hook is None and not passage.met("forward") and not passage.met("input") and passage.met("prerouting"):
            return routing.not_routed(self._scene, self._eyes, where, passage)
        if hook is None and passage.met("prerouting", family="bridge") and not passage.met("prerouting"):
            return links.kept_by_bridge(self._scene, where, passage)
        if hook is None and passage.met("output") and not passage.met("postrouting"):
            return routing.not_routed(self._scene, self._eyes, where, passage)
        refused = routing.rerouted(self._scene, self._eyes, where, passage) if hook == "output" else None
        if refused:
            return refused
        sentence = f"It disappears on {called(where)} in the hook {hook or 'of the bridge'}, and no rule there says so."
        return Reason("dropped", where, "unknown", sentence)

    def _lost(
        self, place: Place, address: IPAddress, reached: Place | None, passage: Passage, of: str
    ) -> Reason | None:
        """It left, and nobody in sight got it."""
        outcome = self._followed.outcome
        if outcome.number == errno.EHOSTUNREACH and self._said_by(outcome.offender, place.space):
            # The kernel that was to send it says by ICMP that it knows no MAC address.
            return links.lost(self._scene, place, address, reached)
        found = links.hindrance(self._scene, place, address, reached)
        quiet = outcome.kind in ("answered", "refused") or not self._followed.sent
        if quiet and not of and (not found or outcome.kind != "silence"):
            self._say(
                place.space,
                "link",
                f"{begun(place.space)} sends it out by {place.name} to {address}.",
            )
            return None
        if reached and not found:
            source = passage.last.source
            mute = routing.no_way_back(
                self._scene, self._eyes, reached.space, passage, f"{reached.words} keeps silent"
            ) or routing.question_dropped(self._scene, self._eyes, place, address, reached, source)
            if mute:
                return mute
        return links.lost(self._scene, place, address, reached)

    def _said_by(self, offender: str | None, space: Space) -> bool:
        return offender is not None and any(one.space == space for one in self._scene.having(parse_address(offender)))

    def _end(self) -> Reason:
        """It arrived, or is out of sight."""
        question, outcome = self._question, self._followed.outcome
        where = self._last
        got = self._followed.there.get(where)
        passage = got if got and got.arrived else None
        if not self._followed.sent:
            mute = routing.no_way_back(self._scene, self._eyes, where, passage) if passage else None
            return mute or sockets.foreseen(self._eyes, question, where, passage)
        if passage is None:
            return sockets.out_of_sight(question, outcome, where, self._followed.untraced)
        found = sockets.at_the_socket(self._eyes, question, outcome, where, passage)
        if found:
            return found
        answer = self._followed.back.get(where)
        if answer is None and self._followed.untraced:
            return sockets.out_of_sight(question, outcome, where, self._followed.untraced)
        if answer is None:
            return routing.no_way_back(self._scene, self._eyes, where, passage) or sockets.no_answer(question, where)
        self._say(where, "socket", f"{begun(where)} answers.")
        return self._go(self._followed.back, "the answer") or sockets.no_answer(question, where)


def _spot(address: IPAddress, port: int) -> str:
    return f"{address} port {port}" if port else str(address)
