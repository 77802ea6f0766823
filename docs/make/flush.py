# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/flush.md, which tests/integration/traffic/test_flush.py finds out and writes if told to."""

from __future__ import annotations

from collections.abc import Mapping

from tests.lab.paths import REPOSITORY

PAGE = REPOSITORY / "docs/flush.md"


def page(name: str, columns: Mapping[str, Mapping[str, str]]) -> str:
    """The page with this table. Each column has the same rows."""
    text = PAGE.read_text(encoding="utf-8")
    lines = ["| |" + "".join(f" {column} |" for column in columns), "|---|" + "---|" * len(columns)]
    for row in next(iter(columns.values())):
        lines.append(f"| {row} |" + "".join(f" {column[row]} |" for column in columns.values()))
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, after = text.split(begin)[0], text.split(end)[-1]
    return before + begin + "\n".join(lines) + "\n" + end + after
