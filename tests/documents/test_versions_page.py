# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions that docs/requirements.md claims, the matrix tests and its page shows agree."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tools import versions
from tools.versions import REPOSITORY, Row

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CLAIMS = (REPOSITORY / "docs" / "requirements.md").read_text(encoding="utf-8")
PAGE = (REPOSITORY / "docs" / "versions.md").read_text(encoding="utf-8")


def _claimed(what: str) -> str:
    """The last cell of a row in the table of requirements."""
    (cell,) = re.findall(rf"^\| the \w+ \| {what}[^|]*\| ([^|]+) \|$", CLAIMS, re.MULTILINE)
    return str(cell)


def _shown() -> list[list[str]]:
    """The rows of the page whose tests ran, in the matrix or as the default in `make test`, as lists of cells."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "|" in line]
    return [cells for cells in lines[2:] if not cells[-1].startswith("not run") or "make test" in cells[-1]]


@pytest.mark.parametrize(
    ("what", "column", "of_row"),
    [
        ("Python", 3, lambda row: row.target_python),
        ("pyroute2", 4, lambda row: row.pyroute2),
    ],
)
def test_each_version_that_is_claimed_for_a_host_was_tested(
    what: str, column: int, of_row: Callable[[Row], str]
) -> None:
    claimed = set(re.findall(r"\d+(?:\.\d+)+", _claimed(what)))
    assert claimed == {cells[column] for cells in _shown()}
    assert claimed <= {of_row(row) for row in versions.rows()}


def test_each_ansible_core_was_tested_on_each_python_that_is_claimed() -> None:
    claimed = set()
    for part in _claimed("ansible-core").split(";"):
        cores, pythons = (re.findall(r"\d\.\d+", half) for half in part.split(" on Python "))
        claimed |= {(core, python) for core in cores for python in pythons}
    assert claimed == {(".".join(cells[1].split(".")[:2]), cells[2]) for cells in _shown()}


def test_the_readme_names_the_same_cores() -> None:
    (sentence,) = re.findall(r"^Tested with ansible-core (.*?) \(release candidate\)", README, re.MULTILINE)
    assert set(re.findall(r"2\.\d+", sentence)) == set(re.findall(r"2\.\d+", _claimed("ansible-core")))


def test_both_backends_were_tested() -> None:
    claimed = _claimed("iptables, either backend")
    assert "nf_tables and legacy" in claimed
    assert {cells[5] for cells in _shown()} == {"nft", "legacy"}


def test_nothing_failed_where_the_page_shows_it() -> None:
    assert [cells for cells in _shown() if "passed" in cells[-1] and " 0 failed" not in cells[-1]] == []


def test_the_page_has_the_combinations_of_the_matrix() -> None:
    names = re.findall(r"^\| [\w -]+\| (2\.\d+)\S* +\| (\S+) +\| (\S+) +\| (\S+) +\| (\w+) ", PAGE, re.MULTILINE)
    wanted = [
        (row.core, row.controller_python, row.target_python, row.pyroute2, row.backend) for row in versions.rows()
    ]
    assert names == wanted
