# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a table of nftables consists of: rules by chain, elements by set."""

from __future__ import annotations

import typing as t

#: Orders the rules of a chain that several networks share; unique within a chain as far as the order matters.
Rank = tuple[t.Union[int, str], ...]


class Line(t.NamedTuple):
    """A rule as it is written: without the comment, which names its owner."""

    text: str
    comment: str
    rank: Rank = ()

    def __str__(self) -> str:
        return f'{self.text} comment "{self.comment}"'


class Element(t.NamedTuple):
    """An element of a set, or with a value of a map."""

    key: str
    comment: str
    value: str | None = None

    def __str__(self) -> str:
        value = f" : {self.value}" if self.value else ""
        return f'{self.key} comment "{self.comment}"{value}'


class Document:
    """A part of the table that one intent asks for."""

    def __init__(self, chains: dict[str, list[Line]] | None = None) -> None:
        self.chains = chains or {}
        self.elements: dict[str, list[Element]] = {}

    def add(self, chain: str, lines: t.Iterable[Line]) -> None:
        self.chains.setdefault(chain, []).extend(lines)

    def include(self, name: str, elements: t.Iterable[Element]) -> None:
        self.elements.setdefault(name, []).extend(elements)


class Rule(t.NamedTuple):
    """A rule that is there."""

    handle: int
    #: Its digest; equal rules have equal ones.
    digest: str
    comment: str | None
    #: What we wrote it as; None for a rule that we did not write, or that somebody replaced.
    line: Line | None
    #: Such a rule in the words of nft, None where nft does not show it.
    shown: str | None = None


class Hook(t.NamedTuple):
    """Where a base chain is called, as the kernel numbers it."""

    kind: str
    hook: str
    priority: int
    policy: str = "accept"

    def __str__(self) -> str:
        return f"{{ type {self.kind} hook {self.hook} priority {self.priority}; policy {self.policy}; }}"


class Table:
    """The table that is there, empty if there is none."""

    def __init__(
        self,
        exists: bool = False,
        hooks: dict[str, Hook | None] | None = None,
        rules: dict[str, list[Rule]] | None = None,
    ) -> None:
        self.exists = exists
        #: Whether it is there and no chain of it is called.
        self.dormant = False
        self.hooks = hooks or {}
        self.rules = rules or {}
        #: By the name of a set, by key.
        self.elements: dict[str, dict[str, Element]] = {}

    def is_as(self, other: Table) -> bool:
        """Whether the other one is the same table, or has the same content."""
        return self is other or vars(self) == vars(other)
