# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import one_interface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.manager_files import (
    MANAGERS,
    NETWORK_MANAGER,
    NETWORKD,
    Manager,
)


def _is_name(text: str) -> bool:
    try:
        return bool(one_interface("name", text))
    except Invalid:
        return False


LINKS = st.text(st.sampled_from("ab0-_.*?[]!^,;"), min_size=1, max_size=15).filter(_is_name)


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda manager: manager.name)
@given(owner=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_a_file_tells_whose_it_is(manager: Manager, owner: str) -> None:
    text = manager.text(owner, ["br0"])
    assert manager.owner_of(text) == owner
    assert manager.owner_of("\n" + text) is None
    assert manager.file_name(owner) < "00-all.network"


@given(st.lists(LINKS, unique=True, min_size=1).map(sorted), LINKS)
def test_networkd_takes_each_name_for_itself_alone(names: list[str], other: str) -> None:
    text = NETWORKD.text("shop", names)
    patterns = [line.removeprefix("Name=") for line in text.splitlines() if line.startswith("Name=")]
    assert NETWORKD.interfaces_in(text) == names
    for name, pattern in zip(names, patterns, strict=True):
        assert fnmatch.fnmatchcase(name, pattern)
        assert fnmatch.fnmatchcase(other, pattern) == (other == name)


@given(st.lists(LINKS, unique=True, min_size=1).map(sorted))
def test_network_manager_is_told_as_many_names(names: list[str]) -> None:
    """No name can contain a comma or semicolon."""
    text = NETWORK_MANAGER.text("shop", names)
    assert len(NETWORK_MANAGER.interfaces_in(text)) == len(names)
    if not any(char in name for name in names for char in ",;"):
        assert NETWORK_MANAGER.interfaces_in(text) == names


def test_what_marks_a_link_as_managed() -> None:
    assert NETWORKD.managing.search("# private\nADMIN_STATE=configured\nOPER_STATE=routable\n")
    for state in ("unmanaged", "pending", "initialized"):
        assert not NETWORKD.managing.search(f"ADMIN_STATE={state}\n")
    assert NETWORK_MANAGER.managing.search("[device]\nmanaged=true\nnm-owned=false\n")
    assert not NETWORK_MANAGER.managing.search("[device]\nnm-owned=false\n")
