# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the sweep: one system call fails, or the module is killed before it, and the next run puts all right.

`make sweep` tries them all.
"""

from __future__ import annotations

import pytest

from tests.lab.lab import Lab
from tests.sweep.sweeping import STAGES, Stage, Sweep, one_of_each_kind

#: Every so many of the faults, of which each stage has some hundreds of kinds, in parts that run side by side.
EVERY, PARTS = 64, 1


@pytest.mark.needs("seccomp-notification")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_fault_leaves_nothing_that_the_next_run_does_not_mend(lab: Lab, stage: Stage, part: int) -> None:
    sweep = Sweep(lab)
    cases = one_of_each_kind(sweep.cases(stage))[::EVERY][part::PARTS]
    hits = [sweep.run(case) for case in cases]
    assert sum(hits) > len(hits) / 2, "most faults never took place"
