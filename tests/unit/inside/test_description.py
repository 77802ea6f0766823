# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts that module lab accepts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import description


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        ([], "hosts: [] is not allowed: at least one host"),
        ([{"name": "a/b"}], "hosts[0].name: 'a/b' is not allowed"),
        ([{"name": "a"}, {"name": "a"}], "hosts[1].name: 'a' is not allowed: a host's name"),
        ([{"name": "a", "interfaces": [{}]}], "hosts[0].interfaces[0].segment: None is not allowed"),
        ([{"name": "a", "interfaces": [{"name": "lo", "segment": "x"}]}], "hosts[0].interfaces[0].segment: 'x'"),
        (
            [{"name": "a", "interfaces": [{"segment": "x", "addresses": ["1.2.3"]}]}],
            "interfaces[0].addresses[0]: '1.2.3'",
        ),
        ([{"name": "a", "interfaces": [{"segment": "x", "gateways": ["z"]}]}], "interfaces[0].gateways[0]: 'z'"),
        ([{"name": "a", "interfaces": [{"segment": "x", "mac_address": "z"}]}], "interfaces[0].mac_address: 'z'"),
    ],
)
def test_hosts_that_cannot_be_are_refused(hosts: list[dict[str, Any]], sentence: str) -> None:
    usual = {"name": "eth0", "segment": None, "addresses": [], "gateways": [], "mac_address": None}
    filled = [
        {"name": host["name"], "interfaces": [usual | one for one in host.get("interfaces", ())]} for host in hosts
    ]
    with pytest.raises(Invalid) as told:
        description.of({"hosts": filled, "segments": [], "visible": []})
    assert sentence in str(told.value)
