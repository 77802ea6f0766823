# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall on paper: it stores intents as they are, so that planners can be tested without any rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    IsolationRequest,
    Planned,
    PortRequest,
    Ref,
    Request,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    Isolation,
    Key,
    Publication,
    SourceNat,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, LinksStay

Entry = tuple[Ref, Any]


@dataclasses.dataclass(frozen=True)
class Write(LinksStay, Aside):
    """Remove and add stored intents."""

    page: list[Entry]
    removed: tuple[Entry, ...]
    added: tuple[Entry, ...]

    def __str__(self) -> str:
        return "write on paper"

    def do(self, _session: Any) -> None:
        self.page[:] = [entry for entry in self.page if entry not in self.removed]
        self.page.extend(self.added)


class _Page:
    """The intents of one kind."""

    def __init__(self, page: list[Entry]) -> None:
        self._page = page

    def place(self, ref: Ref) -> Ref:
        return ref

    def of(self, ref: Ref) -> list[Any]:
        return [intent for where, intent in self._page if where == ref]

    def _serve(self, requests: Iterable[tuple[Ref, Sequence[Any], Any]], *gaps: Gap) -> Planned[Any]:
        """:param requests: each with its namespace, its current intents, and the wanted one"""
        steps, served = [], []
        for ref, there, wanted in requests:
            same = list(there) == [wanted] or (not there and wanted is None)
            removed = () if same else tuple((ref, one) for one in there)
            added = () if same or wanted is None else ((ref, wanted),)
            if removed or added:
                steps.append(Write(self._page, removed, added))
            lines = [[str(one) for _ref, one in entries] for entries in (removed, added)]
            missed = frozenset((family, gap) for family in ("ipv4", "ipv6") for gap in gaps) if added else frozenset()
            served.append(Served(there[0] if there else None, *lines, missed))
        return Planned(steps, served)


class Isolations(_Page):
    def owners(self, ref: Ref) -> list[tuple[str, str]]:
        return [(one.bridge, one.owner) for one in self.of(ref)]

    def neighbours(self, ref: Ref, bridge: str, _family: str) -> tuple[Any, ...]:
        return tuple(pair for one in self.of(ref) if one.bridge == bridge for pair in one.neighbours or ())

    def senders(self, ref: Ref, bridge: str) -> tuple[Any, ...]:
        return tuple(one for network in self.of(ref) if network.bridge == bridge for one in network.senders or ())

    def keeps_names(self, ref: Ref, subnet: Any) -> bool:
        return any(subnet in one.subnets for one in self.of(ref))

    def bridged(self, _ref: Ref, _family: str) -> bool:
        return False

    def forwards(self, _ref: Ref) -> list[str]:
        return []

    def plan(self, requests: Sequence[IsolationRequest]) -> Planned[Isolation]:
        return self._serve(
            (
                (request.netns, self._there(request), request.intent if request.present else None)
                for request in requests
            ),
            Gap.ENTRY,
        )

    def _there(self, request: IsolationRequest) -> list[Isolation]:
        return [one for one in self.of(request.netns) if one.bridge == request.intent.bridge]


class Publications(_Page):
    def of(self, ref: Ref, key: Key | None = None) -> list[Publication]:
        return [one for one in super().of(ref) if key in (None, one.key)]

    def every(self) -> list[Entry]:
        return list(self._page)

    def plan(self, requests: Sequence[PortRequest]) -> Planned[Publication]:
        return self._serve(
            ((request.netns, request.replaces, request.publication) for request in requests), Gap.PUBLICATION
        )


class Translations(_Page):
    def plan(self, requests: Sequence[Request[SourceNat]]) -> Planned[SourceNat]:
        return self._serve(
            (
                (request.netns, self._there(request), request.intent if request.present else None)
                for request in requests
            ),
            Gap.TRANSLATION,
        )

    def _there(self, request: Request[SourceNat]) -> list[SourceNat]:
        return [one for one in self.of(request.netns) if one.key == request.intent.key]


class Paper:
    """Everything that is stored, and what each kind reads of it."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Entry]] = {"bridge_forward": [], "masquerade": [], "dnat": []}

    def have(self, module: str) -> Any:
        kinds = {"bridge_forward": Isolations, "masquerade": Translations, "dnat": Publications}
        return kinds[module](self.pages[module])
