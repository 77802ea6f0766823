# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which rules of a chain can stay where they are while others are moved around them."""

from __future__ import annotations

import bisect
import typing as t

R = t.TypeVar("R")


def ascending(ranked: t.Sequence[tuple[int, R]], strictly: bool = False) -> list[tuple[int, R]]:
    """The longest subsequence of positions whose ranks never decrease, or always increase (patience sorting)."""
    pile_of: t.Callable[[t.Any, R], int] = bisect.bisect_left if strictly else bisect.bisect_right
    tails: list[R] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_position, rank) in enumerate(ranked):
        pile = pile_of(tails, rank)
        before.append(ends[pile - 1] if pile else -1)
        tails[pile : pile + 1] = [rank]
        ends[pile : pile + 1] = [number]
    chosen = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chosen.append(ranked[number])
        number = before[number]
    return chosen[::-1]
