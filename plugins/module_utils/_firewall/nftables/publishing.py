# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Published ports, by maps of nftables."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Gap,
    Planned,
    PortRequest,
    Ref,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import (
    edits,
    layout,
    port_elements,
    port_reading,
    state,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Document


class Publications:
    """The published ports that are there."""

    def __init__(self, tables: state.Tables) -> None:
        self._tables = tables
        self._found = {ref: port_reading.found(table) for ref, table in tables.by_ref.items()}

    def place(self, ref: Ref) -> Ref:
        return self._tables.place(ref)

    def of(self, ref: Ref, key: Key) -> list[Publication]:
        return [one for one in self._there(ref) if one.key == key]

    def _there(self, ref: Ref) -> dict[Publication, port_reading.Found]:
        return self._found.get(self.place(ref), {}) if ref in self._tables.same else {}

    def every(self) -> list[tuple[Ref, Publication]]:
        return [(ref, one) for ref, found in self._found.items() for one in found]

    def plan(self, requests: t.Sequence[PortRequest]) -> Planned[Publication]:
        return state.planned(self._tables, requests, self._task, _served)

    def _task(self, ref: Ref, requests: list[PortRequest]) -> tuple[edits.Task, dict[str, t.Any]]:
        return edits.Task(self._tables.of(ref), self._claims(ref, requests), layout.PUBLICATION), {}

    def _claims(self, ref: Ref, requests: t.Sequence[PortRequest]) -> list[edits.Claim]:
        """In turn, since of two that need the same element the first one gets it and the other a rule."""
        there = self._there(ref)
        replaced = {one for request in requests for one in request.replaces}
        taken = {place: one for one, found in there.items() if one not in replaced for place in found.elements}
        claims = []
        for request in requests:
            wanted = self._wanted(request, taken, there)
            elements: dict[str, list[str]] = {}
            rules: dict[str, list[int]] = {}
            for one in request.replaces:
                for name, key in there[one].elements:
                    elements.setdefault(name, []).append(key)
                for chain, rule in there[one].rules:
                    rules.setdefault(chain, []).append(rule.handle)
            claims.append(edits.Claim(wanted, elements, rules))
        return claims

    def _wanted(
        self,
        request: PortRequest,
        taken: dict[tuple[str, str], Publication],
        there: t.Mapping[Publication, port_reading.Found],
    ) -> Document:
        publication = request.publication
        if publication is None:
            return Document()
        # What is a rule already stays one: its element may be free by now, but nobody would notice.
        ruled = publication in there and bool(there[publication].rules)
        wanted = port_elements.document(publication, lambda name: ruled or _overlaps(taken, name, publication))
        for name, elements in wanted.elements.items():
            taken.update({(name, element.key): publication for element in elements})
        return wanted


def _overlaps(taken: t.Mapping[tuple[str, str], Publication], name: str, publication: Publication) -> bool:
    """Whether the ports of an endpoint are open already, all or some: elements of a set must not overlap."""
    for (other_name, _key), other in taken.items():
        if (
            other_name == name
            and (other.to_address, other.key.protocol) == (publication.to_address, publication.key.protocol)
            and other.to_port.first <= publication.to_port.last
            and publication.to_port.first <= other.to_port.last
        ):
            return True
    return False


def _served(request: PortRequest, share: t.Sequence[edits.Edit]) -> Served[Publication]:
    return Served(request.replaces[0] if request.replaces else None, *state.told(share), _gaps(share, request))


def _gaps(share: t.Sequence[edits.Edit], request: PortRequest) -> frozenset[tuple[str, Gap]]:
    """Whether connections could have gone past the port until now."""
    added = any(edit.added or not edit.removed for edit in share)
    return frozenset({(request.key.family, Gap.PUBLICATION)} if request.publication and added else ())
