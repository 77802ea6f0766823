# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the measurements of benchmarks/scale are evaluated: medians, what was given up, ratios, and label positions."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.beside_ansible import ROWS
from benchmarks.own_time import COLUMNS
from benchmarks.scale import aims, cells, page, plot, record
from benchmarks.scale.aims import Span
from benchmarks.scale.cells import Cell, Found
from tests.lab.paths import REPOSITORY


def cost(seconds: float) -> Cell:
    return {"seconds": seconds, "cpu": seconds / 2, "memory": 50.0, "processes": 7}


def exactly(number: float) -> Span:
    return Span(number, number)


def row(**builds: float) -> dict[str, dict[str, Cell]]:
    """By contestant; an underscore stands for a space in its name."""
    return {name.replace("_", " "): {"build": cost(seconds)} for name, seconds in builds.items()}


def judged(these: Iterable[aims.Aim]) -> dict[str, tuple[str, bool | None]]:
    return {aim.what: (str(aim.found), aim.met) for aim in these}


def test_the_median_counts_with_the_number_of_rounds() -> None:
    lives = [{"build": cost(seconds)} for seconds in (4.0, 1.0, 2.0)]
    assert cells.median(lives) == {"build": {**cost(2.0), "rounds": 3}}


def test_one_round_without_an_end_has_no_median() -> None:
    lives = [{"build": cost(500.0), "move": cost(1.0)}, {"build": cells.given_up(600.0)}]
    assert cells.median(lives) == {"build": cells.given_up(600.0), "move": {**cost(1.0), "rounds": 1}}


def test_after_a_stage_that_did_not_end_well_there_is_no_other() -> None:
    assert cells.unreached({"build": cost(1.0)}) is None
    assert cells.unreached({"build": cells.given_up(600.0)}) == {"why": "not reached: build more than 600 s"}


def test_what_was_given_up_is_not_tried_with_more() -> None:
    life = {"build": cost(500.0), "add": cells.given_up(600.0), "remove": {"why": "not reached"}}
    why = "not tried, since it took more than 600 s with 100"
    assert cells.is_given_up(life)
    assert cells.untried(life, 100) == {
        "build": {"why": why, "more_than": 500.0},
        "add": {"why": why, "more_than": 600.0},
        "remove": {"why": why},
    }


def test_a_failure_says_why_and_is_not_given_up() -> None:
    life = {"build": cells.failed("docker: exit 1\nno such image\n")}
    assert cells.is_failed(life)
    assert not cells.is_given_up(life)
    assert cells.told(life["build"]) == "failed: no such image"
    assert cells.failed("docker: exit 1\nError: no such image\nsee --help")["why"] == "failed: Error: no such image"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (exactly(1234.5), "1234"),
        (exactly(12.34), "12.3"),
        (exactly(0.0123), "0.0123"),
        (exactly(99.7), "100"),
        (Span(30.0, math.inf), "more than 30"),
        (Span(0.0, 2.5), "less than 2.5"),
        (Span(0.0, math.inf), "not known"),
    ],
)
def test_how_a_span_is_told(span: Span, text: str) -> None:
    assert str(span) == text


def test_a_ratio_to_what_was_given_up_is_a_bound() -> None:
    long, short = Span(600.0, math.inf), exactly(20.0)
    assert long / short == Span(30.0, math.inf)
    assert short / long == Span(0.0, 20.0 / 600.0)
    assert long / long == Span(0.0, math.inf)


positive = st.floats(0.001, 1e6)


@given(positive, positive, positive)
def test_a_bound_never_tells_more_than_the_measurement_would(seconds: float, more: float, other: float) -> None:
    bound = Span(seconds, math.inf) / exactly(other)
    real = exactly(seconds + more) / exactly(other)
    for limit in (0.5, 1.0, 30.0):
        assert aims.at_least("", bound, limit).met in (None, aims.at_least("", real, limit).met)
        assert aims.at_most("", bound, exactly(limit)).met in (None, aims.at_most("", real, exactly(limit)).met)


def test_the_aims() -> None:
    role = {"build": cost(30.0), "remove": cost(16.0)}
    found: Found = {
        "100": row(role=6.0),
        "1000": {
            **row(expert=20.0, floor=8.0, CNI=310.0, netavark=200.0, docker_run=800.0),
            "plain Ansible": {"build": cells.given_up(1800.0)},
            "role": role,
        },
    }
    assert judged(aims.aims(found)) == {
        "the role's build, in times the expert's": ("1.5", True),
        "the role's build in seconds; three times the floor's and 4 s are allowed": ("30", False),
        "the build of CNI, in times the role's": ("10.3", True),
        "the build of netavark, in times the role's": ("6.67", False),
        "the build of docker run, in times the role's": ("26.7", False),
        "the build of plain Ansible, in times the role's": ("more than 60", None),
        "the role's teardown, in times its build": ("0.533", False),
        "the role's build per endpoint, in times that with 100": ("0.5", True),
        "the memory of a module of the role, in MB": ("less than 52.4", True),
    }


def test_enough_is_what_decides() -> None:
    name = "docker run"
    found: Found = {"1000": row(role=10.0)}
    seconds = aims.enough(found, 1000, name)
    assert seconds == pytest.approx(315)
    found["1000"][name] = {"build": cells.given_up(seconds or 0)}
    (met,) = (told for what, told in judged(aims.aims(found)).items() if name in what)
    assert met == ("more than 31.5", True)
    assert aims.enough(found, 1000, "expert") is None
    assert aims.enough({"1000": row(expert=10.0)}, 1000, name) is None


def test_nothing_is_judged_of_what_was_not_measured() -> None:
    for found in ({}, {"10": row(floor=1.0)}):
        assert set(judged(aims.aims(found)).values()) == {("not known", None)}
    assert set(judged(aims.of_modules({})).values()) == {("not known", None)}
    assert set(judged(page.judged({})).values()) == {("not known", None)}


def test_the_modules_are_judged_by_the_slowest() -> None:
    own = {"netns": {"imports": 30.0, "work": 220.0}, "bridge_network": {"imports": 160.0, "work": 50.0}}
    assert judged(aims.of_modules(own)) == {
        "what a module imports beside Ansible, in milliseconds": ("160", False),
        "the same and its work for three endpoints, in milliseconds": ("250", True),
    }


def test_the_role_is_judged_beside_ansible_alone() -> None:
    rows = {"build": {"role": 3.0, "alone": 2.0, "ratio": 1.5}, "no change": {"role": 2.2, "alone": 2.0, "ratio": 1.1}}
    assert judged(aims.beside_ansible(rows, {"build": 1.25, "no change": 1.1, "moved": 2.0})) == {
        "build, in times Ansible alone": ("1.5", False),
        "no change, in times Ansible alone": ("1.1", True),
        "moved, in times Ansible alone": ("not known", None),
    }


PART = {
    "date": "2026-11-26",
    "state": "0123abc",
    "kernel": "6.18",
    "processors": 2,
    "ansible-core": "2.19",
    "rounds": 3,
}


def test_the_page_says_of_each_part_when_it_was_measured() -> None:
    rows = {one.what: {"role": 3.0, "alone": 2.0, "ratio": 1.5} for one in ROWS}
    own = {"bridge_network": dict.fromkeys(COLUMNS, 30.0)}
    versions = {"versions": {"netavark": "1.4.0"}, "budget": 130.0, "enough": True}
    measured = {
        "rivals": {**PART, **versions, "date": "2026-11-21", "seconds": 7200, "costs": {"10": row(role=2.0)}},
        "beside": {**PART, "seconds": 600, "rows": rows},
        "modules": {**PART, "date": "2026-11-25", "seconds": 60, "own_time": own},
    }
    told = " ".join("\n".join(page.lines(measured)).split())
    for when in ("2026-11-21 (0123abc) in 2.0 hours", "2026-11-26 (0123abc) in 10 minutes", "2026-11-25 (0123abc) in"):
        assert f"Measured on {when}" in told
    assert "| One endpoint, build, in times Ansible alone | at most 1.25 | 1.5 | **not met** |" in told
    assert "| one endpoint, build | 3.00 s | 2.00 s | 1.50 |" in told


def test_what_was_measured_of_a_part_stays_when_another_one_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(record, "FILE", tmp_path / "scale.json")
    record.save(record.BESIDE, {"rows": {"build": {"ratio": 1.0}}}, time.monotonic())
    record.save(record.MODULES, {"own_time": {}}, time.monotonic() - 60)
    record.save(record.BESIDE, {"rows": {"build": {"ratio": 2.0}}}, time.monotonic())
    made = record.load()
    assert made.keys() == {"beside", "modules"}
    assert made["beside"]["rows"] == {"build": {"ratio": 2.0}}
    assert made["modules"]["seconds"] == 60


def test_the_page_is_made_of_what_was_measured() -> None:
    assert "\n".join(page.lines(record.load())) + "\n" == (REPOSITORY / "docs/scale.md").read_text(encoding="utf-8")


def test_a_line_ends_where_the_contestant_was_given_up() -> None:
    found: Found = {
        "1000": {"CNI": {"build": cells.untried({"build": cells.given_up(600.0)}, 100)["build"]}},
        "100": {"CNI": {"build": cells.given_up(600.0)}},
        "10": {"CNI": {"build": cost(9.0)}},
    }
    assert plot.points(found, "CNI") == ([(10, 9.0)], [(100, 600.0)])


@given(st.lists(st.floats(0, 1), max_size=8).map(sorted))
def test_names_stand_apart_and_in_order(heights: list[float]) -> None:
    placed = plot.spread(heights, 0.05)
    assert all(upper - lower > 0.0499 for lower, upper in itertools.pairwise(placed))
    assert len(placed) == len(heights)
    assert sum(placed) == pytest.approx(sum(heights))
