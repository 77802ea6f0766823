# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Source translation, by rules of nftables."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    Planned,
    Ref,
    Request,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import SourceNat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import (
    edits,
    layout,
    source_rules,
    state,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Document, Rule
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step


class Translations:
    """The rules of this kind that are there."""

    def __init__(self, tables: state.Tables) -> None:
        self._tables = tables

    def of(self, ref: Ref) -> list[SourceNat]:
        return [found for _rule, found in self._found(ref)]

    def _found(self, ref: Ref) -> list[tuple[Rule, SourceNat]]:
        pairs = ((rule, source_rules.parse(rule)) for rule in self._tables.of(ref).rules.get(layout.SOURCES, ()))
        return [(rule, found) for rule, found in pairs if found]

    def plan(self, requests: t.Sequence[Request[SourceNat]]) -> Planned[SourceNat]:
        steps: list[Step] = []
        served: dict[int, Served[SourceNat]] = {}
        for ref in dict.fromkeys(self._tables.place(request.netns) for request in requests):
            mine = {number: one for number, one in enumerate(requests) if self._tables.place(one.netns) == ref}
            there = {
                number: [(rule, found) for rule, found in self._found(ref) if found.key == one.intent.key]
                for number, one in mine.items()
            }
            claims = [
                edits.Claim(
                    source_rules.document(one.intent) if one.present else Document(),
                    rules={layout.SOURCES: [rule.handle for rule, _found in there[number]]},
                )
                for number, one in mine.items()
            ]
            draft = edits.draft(self._tables.of(ref), claims, layout.TRANSLATION)
            steps += state.step(ref, draft, {})
            for (number, request), share in zip(mine.items(), draft.shares):
                served[number] = Served(_before(there[number]), *state.told(share), _gaps(share, request))
        return Planned(steps, [served[number] for number in range(len(requests))])


def _before(found: t.Sequence[tuple[Rule, SourceNat]]) -> SourceNat | None:
    """As the translation itself tells it; the exemption alone tells no more than its key."""
    translating = [one for rule, one in found if rule.line and source_rules.translates(rule.line)]
    return next(iter(translating or [one for _rule, one in found]), None)


def _gaps(share: t.Sequence[edits.Edit], request: Request[SourceNat]) -> frozenset[tuple[str, Gap]]:
    """Whether packets could have left untranslated until now."""
    missing = {"nat-postrouting", layout.SOURCES, ""}
    added = any(edit.where in missing and (edit.added or not edit.removed) for edit in share)
    return frozenset({(request.intent.family, Gap.TRANSLATION)} if request.present and added else ())
