# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads veth pairs across namespaces.

An end shows the index of its peer and the nsid of the peer's namespace, which is only valid in the end's namespace. The
kernel does not map an nsid to a namespace, only a namespace to its nsid. So the expected namespace is tried first, and
all other named ones only if that was wrong.
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, namespaces
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.simulated_pairs import Pairs, Place

#: An end to look for: its name, and the expected namespace of its peer.
Wanted = tuple[str, t.Optional[str]]


def read(host: Host, wanted: t.Mapping[str | None, t.Sequence[Wanted]]) -> tuple[dict[str | None, Identity], Pairs]:
    """The interfaces of namespaces, given by reference with the ends to look for in each.

    :return: the namespace of each reference, and the pairs
    """
    reading = _Reading(host)
    for ref in wanted:
        reading.open(ref)
    by_space: dict[Identity, list[Wanted]] = {}
    for ref, ends in wanted.items():
        by_space.setdefault(reading.spaces[ref], []).extend(ends)
    reading.visit_all(by_space)
    reading.search_everywhere()
    reading.leave_out(host.ended)
    return reading.spaces, Pairs(reading.links, reading.peers, reading.refs)


class _Reading:
    def __init__(self, host: Host) -> None:
        self._host = host
        self.spaces: dict[str | None, Identity] = {}
        self.refs: dict[Identity, str | None] = {}
        self.links: dict[Identity, Links] = {}
        self.peers: dict[Place, Place | None] = {}
        #: Ends whose peer is in none of the namespaces tried so far.
        self._lost: dict[Identity, list[Link]] = {}

    def open(self, ref: str | None) -> Identity:
        if ref not in self.spaces:
            self.spaces[ref] = self._host.identity(ref)
            self.refs.setdefault(self.spaces[ref], ref)
        return self.spaces[ref]

    def visit_all(self, wanted: t.Mapping[Identity, t.Sequence[Wanted]]) -> None:
        """Dump namespaces, and find the peers of wanted ends where they are expected."""
        for space, ends in wanted.items():
            for _name, expected in ends:
                self.open(expected)
            known = self._host.known_links(space)
            if known:
                self.links[space] = known
        own = [space for space in wanted if self.refs[space] is None]
        # A dump of the host's own ends shows their peers, so those need not be looked up from the other side.
        for some in (own, [space for space in wanted if space not in own]):
            left = [space for space in some if space not in self.links or any(self._unpaired(space, wanted[space]))]
            self._host.tour((self.refs[space], functools.partial(self._look, space, wanted[space])) for space in left)

    def _unpaired(self, space: Identity, ends: t.Sequence[Wanted]) -> t.Iterator[tuple[Link, str | None]]:
        """The ends that exist and whose peers are not known yet, each with the expected namespace."""
        others = {other: link for link in self.links[space].values() for other in link.alternatives}
        for name, expected in ends:
            link = self.links[space].get(name) or others.get(name)
            if link and link.kind == "veth" and (space, link.index) not in self.peers:
                yield link, expected

    def _look(self, space: Identity, ends: t.Sequence[Wanted]) -> None:
        with Reader(None if self.refs[space] is None else self._host.limit) as reader:
            if space not in self.links:
                self.links[space] = dumps.links(reader)
            numbers: dict[int | None, Identity] = {None: space}
            asked = {space}
            for link, expected in self._unpaired(space, ends):
                other = self.spaces[expected]
                if other not in asked:
                    asked.add(other)
                    self._learn(reader, numbers, other, self._host.fd(expected))
                self._pair(space, link, numbers)

    def _learn(self, reader: Reader, numbers: dict[int | None, Identity], other: Identity, fd: int) -> None:
        number = dumps.nsid(reader, fd)
        if number is not None:
            numbers[number] = other

    def _pair(self, space: Identity, link: Link, numbers: t.Mapping[int | None, Identity]) -> None:
        here: Place = (space, link.index)
        # A peer that is being deleted no longer has an index.
        if link.peer_index and link.peer_nsid in numbers:
            there: Place = (numbers[link.peer_nsid], link.peer_index)
            self.peers[here] = there
            self.peers[there] = here
        else:
            self._lost.setdefault(space, []).append(link)

    def search_everywhere(self) -> None:
        """Look for missing peers in every named namespace and in the host's own."""
        if not self._lost:
            return
        lost, self._lost = self._lost, {}
        named = [None, *(name for name in namespaces.names() if self._host.hold(name)), *self._host.replaced]
        for ref in named:
            self.open(ref)
        for space, links in lost.items():
            self._host.run(self.refs[space], functools.partial(self._search, space, links))
        self.visit_all({place[0]: () for place in self.peers.values() if place and place[0] not in self.links})
        for space, links in self._lost.items():
            for link in links:
                self.peers[space, link.index] = None

    def leave_out(self, ended: t.Collection[Identity]) -> None:
        """Leave out pairs that would go with namespaces that check mode assumes to be removed."""
        pairs = [(place, peer) for place, peer in self.peers.items() if peer] if ended else []
        for space, index in [place for place, peer in pairs if peer[0] in ended or place[0] in ended]:
            del self.peers[space, index]
            self.links[space] = {name: link for name, link in self.links[space].items() if link.index != index}

    def _search(self, space: Identity, links: t.Sequence[Link]) -> None:
        numbers: dict[int | None, Identity] = {None: space}
        with Reader() as reader:
            for other, ref in self.refs.items():
                if other != space:
                    self._learn(reader, numbers, other, self._host.fd(ref))
        for link in links:
            self._pair(space, link, numbers)
