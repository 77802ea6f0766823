# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page of the engines compares two releases, and which errors it reports."""

from __future__ import annotations

from dataclasses import replace

from tests.engines.questions import Question
from tests.engines.reasons import BOTH, NEW, OLD, STRICTER, Reason
from tests.engines.table import Run, Table

QUESTIONS = [
    Question("open", "Ports", "from the neighbour", "IPv4", ()),
    Question("open", "Ports", "from the neighbour", "IPv6", ()),
    Question("closed", "Ports", "what is not published", "IPv4", ()),
    Question("plain", "Routing", "an endpoint's own address", "IPv4", (), "networks without NAT"),
]
OURS = {"open IPv4": "yes", "open IPv6": "yes", "closed IPv4": "no", "plain IPv4": "no"}
#: What the older release of the engine let through, and the newer one does not.
LOOSE = {**OURS, "closed IPv4": "yes"}
LOOSENESS = Reason(STRICTER, "We close it.", ("box",), ("closed",), "yes", (OLD,))


def _run(age: str, answers: dict[str, str], name: str = "box", version: str = "", lacks: str = "") -> Run:
    version = version or {OLD: "1.0", NEW: "2.0"}[age]
    return Run(
        name,
        age,
        "role with iptables" if name == "role" else "Box, tight",
        version,
        answers,
        frozenset(filter(None, [lacks])),
    )


def _table(*runs: Run, reasons: tuple[Reason, ...] = (LOOSENESS,), ours: tuple[Run, ...] = ()) -> tuple[str, list[str]]:
    """The lines and the errors."""
    table = Table([ours or (_run(OLD, OURS, "role"),), runs], QUESTIONS, reasons)
    text = "\n".join(table.lines())
    return text, table.errors


def _part(text: str, heading: str) -> str:
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_one_answer_stands_for_both_releases_and_two_have_their_versions() -> None:
    text, errors = _table(_run(OLD, LOOSE), _run(NEW, OURS))
    assert errors == []
    assert "| | | role with iptables 1.0 | Box 1.0 and 2.0, tight |" in text
    assert "| from the neighbour | IPv4, IPv6 | yes | yes |" in text
    assert "| what is not published | IPv4 | no | 1.0: yes <sup>1</sup><br>2.0: no |" in text
    assert _part(text, "Notes").strip() == "1. We are stricter on purpose. We close it."


def test_what_was_mended_is_named_with_its_question_and_apart_from_what_else_changed() -> None:
    text, _errors = _table(_run(OLD, LOOSE), _run(NEW, {**OURS, "open IPv4": "no", "open IPv6": "no"}))
    mended, other = _part(text, "What has been mended since").split("What a newer release answers in another way")
    assert "| Box 1.0 to 2.0, tight | Ports: what is not published | IPv4 | yes | no |" in mended
    assert "| Box 1.0 to 2.0, tight | Ports: from the neighbour | IPv4, IPv6 | yes | no |" in other
    assert "from the neighbour" not in mended
    assert "the same answers" not in text


def test_where_nothing_changed_it_says_so() -> None:
    both = replace(LOOSENESS, ages=BOTH)
    text, errors = _table(_run(OLD, LOOSE), _run(NEW, LOOSE), reasons=(both,))
    assert errors == []
    assert _part(text, "What has been mended since").count("Nothing.") == 2
    assert "Box 1.0 and 2.0, tight give the same answers." in text
    assert "| what is not published | IPv4 | no | yes <sup>1</sup> |" in text


def test_a_feature_that_came_is_told_and_is_asked_from_then_on() -> None:
    text, errors = _table(_run(OLD, LOOSE, lacks="networks without NAT"), _run(NEW, OURS))
    assert errors == []
    told = "Box 2.0, tight has a setting for networks without NAT, which 1.0 has not."
    assert told in _part(text, "What has been mended since")
    assert "1.0: not asked <sup>2</sup><br>2.0: no |" in text
    assert "2. Box 1.0 has no setting for networks without NAT." in text


def test_a_feature_that_no_release_has_is_said_once() -> None:
    lacks = "networks without NAT"
    text, _errors = _table(_run(OLD, LOOSE, lacks=lacks), _run(NEW, OURS, lacks=lacks))
    assert "| an endpoint's own address | IPv4 | no | not asked <sup>2</sup> |" in text
    assert "2. Box has no setting for networks without NAT." in text


def test_engines_that_changed_alike_share_a_row() -> None:
    looser = replace(LOOSENESS, engines=("box", "crate"))
    crate = [replace(run, name="crate", heading="Crate") for run in (_run(OLD, LOOSE), _run(NEW, OURS))]
    table = Table([[_run(OLD, OURS, "role")], [_run(OLD, LOOSE), _run(NEW, OURS)], crate], QUESTIONS, [looser])
    text = "\n".join(table.lines())
    assert "| Box 1.0 to 2.0, tight; Crate 1.0 to 2.0 | Ports: what is not published | IPv4 | yes | no |" in text


def test_each_release_is_counted_by_itself() -> None:
    text, _errors = _table(_run(OLD, LOOSE, lacks="networks without NAT"), _run(NEW, OURS))
    summary = _part(text, "Summary")
    assert "| Box 1.0, tight | 2 | 1 | 0 | 0 | 0 | 0 | 1 |" in summary
    assert "| Box 2.0, tight | 4 | 0 | 0 | 0 | 0 | 0 | 0 |" in summary


def test_a_difference_without_a_reason_is_an_error_and_so_is_a_reason_without_a_difference() -> None:
    _text, errors = _table(_run(OLD, LOOSE), _run(NEW, LOOSE))
    assert errors == ["Box 2.0, tight, closed IPv4: 'yes', ours 'no': no declared reason"]
    _text, errors = _table(_run(OLD, OURS), _run(NEW, OURS))
    assert errors == ["Box 1.0, tight, closed IPv4: a reason is declared, but the cell is not so: 'no'"]


def test_a_reason_for_no_question_is_an_error() -> None:
    stray = replace(LOOSENESS, questions=("closed", "ajar"))
    _text, errors = _table(_run(OLD, LOOSE), _run(NEW, OURS), reasons=(stray,))
    assert errors == ["ajar: a reason is declared, but there is no such question"]


def test_the_role_has_one_answer_whatever_iptables_it_works_with() -> None:
    ours = (_run(OLD, OURS, "role", "1.8.9"), _run(NEW, {**OURS, "closed IPv4": "yes"}, "role", "1.8.13"))
    _text, errors = _table(_run(OLD, LOOSE), _run(NEW, OURS), ours=ours)
    assert errors == ["role with iptables 1.8.13, closed IPv4: 'yes', with 1.8.9 'no'"]
