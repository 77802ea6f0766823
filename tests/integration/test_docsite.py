# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page of docs/docsite/rst does what it says and prints what it shows."""

from __future__ import annotations

import pytest

from tests.integration import docsite

_PAGES = sorted(page.stem for page in docsite.PAGES.glob("*.rst"))
_EXECUTED = [name for name in _PAGES if docsite.blocks(docsite.read(name))]


@pytest.mark.parametrize("name", _EXECUTED)
def test_the_page_does_what_it_says(name: str) -> None:
    with docsite.reader() as someone:
        for block in docsite.blocks(docsite.read(name)):
            for command, printed in someone.take(block):
                difference = docsite.differs(command.shown, printed)
                assert not difference, f"{command.text}\n{difference}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        ([], ["a"], False),
        (["a"], [], False),
        (["...", "b"], ["a", "a", "b"], True),
        (["...", "b"], ["b", "a"], False),
        (["a", "..."], ["a"], True),
        (["one of a, ..."], ["one of a, b"], True),
        (["one of a, ..."], ["none of a, b"], False),
        (["2: eth0@if7 02:00:00:00:00:01"], ["3: eth0@if9 02:00:00:00:00:02"], True),
        (["in 5 ms"], ["in 6.1 ms"], True),
        (["changed=1"], ["changed=2"], False),
    ],
)
def test_what_may_differ(shown: list[str], printed: list[str], same: bool) -> None:
    assert (not docsite.differs(shown, printed)) == same
