# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/engines.md was made from the current questions and reasons, about networks that engines are still asked for."""

from __future__ import annotations

import itertools

import pytest

from tests.engines.engine import OLD_BRIDGE, endpoints, networks
from tests.engines.page import PAGE
from tests.engines.questions import POLICY, Question, questions
from tests.engines.reasons import BOTH, REASONS, Reason

TEXT = PAGE.read_text(encoding="utf-8")
QUESTIONS = [POLICY, *questions()]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_each_question_has_a_row_below_its_topic(question: Question) -> None:
    rows = TEXT.partition(f"\n## {question.topic}\n")[2].partition("\n## ")[0].splitlines()
    assert any(row.startswith(f"| {question.text} |") and question.family in row.split("|")[2] for row in rows)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.questions[0])
def test_each_reason_is_a_note(reason: Reason) -> None:
    assert f". {reason.kind.capitalize()}. {reason.text}\n" in TEXT


def test_no_cell_is_left_unexplained() -> None:
    assert "**?**" not in TEXT


def test_each_reason_is_of_questions_that_are_asked() -> None:
    known = {name for question in QUESTIONS for name in (question.key, question.name)}
    assert {name for reason in REASONS for name in reason.questions} <= known
    assert all(set(reason.ages) <= set(BOTH) for reason in REASONS)


def test_networks_do_not_meet() -> None:
    """Engines refuse a bridge or a subnet that another network uses."""
    found = list(networks())
    for one, other in itertools.combinations(found, 2):
        assert one.bridge != other.bridge
        assert not set(one.subnets) & set(other.subnets)
    assert {endpoint.bridge for endpoint in endpoints()} == {network.bridge for network in found}
    assert OLD_BRIDGE in {network.bridge for network in found}
