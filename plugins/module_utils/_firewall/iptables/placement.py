# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Bring the managed rules of a chain into order with as few edits as possible.

A rule's rank decides what it must come after; equal ranks may be in any order. Unmanaged rules stay where they are:
foreign ones, and those of other owners, whose ranks count as far as they agree with each other. A foreign rule that
takes every packet (rank END) ends the chain, so all rules that have to work come before it.
"""

from __future__ import annotations

import bisect
import collections
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Edit
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.sequences import ascending

Rank = tuple[int, ...]
#: The rank of a rule that no packet gets past.
END: Rank = (1 << 30,)

RankOf = t.Callable[[str], t.Optional[Rank]]


class _Wanted:
    """The wanted texts in order, with their ranks. One without a rank is treated as the first."""

    def __init__(self, texts: t.Sequence[str], rank: RankOf) -> None:
        self.order = {text: number for number, text in enumerate(texts)}
        self._rank = rank

    def rank(self, text: str) -> Rank:
        return self._rank(text) or (0,)


def edits(
    chain: str, current: t.Sequence[str], wanted: t.Sequence[str], managed: t.Container[str], rank: RankOf
) -> list[Edit]:
    """The edits that leave exactly the ``wanted`` of the ``managed`` texts in the chain, once each and by rank.

    :param current: the texts of the chain's rules
    :param wanted: a subset of the managed texts, without duplicates
    :param rank: ranks a text; None means that it may be anywhere
    """
    order = _Wanted(wanted, rank)
    anchors = _steady(current, managed, rank)
    kept = _kept(current, order, managed, anchors)
    deleted = [text for number, text in enumerate(current) if text in managed and number not in kept]
    staying = [number for number, text in enumerate(current) if text not in managed or number in kept]
    ranked = {**anchors, **kept}
    places = [(place, ranked[number]) for place, number in enumerate(staying) if number in ranked]
    there = {current[number] for number in kept}
    new = sorted((text for text in wanted if text not in there), key=order.rank)
    removals = [Edit("D", chain, text) for text in deleted]
    return removals + _insertions(chain, [current[number] for number in staying], places, new, order)


def _steady(current: t.Sequence[str], managed: t.Container[str], rank: RankOf) -> dict[int, Rank]:
    """Unmanaged rules that ours are placed around, by position: the most that agree with each other, up to the end."""
    ranked: list[tuple[int, Rank]] = []
    for number, text in enumerate(current):
        found = None if text in managed else rank(text)
        if found == END:
            return {**dict(ascending(ranked)), number: END}
        if found is not None:
            ranked.append((number, found))
    return dict(ascending(ranked))


def _kept(
    current: t.Sequence[str], wanted: _Wanted, managed: t.Container[str], anchors: dict[int, Rank]
) -> dict[int, Rank]:
    """The managed rules that stay, by position: wanted, present once, and in order.

    If a rule is there twice, all copies are deleted: deletion is by text and hits the first copy, which may be the one
    to keep.
    """
    count = collections.Counter(current)
    places = sorted(anchors)
    ranked = []
    for number, text in enumerate(current):
        if text not in managed or text not in wanted.order or count[text] > 1:
            continue
        own = wanted.rank(text)
        after = bisect.bisect(places, number)
        above_fits = after == 0 or anchors[places[after - 1]] <= own
        below_fits = after == len(places) or anchors[places[after]] >= own
        if above_fits and below_fits:
            ranked.append((number, own))
    return dict(ascending(ranked))


def _insertions(
    chain: str, staying: t.Sequence[str], ranked: t.Sequence[tuple[int, Rank]], new: t.Sequence[str], wanted: _Wanted
) -> list[Edit]:
    """Insert each new rule below the last one that it may follow, or else above the first that it must precede.

    :param staying: the texts that stay
    :param ranked: the positions among them of ranked rules, with their ranks
    """
    ranks = [found for _place, found in ranked]
    made = []
    for done, text in enumerate(new):
        own = wanted.rank(text)
        first, end = bisect.bisect_left(ranks, own), bisect.bisect_right(ranks, own)
        place = _beside_siblings(staying, [place for place, _rank in ranked[first:end]], text, wanted)
        if place is None:
            place = ranked[end - 1][0] + 1 if end else ranked[0][0] if ranked else len(staying)
        # New rules come in order of rank, so each goes below those already inserted.
        position = place + done
        last = position == len(staying) + done
        made.append(Edit("A", chain, text) if last else Edit("I", chain, text, position + 1))
    return made


def _beside_siblings(staying: t.Sequence[str], places: t.Sequence[int], text: str, wanted: _Wanted) -> int | None:
    """Where a rule goes among others of equal rank: any position is right, but this one restores the wanted order."""
    mine = wanted.order[text]
    siblings = [(place, wanted.order[staying[place]]) for place in places if staying[place] in wanted.order]
    above = [place + 1 for place, order in siblings if order < mine]
    return above[-1] if above else siblings[0][0] if siblings else None
