# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""From what intents ask for to the edits of the table, and back: which request each edit serves."""

from __future__ import annotations

import bisect
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import layout
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import (
    Document,
    Element,
    Hook,
    Line,
    Rule,
    Table,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.layout import TABLE
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.sequences import ascending


class Edit(Value):
    """One line of a transaction. ``where`` is the chain or set that it changes."""

    where: str
    command: str
    #: For people to read; empty where it is not worth telling.
    removed: str = ""
    added: str = ""
    #: What the command is about, if it can be about several.
    element: str = ""


class Claim(Value):
    """What one request has in the table and what it asks for instead."""

    wanted: Document
    #: Keys by set, and the handles of rules by chain, in chains that others share.
    elements: t.Mapping[str, t.Collection[str]] = NOTHING
    rules: t.Mapping[str, t.Collection[int]] = NOTHING
    #: Chains that are its own.
    chains: t.Collection[str] = ()

    @property
    def is_about_anything(self) -> bool:
        """Whether the request has something in the table or asks for something."""
        return bool(self.wanted.chains or self.wanted.elements or self.elements or self.rules or self.chains)


class Draft(Value):
    """A transaction, and by request what it does for that."""

    edits: list[Edit]
    shares: list[list[Edit]]
    #: The lines of every chain that has some afterwards, as far as they are ours.
    lines: dict[str, list[Line | None]]


class Task(Value):
    """What a transaction has to achieve: every claim has what it asks for, and a part of what all share is complete."""

    table: Table
    claims: t.Sequence[Claim]
    part: layout.Part
    #: Of the base chain for forwarded packets, None to leave it.
    policy: str | None = None

    def joined(self, other: Task) -> Task | None:
        """Both tasks as one; None if the other one has been made for another state of the table."""
        if not self.table.is_as(other.table):
            return None
        claims = [*self.claims, *other.claims]
        return Task(self.table, claims, self.part.joined(other.part), self.policy or other.policy)


def draft(task: Task) -> Draft:
    """The least edits that achieve it."""
    return _Drafting(task).made()


class _Drafting:
    def __init__(self, task: Task) -> None:
        claims, part = task.claims, task.part
        self._table = task.table
        self._claims = claims
        self._sets = [*part.sets, *_asked(part.sets, (claim.wanted.elements for claim in claims))]
        self._shared = [*part.chains, *_asked(part.chains, (_shared_chains(claim) for claim in claims))]
        self._policy = task.policy
        self._shares: list[list[Edit]] = [[] for _claim in claims]
        building = [number for number, claim in enumerate(claims) if claim.wanted.chains or claim.wanted.elements]
        #: The requests that need the constant part; where none does, the first of all has it repaired.
        self._sharing = building or [0]
        self._edits: dict[str, list[Edit]] = {
            word: [] for word in ("declare", "free", "remove", "add", "fill", "delete")
        }
        self._lines: dict[str, list[Line | None]] = {}

    def made(self) -> Draft:
        if self._nothing_stays():
            if self._table.exists:
                whole = Edit("", f"delete table {TABLE}", f"table {TABLE}")
                # Everybody whose last part this is had a share in it.
                for number, _claim in enumerate(self._claims):
                    self._shares[number].append(whole)
                return Draft([whole], self._shares, {})
            return Draft([], self._shares, {})
        if not any(claim.is_about_anything for claim in self._claims):
            # The table is there for others, who see to what they share.
            return Draft([], self._shares, {})
        self._declare()
        self._set_elements()
        for chain in dict.fromkeys((*self._shared, *self._own_chains())):
            self._set_rules(chain)
        return Draft([edit for group in self._edits.values() for edit in group], self._shares, self._lines)

    def _nothing_stays(self) -> bool:
        """Whether no network, port or source is left."""
        if any(claim.wanted.chains or claim.wanted.elements for claim in self._claims):
            return False
        gone = {(name, key) for claim in self._claims for name, keys in claim.elements.items() for key in keys}
        handles = {(chain, one) for claim in self._claims for chain, found in claim.rules.items() for one in found}
        own = {chain for claim in self._claims for chain in claim.chains}
        staying = any(
            (name, key) not in gone and element.comment
            for name, there in self._table.elements.items()
            for key, element in there.items()
        )
        ruled = any(
            rule.comment not in (None, layout.SHARED) and (chain, rule.handle) not in handles
            for chain, rules in self._table.rules.items()
            if chain not in own
            for rule in rules
        )
        return not staying and not ruled

    def _note(self, group: str, number: int | None, edit: Edit) -> None:
        """
        :param number: the request that it serves; None for what all of them share
        """
        self._edits[group].append(edit)
        for one in self._sharing if number is None else [number]:
            self._shares[one].append(edit)

    def _declare(self) -> None:
        table = self._table
        if not table.exists:
            self._note("declare", None, Edit("", f"add table {TABLE}"))
        elif table.dormant:
            # Without flags, it wakes.
            self._note("declare", None, Edit("", f"add table {TABLE}", f"table {TABLE}: dormant"))
        for name in self._sets:
            if name not in table.elements:
                kind = layout.SETS[name]
                self._note("declare", None, Edit(name, f"add {kind.word} {TABLE} {name} {kind}"))
        for name in self._shared:
            if name in layout.BASE:
                self._declare_base(name, layout.BASE[name])
        for name in (*self._shared, *self._wanted_chains()):
            if name not in table.hooks and name not in layout.BASE:
                self._note("declare", self._owner_of(name), Edit(name, f"add chain {TABLE} {name}"))

    def _declare_base(self, name: str, hook: Hook) -> None:
        found = self._table.hooks.get(name)
        policy = found.policy if found and name == layout.FORWARD else hook.policy
        if name == layout.FORWARD and self._policy:
            policy = self._policy
        wanted = hook._replace(policy=policy)
        if found == wanted:
            return
        if name in self._table.hooks and (found is None or found._replace(policy=policy) != wanted):
            # Type, hook and priority of a chain cannot be changed.
            self._note("declare", None, Edit(name, f"flush chain {TABLE} {name}"))
            self._note("declare", None, Edit(name, f"delete chain {TABLE} {name}"))
            self._table.rules[name] = []
        removed = f"chain {name} {found}" if found else ""
        self._note("declare", None, Edit(name, f"add chain {TABLE} {name} {wanted}", removed, f"chain {name} {wanted}"))

    def _wanted_chains(self) -> list[str]:
        return list(dict.fromkeys(chain for claim in self._claims for chain in claim.wanted.chains))

    def _own_chains(self) -> list[str]:
        return list(dict.fromkeys(chain for claim in self._claims for chain in (*claim.wanted.chains, *claim.chains)))

    def _owner_of(self, chain: str) -> int | None:
        """The request that a chain is for, None for what all share."""
        for number, claim in enumerate(self._claims):
            if chain in claim.chains or (chain in claim.wanted.chains and chain not in layout.CONSTANT):
                return number
        return None

    def _set_elements(self) -> None:
        claimed: set[tuple[str, str]] = set()
        for number, claim in enumerate(self._claims):
            wanted = {name: {one.key: one for one in elements} for name, elements in claim.wanted.elements.items()}
            for name, keys in claim.elements.items():
                for key in keys:
                    claimed.add((name, key))
                    if wanted.get(name, {}).get(key) != self._table.elements[name].get(key):
                        self._drop_element(number, name, self._table.elements[name][key])
            for name, elements in wanted.items():
                there = self._table.elements.get(name, {})
                new = [one for one in elements.values() if there.get(one.key) != one]
                for element in new:
                    if element.key in there and (name, element.key) not in claimed:
                        self._drop_element(number, name, there[element.key])
                        claimed.add((name, element.key))
                self._add_elements(number, name, new)
        for name in self._sets:
            for element in self._table.elements.get(name, {}).values():
                if (name, element.key) not in claimed and not element.comment:
                    self._drop_element(None, name, element)

    def _drop_element(self, number: int | None, name: str, element: Element) -> None:
        told = f"{layout.SETS[name].word} {name}: {element}"
        self._note("free", number, Edit(name, f"delete element {TABLE} {name}", told, element=element.key))

    def _add_elements(self, number: int, name: str, elements: t.Sequence[Element]) -> None:
        for element in elements:
            told = f"{layout.SETS[name].word} {name}: {element}"
            self._note("fill", number, Edit(name, f"add element {TABLE} {name}", "", told, str(element)))

    def _set_rules(self, chain: str) -> None:
        have = self._table.rules.get(chain, [])
        owner: dict[Line, int] = {}
        claimed: dict[int, int] = {}
        for number, claim in enumerate(self._claims):
            owner.update(dict.fromkeys(claim.wanted.chains.get(chain, ()), number))
            claimed.update(dict.fromkeys(claim.rules.get(chain, ()), number))
        shared = chain in layout.CONSTANT
        wanted = self._merged(chain, have, owner, claimed) if shared else list[t.Union[Line, Rule]](owner)
        mine = self._owner_of(chain)
        kept = _kept(have, wanted)
        for number, rule in enumerate(have):
            if number not in kept:
                told = f"chain {chain}: {_told(rule)}"
                command = f"delete rule {TABLE} {chain} handle {rule.handle}"
                self._note("remove", claimed.get(rule.handle, mine), Edit(chain, command, told))
        places = {place: have[number].handle for number, place in kept.items()}
        handles = [places.get(place) for place in range(len(wanted))]
        for place, entry in enumerate(wanted):
            if handles[place] is None and isinstance(entry, Line):
                following = next((handle for handle in handles[place + 1 :] if handle is not None), None)
                verb = "add rule" if following is None else "insert rule"
                position = "" if following is None else f" position {following}"
                command = f"{verb} {TABLE} {chain}{position} {entry}"
                self._note("add", owner.get(entry, mine), Edit(chain, command, "", f"chain {chain}: {entry.text}"))
        self._lines[chain] = [entry if isinstance(entry, Line) else entry.line for entry in wanted]
        if not wanted and chain in self._table.hooks and chain not in layout.CONSTANT:
            del self._lines[chain]
            self._note("delete", mine, Edit(chain, f"delete chain {TABLE} {chain}"))

    def _merged(
        self, chain: str, have: t.Sequence[Rule], owner: t.Iterable[Line], claimed: t.Container[int]
    ) -> list[Line | Rule]:
        """The rules of a shared chain: the constant ones, those asked for, and those of others, by rank."""
        fixed = sorted([*layout.CONSTANT[chain], *owner], key=lambda line: line.rank)
        made: list[Line | Rule] = list(fixed)
        ranks = [line.rank for line in fixed]
        last: tuple[t.Any, ...] = ()
        for rule in have:
            if rule.handle in claimed or rule.comment in (None, layout.SHARED):
                continue
            # A rule of another network that somebody changed stays for that network's own run to judge.
            rank = rule.line.rank if rule.line else last
            place = bisect.bisect_right(ranks, rank)
            ranks.insert(place, rank)
            made.insert(place, rule.line if rule.line and rule.line not in made else rule)
            last = rank
        return made


def _asked(known: t.Container[str], asked: t.Iterable[t.Iterable[str]]) -> list[str]:
    """What is asked for beside that."""
    return list(dict.fromkeys(name for names in asked for name in names if name not in known))


def _shared_chains(claim: Claim) -> t.Iterator[str]:
    yield from (chain for chain in (*claim.wanted.chains, *claim.rules) if chain in layout.CONSTANT)


def _told(rule: Rule) -> str:
    """A rule for people to read. One that reads like what we wrote may still not be the same to the kernel."""
    if rule.line:
        return rule.line.text
    return f"{rule.shown} (not recorded)" if rule.shown else "a rule that was changed, which nft does not list"


def _kept(have: t.Sequence[Rule], wanted: t.Sequence[Line | Rule]) -> dict[int, int]:
    """The rules that stay where they are, by position, with their positions among those wanted: as many as can be."""
    places: dict[t.Any, int] = {}
    for place, entry in enumerate(wanted):
        places[entry if isinstance(entry, Line) else entry.handle] = place
    pairs = []
    for number, rule in enumerate(have):
        found = places.get(rule.line) if rule.line is not None else None
        found = places.get(rule.handle) if found is None else found
        if found is not None:
            pairs.append((number, found))
    return dict(ascending(pairs, strictly=True))
