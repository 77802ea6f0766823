# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""From guards that ports should have to the lines of a transaction, and which guard each line serves."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import port_guards
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.port_guards import (
    TABLE,
    Element,
    Guard,
    Place,
    Table,
)


class Claim(Value):
    """What a port has under an owner, and what it should have instead; None for nothing."""

    owner: str
    interface: str
    guard: Guard | None


class Share(Value):
    """What a transaction does for one claim, for people to read."""

    removed: list[str]
    added: list[str]


class Draft(Value):
    commands: list[str]
    shares: list[Share]


def draft(table: Table, claims: t.Sequence[Claim]) -> Draft:
    """The least edits after which every claim has what it should have, and the rules are complete."""
    return _Drafting(table, claims).made()


class _Drafting:
    def __init__(self, table: Table, claims: t.Sequence[Claim]) -> None:
        self._table = table
        self._claims = claims
        self._shares = [Share([], []) for _claim in claims]
        #: The claim that the constant part is told with.
        self._first = next((number for number, claim in enumerate(claims) if claim.guard), 0)
        self._gone: dict[str, list[str]] = {}
        self._new: dict[str, list[str]] = {}

    def made(self) -> Draft:
        after = self._elements()
        if not after:
            if self._table.exists:
                self._shares[self._first].removed.append(f"table {TABLE}")
                return Draft([f"delete table {TABLE}"], self._shares)
            return Draft([], self._shares)
        free = [line for name in reversed(port_guards.SETS) for line in self._of_set("delete", name, self._gone)]
        fill = [line for name in port_guards.SETS for line in self._of_set("add", name, self._new)]
        return Draft([*free, *self._constant(), *fill], self._shares)

    def _of_set(self, verb: str, name: str, those: t.Mapping[str, list[str]]) -> t.Iterator[str]:
        return nftables_table.of_elements(f"{verb} element {TABLE} {name}", those.get(name, []))

    def _elements(self) -> dict[Place, Element]:
        """The elements afterwards."""
        after = dict(self._table.elements)
        whose = {(claim.owner, claim.interface): number for number, claim in enumerate(self._claims)}
        wanted: dict[Place, tuple[int, Element]] = {}
        for number, claim in enumerate(self._claims):
            for place, element in port_guards.elements(claim.guard).items() if claim.guard else ():
                wanted.setdefault(place, (number, element))
        for place, element in self._table.elements.items():
            mark = port_guards.parse_comment(element.comment)
            number, new = wanted.get(place, (whose.get(mark, self._first) if mark else self._first, None))
            # What nobody has made would let others send through a port. What another port has made stays.
            others = mark is not None and mark not in whose and (new is None or element.verdict == new.verdict)
            if element != new and not others:
                self._drop(number, place, element)
                del after[place]
        for place, (number, element) in wanted.items():
            if place not in after:
                after[place] = element
                value = f" : {element.verdict}" if element.verdict else ""
                text = f'{place[1]} comment "{element.comment}"{value}'
                self._new.setdefault(place[0], []).append(text)
                self._shares[number].added.append(f"{place[0]}: {text}")
        return after

    def _drop(self, number: int, place: Place, element: Element) -> None:
        self._gone.setdefault(place[0], []).append(place[1])
        told = f' comment "{element.comment}"' if element.comment else ""
        self._shares[number].removed.append(f"{place[0]}: {place[1]}{told}")

    def _constant(self) -> t.Iterator[str]:
        """The lines that make or repair the constant part: a chain with another rule is written anew."""
        table, share = self._table, self._shares[self._first]
        if not table.exists:
            yield f"add table {TABLE}"
        elif table.dormant:
            # Without flags, it wakes.
            share.removed.append(f"table {TABLE}: dormant")
            yield f"add table {TABLE}"
        for name, text in port_guards.SETS.items():
            if name not in table.sets:
                word, declaration = text.format(f"{TABLE} {name}").split(" ", 1)
                yield f"add {word} {declaration}"
        unhooked = [name for name in port_guards.HOOKS if name not in table.hooked]
        for name in unhooked:
            if name in table.chains:
                share.removed.append(f"chain {name}, which was called elsewhere")
                yield f"flush chain {TABLE} {name}"
                yield f"delete chain {TABLE} {name}"
        wrong = [name for name in port_guards.RULES if not table.chains.get(name) or name in unhooked]
        for name in wrong:
            if name in table.chains and name not in unhooked:
                share.removed.append(f"chain {name}, which was changed")
                yield f"flush chain {TABLE} {name}"
            else:
                yield f"add chain {TABLE} {name}{_hook(name)}"
            share.added.append(f"chain {name}")
        for name in wrong:
            for rule in port_guards.RULES[name]:
                yield f'add rule {TABLE} {name} {rule} comment "{port_guards.SHARED}"'


def _hook(chain: str) -> str:
    """Where a chain is called, empty for one that others call."""
    hook = port_guards.HOOKS.get(chain)
    return " {{ type {} hook {} priority {}; policy {}; }}".format(*hook) if hook else ""
