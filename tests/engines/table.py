# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: cells, the notes of those that differ, and what is wrong with the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.engines.engine import Engine
from tests.engines.questions import Question
from tests.engines.reasons import KINDS, REASONS, Reason, missing

#: In place of a cell that an engine has no feature for.
NOT_ASKED = "not asked"
_SAME = "the same"
Cells = dict[str, dict[str, str]]


@dataclass
class Table:
    """The columns with ours first, the rows, and the cells by engine and question."""

    engines: Sequence[Engine]
    questions: Sequence[Question]
    cells: Cells
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _used: set[tuple[Reason, str, str]] = field(default_factory=set)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """The table in Markdown: a summary, one part per topic, and the notes below."""
        topics = list(dict.fromkeys(question.topic for question in self.questions))
        body = [line for topic in topics for line in self._of_topic(topic)]
        self._find_unused()
        yield from self._summary()
        yield from body
        yield "## Notes"
        yield ""
        for number, note in enumerate(self.notes, 1):
            yield f"{number}. {note}"

    def _summary(self) -> Iterator[str]:
        """How many questions, a family each, have which outcome."""
        others = self.engines[1:]
        yield "## Summary"
        yield ""
        yield f"| | {' | '.join(engine.title for engine in others)} |"
        yield "|---" * (len(others) + 1) + "|"
        for kind in (_SAME, *KINDS, NOT_ASKED):
            yield f"| {kind} | {' | '.join(str(self._counts[engine.name, kind]) for engine in others)} |"
        yield ""

    def _of_topic(self, topic: str) -> Iterator[str]:
        yield f"## {topic}"
        yield ""
        yield f"| | | {' | '.join(engine.title for engine in self.engines)} |"
        yield "|---" * (len(self.engines) + 2) + "|"
        rows: dict[tuple[str, ...], list[str]] = {}
        for question in self.questions:
            if question.topic == topic:
                row = (question.text, *(self._cell(engine, question) for engine in self.engines))
                rows.setdefault(row, []).append(question.family)
        for (text, *cells), families in rows.items():
            yield f"| {text} | {', '.join(filter(None, families))} | {' | '.join(cells)} |"
        yield ""

    def _cell(self, engine: Engine, question: Question) -> str:
        """The text with the number of its note, if it differs from ours."""
        if question.needs in engine.lacks:
            self._counts[engine.name, NOT_ASKED] += 1
            return f"{NOT_ASKED} {self._mark(missing(question.needs, engine.title))}"
        ours, text = (self.cells[name][question.name] for name in (self.engines[0].name, engine.name))
        if text == ours:
            self._counts[engine.name, _SAME] += 1
            return text
        found = [reason for reason in REASONS if reason.explains(engine.name, question.key, question.name, text)]
        if len(found) != 1:
            what = "no declared reason" if not found else f"{len(found)} declared reasons"
            self.errors.append(f"{engine.name}, {question.name}: {text!r}, ours {ours!r}: {what}")
            return f"{text} **?**"
        self._used.add((found[0], engine.name, question.name))
        self._counts[engine.name, found[0].kind] += 1
        return f"{text} {self._mark(f'{found[0].kind.capitalize()}. {found[0].text}')}"

    def _mark(self, note: str) -> str:
        if note not in self.notes:
            self.notes.append(note)
        return f"<sup>{self.notes.index(note) + 1}</sup>"

    def _find_unused(self) -> None:
        """Declared are all families of a key; what stands for no question or explained no cell is an error."""
        for reason in REASONS:
            for name in reason.questions:
                meant = [question for question in self.questions if name in (question.key, question.name)]
                if not meant:
                    self.errors.append(f"{name}: a reason is declared, but there is no such question")
                for engine in reason.engines:
                    unused = [question for question in meant if (reason, engine, question.name) not in self._used]
                    self.errors += [
                        f"{engine}, {question.name}: a reason is declared, but the cell is not so: "
                        f"{self.cells[engine][question.name]!r}"
                        for question in unused
                    ]
