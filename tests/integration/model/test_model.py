# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations on networks that share namespaces: after each, the host is as the model says."""

from __future__ import annotations

import pytest

from tests.integration.model.invention import operations
from tests.integration.model.story import Player
from tests.lab.lab import Lab

#: A sample. `make model` tries more.
SEEDS = (1, 4)
LENGTH = 5


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operations(lab: Lab, seed: int) -> None:
    Player(lab, print).play(list(operations(seed, LENGTH)))
