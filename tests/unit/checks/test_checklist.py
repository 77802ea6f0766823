# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/checklist.md show what they are said to show."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.lab.paths import REPOSITORY

_ROW = re.compile(r"^\| (?P<required>.+?) \| .* \| `(?P<command>.+)` \|$", re.MULTILINE)
_ROWS = {
    match["required"]: match["command"].replace("\\|", "|")
    for match in _ROW.finditer((REPOSITORY / "docs/checklist.md").read_text(encoding="utf-8"))
}
#: The linters run them, and make runs itself.
_ELSEWHERE = (".venv/bin/nox", ".venv/bin/antsibull-changelog", "make ")


def test_every_row_of_the_page_is_read() -> None:
    text = (REPOSITORY / "docs/checklist.md").read_text(encoding="utf-8")
    assert len(_ROWS) == sum(line.startswith("| ") for line in text.splitlines()) - text.count("| required |")


@pytest.mark.parametrize("required", [row for row, command in _ROWS.items() if not command.startswith(_ELSEWHERE)])
def test_the_command_succeeds(required: str) -> None:
    done = subprocess.run(
        ["bash", "-c", _ROWS[required]], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, (_ROWS[required], done.stdout, done.stderr)
