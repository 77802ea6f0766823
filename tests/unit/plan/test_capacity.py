# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large networks cause warnings about limits of the machine."""

from __future__ import annotations

import pytest

from tests.unit.plan.builders import dual, plan, variables
from tests.unit.plan.world import empty_info


def _names(count: int) -> list[str]:
    return [f"n{number}" for number in range(count)]


@pytest.mark.parametrize("count", [2, 512])
def test_what_fits_is_not_worth_a_word(count: int) -> None:
    assert plan(variables(*_names(count)))["warnings"] == []


def test_the_neighbour_table_with_the_values_to_set() -> None:
    (warning,) = plan(variables(*_names(513)))["warnings"]
    assert warning == (
        "bridge_network_endpoints: 513 endpoints may need 1026 entries in the machine's IPv4 neighbour table, which all"
        " namespaces share and which holds 1024; on the machine, set net.ipv4.neigh.default.gc_thresh1 = 1024,"
        " net.ipv4.neigh.default.gc_thresh2 = 2048, net.ipv4.neigh.default.gc_thresh3 = 4096"
    )
    assert [warning.count("IPv6") for warning in plan(dual(*_names(513)))["warnings"]] == [0, 1]


def test_the_backlog() -> None:
    info = empty_info()
    info["host"]["limits"] = {"neighbours": {}, "backlog": 1000}
    assert plan(variables(*_names(1000)), info)["warnings"] == []
    (warning,) = plan(variables(*_names(1001)), info)["warnings"]
    assert warning == (
        "bridge_network_endpoints: a broadcast is queued for each of 1001 endpoints, and the machine queues 1000"
        " packets; on the machine, set net.core.netdev_max_backlog = 2048"
    )


def test_limits_that_cannot_be_seen() -> None:
    info = empty_info()
    info["host"]["limits"] = {"neighbours": {}, "backlog": None}
    assert plan(variables(*_names(1023)), info)["warnings"] == []
