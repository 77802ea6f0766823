# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/engines.md still holds: the newest engines and the role, with iptables of their release, are asked again."""

from __future__ import annotations

import re

import pytest

from tests.engines.columns import ask_all
from tests.engines.page import PAGE
from tests.engines.reasons import NEW
from tests.engines.table import Run, Table

pytestmark = [pytest.mark.needs("newest-engines"), pytest.mark.needs("bridge-nf")]
#: A daemon with a proxy, and an engine with nftables rules.
CUT = ("docker", "podman")


def _is_on_page(run: Run) -> bool:
    """Whether the page has the engine, or two releases of it, with the way it was run."""
    first = run.heading.partition(", ")[0]
    line = rf"^- {re.escape(first)} (\S+ and )?{re.escape(run.version)}[,:]"
    return re.search(line, PAGE.read_text(encoding="utf-8"), re.MULTILINE) is not None


def test_the_newest_engines_answer_as_the_page_says(request: pytest.FixtureRequest) -> None:
    columns, questions = ask_all(CUT, ages=(NEW,))
    by_name = {column[0].name: column[0] for column in columns}
    assert set(by_name) == {"role", *CUT}
    # What clients of published ports see, whatever version the engine has by now.
    for run in by_name.values():
        for place in ("lan", "outside"):
            assert "yes, " in run.answers[f"published {place} host IPv4"]
        assert run.answers["beyond range IPv4"] == "no"
    newer = [run.title for run in by_name.values() if not _is_on_page(run)]
    if newer:
        request.node.user_properties.append(("docs/engines.md is of older engines than", ", ".join(newer)))
    else:
        table = Table(columns, questions)
        list(table.lines())
        assert table.errors == []
