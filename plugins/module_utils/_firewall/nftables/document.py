# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a table of nftables consists of: rules by chain, elements by set."""

from __future__ import annotations

import dataclasses
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


@dataclasses.dataclass
class Document:
    """A part of the table that one intent asks for."""

    chains: dict[str, list[Line]] = dataclasses.field(default_factory=dict)
    elements: dict[str, list[Element]] = dataclasses.field(default_factory=dict)

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


class Hook(t.NamedTuple):
    """Where a base chain is called, as the kernel numbers it."""

    kind: str
    hook: str
    priority: int
    policy: str = "accept"

    def __str__(self) -> str:
        return f"{{ type {self.kind} hook {self.hook} priority {self.priority}; policy {self.policy}; }}"


@dataclasses.dataclass
class Table:
    """The table that is there, empty if there is none."""

    exists: bool = False
    hooks: dict[str, Hook | None] = dataclasses.field(default_factory=dict)
    rules: dict[str, list[Rule]] = dataclasses.field(default_factory=dict)
    #: By the name of a set, by key.
    elements: dict[str, dict[str, Element]] = dataclasses.field(default_factory=dict)
