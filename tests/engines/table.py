# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: cells, notes on differences, changes between releases, and errors."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.engines.questions import Question
from tests.engines.reasons import KINDS, REASONS, Reason, missing

#: Instead of a cell, if an engine does not have the feature.
NOT_ASKED = "not asked"
_SAME = "the same"
#: Cells by name of the question.
Answers = dict[str, str]


@dataclass(frozen=True)
class Run:
    """An engine of one release, and its answers. age: OLD or NEW."""

    name: str
    age: str
    heading: str
    version: str
    answers: Answers
    lacks: frozenset[str] = frozenset()
    #: How the engine was started.
    how: str = ""

    @property
    def title(self) -> str:
        first, *rest = self.heading.split(", ")
        return ", ".join([f"{first} {self.version}", *rest])

    def asked(self, question: Question) -> bool:
        return question.needs not in self.lacks


@dataclass(frozen=True)
class _Change:
    """What an engine answers differently in a newer release. is_ours: whether the new answer is the role's."""

    engine: str
    question: Question
    before: str
    now: str
    is_ours: bool

    @property
    def brief(self) -> tuple[str, str]:
        """Both answers, without the sources unless those have changed."""
        before, now = (re.sub(r"(yes), [0-9a-f:.]+", r"\1", text) for text in (self.before, self.now))
        return (before, now) if before != now else (self.before, self.now)


@dataclass
class Table:
    """The columns, ours first and each engine's old run before the new one, and the rows."""

    columns: Sequence[Sequence[Run]]
    questions: Sequence[Question]
    reasons: Sequence[Reason] = REASONS
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _used: set[tuple[Reason, str, str, str]] = field(default_factory=set)
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """The table in Markdown: a summary, what changed, one part per topic, and the notes below."""
        topics = list(dict.fromkeys(question.topic for question in self.questions))
        self._compare_ours()
        body = [line for topic in topics for line in self._of_topic(topic)]
        self._find_unused()
        yield from self._summary()
        yield from self._mended()
        yield from body
        yield "## Notes"
        yield ""
        for number, note in enumerate(self.notes, 1):
            yield f"{number}. {note}"

    @property
    def _ours(self) -> Run:
        return self.columns[0][0]

    def _summary(self) -> Iterator[str]:
        """How many questions, per family, have which outcome."""
        kinds = (_SAME, *KINDS, NOT_ASKED)
        yield "## Summary"
        yield ""
        yield f"| | {' | '.join(kinds)} |"
        yield "|---" * (len(kinds) + 1) + "|"
        for run in (run for column in self.columns[1:] for run in column):
            yield f"| {run.title} | {' | '.join(str(self._counts[run.name, run.age, kind]) for kind in kinds)} |"
        yield ""

    def _mended(self) -> Iterator[str]:
        """The questions that a newer release answers differently, starting with those that it now answers as we do."""
        changes = list(self._changes())
        yield "## What has been mended since"
        yield ""
        yield "What a newer release answers as the role does, and an older one did not:"
        yield ""
        yield from _changed([change for change in changes if change.is_ours])
        yield "What a newer release answers in another way than an older one, but not as the role does:"
        yield ""
        yield from _changed([change for change in changes if not change.is_ours])
        for column in self.columns[1:]:
            if len(column) > 1 and not any(change.engine == heading(column, " to ") for change in changes):
                yield f"{heading(column)} give the same answers."
                yield ""
            for old, new in itertools.pairwise(column):
                for feature in sorted(old.lacks - new.lacks):
                    yield f"{new.title} has a setting for {feature}, which {old.version} has not."
                    yield ""

    def _changes(self) -> Iterator[_Change]:
        for column in self.columns[1:]:
            for old, new in itertools.pairwise(column):
                for question in self.questions:
                    if not (old.asked(question) and new.asked(question)):
                        continue
                    before, now = (run.answers[question.name] for run in (old, new))
                    if before != now:
                        engine = heading([old, new], " to ")
                        yield _Change(engine, question, before, now, now == self._ours.answers[question.name])

    def _of_topic(self, topic: str) -> Iterator[str]:
        yield f"## {topic}"
        yield ""
        yield f"| | | {' | '.join(map(heading, self.columns))} |"
        yield "|---" * (len(self.columns) + 2) + "|"
        rows: dict[tuple[str, ...], list[str]] = {}
        for question in self.questions:
            if question.topic == topic:
                row = (question.text, *(self._cell(column, question) for column in self.columns))
                rows.setdefault(row, []).append(question.family)
        for (text, *cells), families in rows.items():
            yield f"| {text} | {', '.join(filter(None, families))} | {' | '.join(cells)} |"
        yield ""

    def _cell(self, column: Sequence[Run], question: Question) -> str:
        """One text if all releases agree, otherwise one for each with its version; ours is always one."""
        if column is self.columns[0]:
            return self._ours.answers[question.name]
        texts = [self._text(run, question, column) for run in column]
        if len(set(texts)) == 1:
            return texts[0]
        return "<br>".join(f"{run.version}: {text}" for run, text in zip(column, texts, strict=True))

    def _text(self, run: Run, question: Question, column: Sequence[Run]) -> str:
        """The answer, with the number of its note if it differs from ours."""
        if not run.asked(question):
            self._counts[run.name, run.age, NOT_ASKED] += 1
            engine = run.heading.partition(", ")[0]
            if any(other.asked(question) for other in column):
                engine += f" {run.version}"
            return f"{NOT_ASKED} {self._mark(missing(question.needs, engine))}"
        ours, text = self._ours.answers[question.name], run.answers[question.name]
        if text == ours:
            self._counts[run.name, run.age, _SAME] += 1
            return text
        found = [one for one in self.reasons if one.explains(run.name, run.age, question.key, question.name, text)]
        if len(found) != 1:
            what = "no declared reason" if not found else f"{len(found)} declared reasons"
            self.errors.append(f"{run.title}, {question.name}: {text!r}, ours {ours!r}: {what}")
            return f"{text} **?**"
        self._used.add((found[0], run.name, run.age, question.name))
        self._counts[run.name, run.age, found[0].kind] += 1
        return f"{text} {self._mark(f'{found[0].kind.capitalize()}. {found[0].text}')}"

    def _mark(self, note: str) -> str:
        if note not in self.notes:
            self.notes.append(note)
        return f"<sup>{self.notes.index(note) + 1}</sup>"

    def _compare_ours(self) -> None:
        """Check that the role gives the same answer with every iptables."""
        for run in self.columns[0][1:]:
            for question in self.questions:
                ours, text = self._ours.answers[question.name], run.answers[question.name]
                if text != ours:
                    self.errors.append(f"{run.title}, {question.name}: {text!r}, with {self._ours.version} {ours!r}")

    def _find_unused(self) -> None:
        """Check that every declared reason matches a question and explains a cell; it covers all families of a key."""
        runs = {(run.name, run.age): run for column in self.columns for run in column}
        for reason in self.reasons:
            for name in reason.questions:
                meant = [question for question in self.questions if name in (question.key, question.name)]
                if not meant:
                    self.errors.append(f"{name}: a reason is declared, but there is no such question")
                for run in (runs[key] for key in reason.runs() if key in runs):
                    unused = [one for one in meant if (reason, run.name, run.age, one.name) not in self._used]
                    self.errors += [
                        f"{run.title}, {question.name}: a reason is declared, but the cell is not so: "
                        f"{run.answers[question.name]!r}"
                        for question in unused
                    ]


def heading(column: Sequence[Run], between: str = " and ") -> str:
    first, *rest = column[0].heading.split(", ")
    return ", ".join([f"{first} {between.join(run.version for run in column)}", *rest])


def _changed(changes: Sequence[_Change]) -> Iterator[str]:
    """A table in which engines, and families of a question, share a row if they changed alike."""
    if not changes:
        yield "Nothing."
        yield ""
        return
    rows: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for change in changes:
        row = (change.question.topic, change.question.text, *change.brief)
        rows.setdefault(row, {}).setdefault(change.engine, []).append(change.question.family)
    yield "| engine | question | | before | now |"
    yield "|---|---|---|---|---|"
    for (topic, text, before, now), engines in rows.items():
        by_families: dict[str, list[str]] = {}
        for engine, families in engines.items():
            by_families.setdefault(", ".join(filter(None, families)), []).append(engine)
        for families_, named in by_families.items():
            yield f"| {'; '.join(named)} | {topic}: {text} | {families_} | {before} | {now} |"
    yield ""
