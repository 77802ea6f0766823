# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations on networks that share namespaces: after each, the host is as the model says."""

from __future__ import annotations

import pytest

from tests.integration.model.invention import operations
from tests.integration.model.passing import holds
from tests.integration.model.story import Player
from tests.integration.model.world import Operation, ipam_config
from tests.lab.lab import Lab

#: A sample. `make model` tries more.
SEEDS = (338, 126)
LENGTH = 5


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operations(lab: Lab, seed: int) -> None:
    Player(lab, print).play(list(operations(seed, LENGTH)))


@pytest.mark.parametrize(
    ("entry", "held"),
    [
        ("fd00:20::1", True), ("fd00:20::/64", True), ("[fd00:20::1]:53/udp", True), ("[fd00:20::/64]:50-60/udp", True),
        ("[fd00:20::1]:53", False), ("[fd00:20::1]:54/udp", False), ("db", False), ("db:53/udp", False),
        ("10.0.0.0/8", False), ("192.0.2.9:53/udp", False),
    ],
)  # fmt: skip
def test_what_an_entry_of_a_list_holds(entry: str, held: bool) -> None:
    assert holds(entry, "fd00:20::1", "udp", 53) is held


@pytest.mark.long
def test_default_routes_of_endpoints_that_are_not_listed(lab: Lab) -> None:
    """They stay as they are until all endpoints are listed again."""

    def apply(*namespaces: str, internal: bool, appends: bool) -> Operation:
        endpoints = [{"namespace": one, "interface": "eth3", "default_route": True} for one in namespaces]
        common = {"name": "own0", "ipam_config": ipam_config("own0"), "firewall": "auto", "endpoints": endpoints}
        return Operation("apply", "own0", {**common, "internal": internal, "appends": appends})

    sequence = [
        apply("one", internal=False, appends=False),
        apply("two", internal=True, appends=True),
        apply("one", "two", internal=True, appends=False),
        apply(internal=False, appends=True),
        apply("one", "two", internal=False, appends=False),
    ]
    assert Player(lab, print).play(sequence) == len(sequence)
