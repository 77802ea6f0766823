# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of the sweep: one system call fails, or the module is killed before it, and the next run repairs all.

`make sweep` tries them all.
"""

from __future__ import annotations

import errno
from typing import Any

import pytest

from tests.lab import modules
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.sweep import inside
from tests.sweep.sweeping import STAGES, Stage, Sweep, one_of_each_kind

#: Every n-th fault, of some hundreds of kinds per stage, in parts that run in parallel.
EVERY, PARTS = 64, 1


@pytest.mark.needs("seccomp-notification")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_fault_leaves_nothing_that_the_next_run_does_not_mend(lab: Lab, stage: Stage, part: int) -> None:
    sweep = Sweep(lab)
    cases = one_of_each_kind(sweep.cases(stage))[::EVERY][part::PARTS]
    hits = [sweep.run(case) for case in cases]
    assert sum(hits) > len(hits) / 2, "most faults never took place"


def _with_fault(host: Host, options: dict[str, Any], point: inside.Point | None) -> inside.Watched:
    preload, error = (modules.file_of("interface"),), errno.EMFILE
    arguments = ("interface", options, point, error, 60)
    watched: inside.Watched = host.call(inside.run, *arguments, preload=preload, timeout=120)
    return watched


@pytest.mark.needs("seccomp-notification")
def test_an_error_that_no_step_expects_is_a_sentence_and_keeps_what_had_been_done(host: Host) -> None:
    """One socket after the other cannot be opened: for reading, for the first namespace, and for the second."""
    names = ("web", "db")
    for name in names:
        host.sh(f"ip netns add {name}; ip link add v{name} type veth peer name eth0 netns {name}")
    options = {"aggregate": [{"name": "eth0", "netns": name, "addresses": ["10.0.0.2/24"]} for name in names]}
    points = [point for point in _with_fault(host, options, None).points if point.call == "socket"]
    told = set()
    for point in points:
        for name in names:
            host.sh(f"ip -n {name} address flush dev eth0; ip -n {name} link set eth0 down")
        watched = _with_fault(host, options, point)
        done = [name for name in names if "10.0.0.2" in host.sh(f"ip -n {name} address show dev eth0")]
        result = watched.result or {}
        if not result.get("failed"):
            assert done == list(names), point
            continue
        told.add((len(done), result["msg"]))
        assert "exception" not in result, result
    why = "Too many open files (EMFILE)"
    add, turn = "add address 10.0.0.2/24 to interface eth0 in namespace", "bring up interface eth0 in namespace"
    assert told == {
        (0, f"cannot read this host: {why}"),
        (1, f"cannot {add} web: {why}. Already done, and left in place: {add} db; {turn} db"),
        (1, f"cannot {add} db: {why}. Already done, and left in place: {add} web; {turn} web"),
    }
