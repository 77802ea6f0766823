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
        return state.planned(self._tables, requests, self._task, self._served)

    def _there(self, request: Request[SourceNat]) -> list[tuple[Rule, SourceNat]]:
        return [(rule, found) for rule, found in self._found(request.netns) if found.key == request.intent.key]

    def _task(self, ref: Ref, requests: list[Request[SourceNat]]) -> tuple[edits.Task, dict[str, t.Any]]:
        claims = [
            edits.Claim(
                source_rules.document(one.intent) if one.present else Document(),
                rules={layout.SOURCES: [rule.handle for rule, _found in self._there(one)]},
            )
            for one in requests
        ]
        return edits.Task(self._tables.of(ref), claims, layout.TRANSLATION), {}

    def _served(self, request: Request[SourceNat], share: t.Sequence[edits.Edit]) -> Served[SourceNat]:
        return Served(_before(self._there(request)), *state.told(share), _gaps(share, request))


def _before(found: t.Sequence[tuple[Rule, SourceNat]]) -> SourceNat | None:
    """As the translation itself tells it; the exemption alone tells no more than its key."""
    translating = [one for rule, one in found if rule.line and source_rules.translates(rule.line)]
    return next(iter(translating or [one for _rule, one in found]), None)


def _gaps(share: t.Sequence[edits.Edit], request: Request[SourceNat]) -> frozenset[tuple[str, Gap]]:
    """Whether packets could have left untranslated until now."""
    missing = {"nat-postrouting", layout.SOURCES, ""}
    added = any(edit.where in missing and (edit.added or not edit.removed) for edit in share)
    return frozenset({(request.intent.family, Gap.TRANSLATION)} if request.present and added else ())
