# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of a setting are the same to the kernel."""

from __future__ import annotations

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import mean_the_same


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "01"),
        ("8", "010"),
        ("-1", "-01"),
        ("16", "0x10"),
        ("8080,8081", "8080-8081"),
        ("9,1-3,4", "1-4,9"),
        ("1-5,3", "1-5"),
        ("4096 0x100", "4096 256"),
        ("fd00::1", "fd00:0000:0000:0000:0000:0000:0000:0001"),
        ("cubic", "cubic"),
    ],
)
def test_the_same(left: str, right: str) -> None:
    assert mean_the_same(left, right)
    assert mean_the_same(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "10"),
        ("010", "10"),
        ("1", "-1"),
        ("1,3", "1-3"),
        ("8080", "8080-8081"),
        ("1 2", "1"),
        ("1 2", "2 1"),
        ("09", "9"),
        ("fd00::1", "fd00::2"),
        ("", "0"),
        ("cubic", "reno"),
        ("1", "1,"),
    ],
)
def test_not_the_same(left: str, right: str) -> None:
    assert not mean_the_same(left, right)
    assert not mean_the_same(right, left)
