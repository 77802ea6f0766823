# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marks of our objects."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks, sysctls

owners = st.from_regex(re.compile("[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}"), fullmatch=True)


@given(owners, st.text(max_size=40))
def test_an_alias_tells_owner_and_namespace(owner: str, namespace: str) -> None:
    assert marks.parse_alias(marks.alias(owner, namespace)) == (owner, namespace)


@pytest.mark.parametrize("text", [None, "", "uplink", "linuxnet", "linuxnet:a b:x", "Linuxnet:a:x", " linuxnet:a:x"])
def test_aliases_of_others(text: str | None) -> None:
    assert marks.parse_alias(text) is None


def test_an_alias_that_the_kernel_would_not_take() -> None:
    with pytest.raises(Invalid, match="has at most 241 bytes"):
        marks.alias("shop", "x" * 250)


@given(owners, st.from_regex(re.compile("[a-z]+"), fullmatch=True))
def test_a_comment_tells_kind_and_owner(owner: str, kind: str) -> None:
    text = marks.comment(kind, owner)
    assert marks.parse_comment(text) == (kind, owner)
    assert re.fullmatch("[A-Za-z0-9_.-]+", text), "nothing that iptables-save would escape"


@given(owners, owners)
def test_the_group_knows_a_link_whose_alias_was_edited(owner: str, other: str) -> None:
    group = marks.group(owner)
    assert 0 < group < 1 << 32
    assert marks.link_owner("edited", group, [owner]) == owner
    assert marks.link_owner(marks.alias(other), group, [owner]) == other, "the alias comes first"
    assert marks.link_owner("edited", 0, [owner]) is None


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.br/5.rp_filter", "net/ipv4/conf/br.5/rp_filter"),
        ("net/ipv4/conf/br.5/rp_filter", "net/ipv4/conf/br.5/rp_filter"),
    ],
)
def test_both_spellings_of_a_setting(name: str, path: str) -> None:
    assert sysctls.settings("sysctls", {name: 1}) == {path: "1"}
    assert sysctls.path_of(sysctls.name_of(path)) == path


@pytest.mark.parametrize("name", ["kernel.hostname", "net", "net.ipv4", "net/../kernel/hostname", "net.ipv4..x", ""])
def test_settings_that_are_not_the_networks(name: str) -> None:
    with pytest.raises(Invalid, match="a setting of the network"):
        sysctls.settings("sysctls", {name: 1})


@pytest.mark.parametrize("value", [True, None, "", [1], 1.5])
def test_values_of_settings_that_are_refused(value: object) -> None:
    with pytest.raises(Invalid, match="quote it"):
        sysctls.settings("sysctls", {"net.ipv4.ip_forward": value})
