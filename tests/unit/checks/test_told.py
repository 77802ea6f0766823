# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summaries of `make test` and continuous integration hide nothing that did not run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import one_case
from tests.lab.paths import REPOSITORY
from tools import check, environments, fresh, pip_settings, sanity, versions
from tools.outcome import Outcome

_SUMMARY = """\
unit         5 passed, 1 failed                      2 s
failed: tests.unit.test_a::test_b
2 skipped; all of it took 3 s on 2 processors
5 passed, 1 failed
"""
_GREEN = _SUMMARY.replace("1 failed", "0 failed").replace("failed: t", "t")


@pytest.mark.parametrize(
    ("code", "summary", "counts", "failures"),
    [
        (2, _SUMMARY, (5, 1, 2), ["trixie as user: tests.unit.test_a::test_b"]),
        (0, _GREEN, (5, 0, 2), []),
        (
            1,
            _SUMMARY.replace("1 failed", "0 failed").replace("failed: t", "t"),
            (5, 1, 2),
            ["trixie as user: ended with 1"],
        ),
        (2, "", (0, 1, 0), ["trixie as user: ended with 2"]),
    ],
)
def test_what_a_fresh_machine_says_counts(
    code: int, summary: str, counts: tuple[int, int, int], failures: list[str]
) -> None:
    total = Outcome()
    fresh.add(total, "trixie as user", code, summary)
    assert (total.passed, total.failed, total.skipped) == counts
    assert total.failures == failures


@pytest.mark.parametrize("whole", [False, True])
def test_sanity_without_all_pythons_is_partial_for_a_user_and_fails_where_it_has_to_be_whole(
    monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    done = sanity.Result(24, 0, [], [], ["not on Python 3.9: not installed"])
    monkeypatch.setattr(sanity, "run", lambda *_given: done)
    monkeypatch.setattr(pip_settings, "of", lambda _environment: "")
    monkeypatch.setattr("sys.argv", ["check", *[check.WHOLE] * whole, "sanity"])
    outcome = check.run_sanity()
    assert outcome.notes[0] == "partial: not on Python 3.9: not installed"
    assert any("alone, on every one with --all" in note for note in outcome.notes) is not whole
    assert (outcome.failed, bool(outcome.failures)) == (int(whole), whole)


class _Item:
    """The part of pytest's items that is used."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid

    def get_closest_marker(self, name: str) -> bool:
        return f"_{name}_" in self.nodeid


def test_of_each_test_one_case_is_run_and_always_the_same() -> None:
    tests = [f"tests/test_{file}.py::test_{test}" for file in "ab" for test in range(20)]
    items: Any = [_Item(f"{test}[{case}]") for test in tests for case in ("x[0]", "y", "z")] + [
        _Item("tests/t.py::one")
    ]
    chosen = [item.nodeid for item in one_case(items)]
    assert [nodeid.partition("[")[0] for nodeid in chosen] == [*tests, "tests/t.py::one"]
    assert {nodeid.partition("[")[2] for nodeid in chosen} == {"x[0]]", "y]", "z]", ""}, "cases of each place"
    assert [item.nodeid for item in one_case(items)] == chosen


@pytest.mark.parametrize(
    ("options", "sampled"), [([], True), ([check.ALL], False), ([check.CUT], False), ([check.WHOLE], True)]
)
def test_what_is_left_out_is_said_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, options: list[str], sampled: bool
) -> None:
    monkeypatch.setattr("sys.argv", ["check", *options])
    told = check.intention(["lint", "unit", "integration", "traffic"])
    assert "To be run: lint, unit, integration, traffic." in told
    assert ("Of integration and traffic, one case of each test" in told) is sampled
    assert ("Cut short" in told) is (check.CUT in options)
    assert ("It takes about 11 min on two idle processors." in told) is sampled
    assert ("It takes about 37 min" in told) is (check.ALL in options)
    left_out = told.rpartition("Not to be run: ")[2].rstrip(".").split(", ")
    assert set(left_out) == set(check.PARTS) - {"lint", "unit", "integration", "traffic"}


def test_continuous_integration_leaves_nothing_to_others() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    here = re.search(r"^here:.*\n\t@\$\(CHECK\) --whole (.*)$", makefile, re.MULTILINE)
    parts = re.search(r"^PARTS := (.*)$", makefile, re.MULTILINE)
    assert here
    assert parts
    assert {*here.group(1).split(), *parts.group(1).split(), "fresh"} == set(check.PARTS)
    assert ("bookworm", "root", ("demo", "test", f"ALL={check.ALL}")) in fresh.VISITS


def test_a_core_that_cannot_be_had_is_told_and_fails_where_all_have_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none(core: str, python: str) -> None:
        raise environments.Missing(f"no Python {python} for {core}")

    monkeypatch.setattr(environments, "ansible", none)
    for options in ([], [check.WHOLE]):
        monkeypatch.setattr("sys.argv", ["check", *options])
        outcome = check.cores()
        assert len(outcome.notes) == len(versions.other_cores())
        assert all(note.startswith("partial: not by ansible-core 2.") for note in outcome.notes)
        assert outcome.failed == len(outcome.failures) == len(options) * len(outcome.notes)


def test_what_a_core_takes_from_elsewhere_comes_from_the_index(tmp_path: Path) -> None:
    ansible = sanity.Ansible(tmp_path)
    requirements = tmp_path / "lib/python3.13/site-packages/ansible_test/_data/requirements/sanity.pylint.txt"
    requirements.parent.mkdir(parents=True)
    requirements.write_text("# a comment @ https://x\nastroid==4.0.4\ndill @ https://host/2308.zip#sha256=0907\n")
    for _again in range(2):
        sanity.take_from_index(ansible)
        assert requirements.read_text() == "# a comment @ https://x\nastroid==4.0.4\ndill\n"
