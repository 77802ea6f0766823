# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps run in order, with as few visits as possible."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Plan, execute
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import (
    Aside,
    Joinable,
    Outside,
    Session,
    Silent,
    Step,
    is_joinable,
    joined,
)

OUTSIDE = Outside.OUTSIDE
Where = str | Outside | None


class Places:
    """The part of Host that is used, with namespaces that are just names."""

    def __init__(self, check_mode: bool = False) -> None:
        self.check_mode = check_mode
        self.here: Where = OUTSIDE
        self.visits: list[str | None] = []
        self.tours = 0
        self.done: list[str] = []
        self.warnings: list[str] = []

    def unlearn(self) -> None:
        """Nothing is read here."""

    def tour(self, stops: Iterable[tuple[str | None, Callable[[], Any]]]) -> None:
        self.tours += 1
        for netns, work in stops:
            self.here = netns
            self.visits.append(netns)
            try:
                work()
            finally:
                self.here = OUTSIDE

    @contextlib.contextmanager
    def doing(self, what: str) -> Iterator[None]:
        yield
        self.done.append(what)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@dataclasses.dataclass(frozen=True)
class Note:
    """A step that records where it runs."""

    netns: Where
    number: int
    fails: bool = False

    def __str__(self) -> str:
        return f"step {self.number}" if self.number % 3 else ""

    def do(self, session: Session) -> None:
        assert cast("Places", session.host).here == self.netns
        if self.fails:
            raise KernelRefused(f"step {self.number} failed")
        noted.append(self.number)


noted: list[int] = []
WHERE = st.lists(st.sampled_from([None, "web", "db", OUTSIDE]), max_size=12)


def _run(steps: list[Note], apart: bool = False, check_mode: bool = False) -> Places:
    places = Places(check_mode)
    noted.clear()
    execute(cast(Any, places), Plan([], list(steps), ["mind the gap"], apart))
    return places


@given(WHERE)
def test_all_are_done_in_order_where_they_belong(where: list[Where]) -> None:
    places = _run([Note(netns, number) for number, netns in enumerate(where)])
    assert noted == list(range(len(where)))
    assert places.done == [f"step {number}" for number in noted if number % 3]
    assert places.warnings == ["mind the gap"]


@given(WHERE)
def test_one_visit_for_what_follows_on_one_another_and_one_tour_for_all_of_them(where: list[Where]) -> None:
    places = _run([Note(netns, number) for number, netns in enumerate(where)])
    assert places.visits == [netns for netns, _group in itertools.groupby(where) if netns is not OUTSIDE]
    inside = [netns is not OUTSIDE for netns in where]
    assert places.tours == sum(is_inside for is_inside, _group in itertools.groupby(inside))


@given(WHERE, st.data())
def test_the_first_failure_ends_it(where: list[Where], data: st.DataObject) -> None:
    if where:
        wrong = data.draw(st.integers(0, len(where) - 1))
        with pytest.raises(KernelRefused, match=f"step {wrong} failed"):
            _run([Note(netns, number, number == wrong) for number, netns in enumerate(where)])
        assert noted == list(range(wrong))


@given(st.lists(st.sampled_from([None, "web", "db"]), min_size=1, max_size=12), st.data())
def test_apart_one_namespace_holds_up_no_other(where: list[str | None], data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, len(where) - 1))
    with pytest.raises(KernelRefused, match=f"step {wrong} failed"):
        _run([Note(netns, number, number == wrong) for number, netns in enumerate(where)], apart=True)
    assert noted == [number for number, netns in enumerate(where) if number < wrong or netns != where[wrong]]


def test_check_mode_does_nothing_and_warns() -> None:
    places = _run([Note(None, 1), Note(OUTSIDE, 2)], check_mode=True)
    assert (noted, places.visits, places.warnings) == ([], [], ["mind the gap"])


@dataclasses.dataclass(frozen=True)
class Transaction(Aside, Joinable):
    """Joined by its text, with any but those of another table."""

    text: str
    table: str = "ours"

    def joined(self, _later: Step) -> Step | None:
        assert isinstance(_later, Transaction)
        return Transaction(self.text + _later.text) if _later.table == self.table else None

    def do(self, _session: Session) -> None:
        """Nothing is written here."""


class Program(Aside):
    def do(self, _session: Session) -> None:
        """Nothing is started here."""


class Record(Silent):
    def do(self, _session: Session) -> None:
        """Nothing is recorded here."""


def test_steps_are_joined_in_their_order() -> None:
    before, after = Note(None, 1), Note(None, 2)
    first, record, last = Note(None, 3), Record(), Note(None, 4)
    one = [before, Transaction("a"), after]
    assert joined(one, [first, record, Transaction("b"), last]) == [
        before, first, record, Transaction("ab"), after, last,
    ]  # fmt: skip
    assert joined(one, [first, last]) == [*one, first, last]
    assert joined(one, []) == one


def test_what_has_to_follow_is_not_joined() -> None:
    assert joined([Transaction("a")], [Transaction("b", "another")]) is None
    assert joined([Transaction("a")], [Transaction("b"), Program()]) is None
    assert joined([Transaction("a")], [Program()]) is None
    assert joined([Transaction("a")], [Transaction("b"), Transaction("c")]) is None


def test_steps_can_be_joined_if_their_order_does_not_matter() -> None:
    assert is_joinable([Record(), Transaction("a"), Note(None, 5)])
    assert not is_joinable([Note(None, 5)])
    assert not is_joinable([Transaction("a"), Program()])
    assert not is_joinable([Transaction("a"), Transaction("b")])
    assert not is_joinable([])
