# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Veth pairs across namespaces, as read from the host and as simulated while planning."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links

#: The identity of a namespace.
Space = t.Union[tuple[int, int], str]
#: An end, as its namespace and its index there.
Place = tuple[Space, int]


class Pairs(Value):
    """Interfaces by namespace, and the peers of wanted veth ends.

    The peer is None if it is in a namespace without a name. ``refs`` are the references to the namespaces: name, path,
    or None for the host's own.
    """

    links: t.Mapping[Space, Links]
    peers: t.Mapping[Place, Place | None]
    refs: t.Mapping[Space, str | None]


class End:
    """An interface at this point of the plan."""

    def __init__(self, space: Space, link: Link, peer: End | None = None, home: Space | None = None) -> None:
        """
        :param peer: None if it is not a veth, or if the peer is unknown
        :param home: the namespace in which it was found, None for a new one
        """
        self.space, self.link, self.peer, self.home = space, link, peer, home


class Draft:
    """The interfaces after the steps planned so far."""

    def __init__(self, pairs: Pairs) -> None:
        found = [End(space, link, home=space) for space, links in pairs.links.items() for link in links.values()]
        ends = {(end.space, end.link.index): end for end in found}
        for place, peer in pairs.peers.items():
            if peer in ends and place in ends:
                ends[place].peer = ends[peer]
        self._spaces = tuple(pairs.links)
        self._ends = {(end.space, end.link.name): end for end in ends.values()}
        self._by_other_name = {(end.space, name): end for end in ends.values() for name in end.link.alternatives}

    def find(self, space: Space, name: str, by_any_name: bool = False) -> End | None:
        """The end with this name or, if requested, with this alternative name."""
        found = self._ends.get((space, name))
        other = self._by_other_name.get((space, name)) if by_any_name and not found else None
        # Planned steps may have removed or moved it.
        return other if other and self._ends.get((space, other.link.name)) is other else found

    def put(self, end: End, space: Space, name: str) -> None:
        """Move and rename an end to a free place; a moved link is down and on no bridge."""
        del self._ends[end.space, end.link.name]
        if space != end.space:
            end.link = end.link.but(up=False, master=None)
        end.space = space
        end.link = end.link.but(name=name, called=end.link.called or end.link.name)
        self._ends[space, name] = end

    def add(self, first: End, second: End) -> None:
        """Add a pair."""
        first.peer, second.peer = second, first
        for end in (first, second):
            self._ends[end.space, end.link.name] = end

    def links(self) -> dict[Space, Links]:
        """The interfaces that are still in the namespace where they were found, by namespace."""
        left: dict[Space, Links] = {space: {} for space in self._spaces}
        for (space, name), end in self._ends.items():
            if space == end.home:
                left[space][name] = end.link
        return left

    def remove(self, end: End) -> None:
        """Remove a pair, by one of its ends."""
        for gone in (end, end.peer):
            if gone:
                self._ends.pop((gone.space, gone.link.name), None)
