# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` and continuous integration say at the end hides nothing that did not run."""

from __future__ import annotations

import pytest

from tools import check, fresh, sanity
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
    monkeypatch.setattr("sys.argv", ["check", *[check.WHOLE] * whole, "sanity"])
    outcome = check.run_sanity()
    assert outcome.notes == ["partial: not on Python 3.9: not installed"]
    assert (outcome.failed, bool(outcome.failures)) == (int(whole), whole)
