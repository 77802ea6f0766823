# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How benchmarks/scale measures: daemons and their orphans count, and an aborted measurement leaves nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.scale import cells, lives, meter
from benchmarks.scale.rivals import HERE, PREPARE, Rival
from tests.lab.host import Host

#: It needs 120 MiB for a moment at first and 60 for each request, while an orphan of it works for half a second.
_DAEMON = """
import os, time

def take(mebibytes):
    taken = bytearray(mebibytes << 20)
    taken[::4096] = bytes(len(taken) // 4096)

take(120)
os.mkfifo("/tmp/reply")
os.mkfifo("/tmp/order")
while open("/tmp/order").read():
    take(60)
    child = os.fork()
    if not child:
        if not os.fork():
            while time.process_time() < 0.5:
                pass
            open("/tmp/reply", "w").write("done")
        os._exit(0)
    os.waitpid(child, 0)
"""
_ORDER = ["sh", "-c", "echo go >/tmp/order; cat /tmp/reply"]


@pytest.fixture
def served(host: Host) -> Iterator[Host]:
    reaper = [sys.executable, str(HERE / "reaper.py")]
    daemon = host.popen([*reaper, sys.executable, "-c", _DAEMON])
    end = time.monotonic() + 20
    while not host.exists("/tmp/order"):
        assert time.monotonic() < end
        time.sleep(0.05)
    yield host
    daemon.kill()
    daemon.wait()


@pytest.mark.long
def test_what_a_daemon_and_its_orphans_spend_counts_once(served: Host) -> None:
    for _order in range(2):
        cost = served.call(meter.measure, _ORDER, {}, 30.0)
        assert 0.5 <= cost.cpu < 0.9, cost
        assert 60 <= cost.memory < 110, cost
        assert cost.seconds >= 0.5


def test_a_failure_tells_what_the_command_said(host: Host) -> None:
    with pytest.raises(meter.Failed, match="no such thing"):
        host.call(meter.measure, ["sh", "-c", "echo no such thing; exit 3"], {}, 30.0)


def _processes(mark: str) -> list[str]:
    """The processes on the whole machine with the mark in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found += [text.replace("\0", " ")] * (mark in text)
    return found


@pytest.mark.parametrize("slow", [PREPARE, "build", "move"])
def test_what_is_given_up_leaves_nothing(slow: str, tmp_path: Path) -> None:
    mark = f"{tmp_path.name}-{slow}"
    script = {slow: f"setsid sh -c 'sleep 1000; : {mark}' & ip netns add e1; sleep 1000; : {mark}"}

    def command(_host: Host, stage: str, _count: int) -> list[str] | None:
        return ["sh", "-c", script.get(stage, ":")] if stage in (PREPARE, "build", "move", "remove") else None

    life = lives.live(Rival("slow", "by sleeping", command), 1, 0.5, 0.5)
    assert life[slow] == cells.given_up(0.5)
    assert life["remove"] == {"why": f"not reached: {slow} more than 0 s"}
    assert ("seconds" in life["build"]) == (slow == "move")
    assert _processes(mark) == []
