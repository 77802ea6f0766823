# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one network on a host of its own: the cost of each stage for a rival."""

from __future__ import annotations

import dataclasses
import sys
import time

from benchmarks.scale import cells, meter
from benchmarks.scale.cells import Cell
from benchmarks.scale.rivals import PREPARE, STAGES, Rival
from tests.engines import packages
from tests.integration.rule_hosts import use_backend
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.lab import Lab

#: Cleaning up a thousand namespaces was seen to take half a minute.
_SETTLE_SECONDS = 600
_CANARY = """
ip netns add canary
ip link add canary type veth peer name eth0 netns canary
ip netns delete canary
"""


def live(rival: Rival, count: int, budget: float, prepare: float) -> dict[str, Cell]:
    """The cost of each stage, or why it is unknown. After a stage that did not end well there is no other.

    :param budget: the seconds after which a stage is given up
    :param prepare: the same for what comes before the network
    """
    found: dict[str, Cell] = {}
    packages.ROOT.mkdir(parents=True, exist_ok=True)
    with Lab(visible=(str(packages.ROOT),)) as lab:
        host = lab.host("host")
        _settle(host)
        use_backend(host, "legacy")
        with rival.standing(host) as standing:
            environment = {**host.environment(), **standing}
            for stage in (PREPARE, *STAGES):
                command = rival.command(host, stage, count)
                if command is None:
                    continue
                seconds = prepare if stage == PREPARE else budget
                found[stage] = cells.unreached(found) or _cell(host, command, environment, seconds)
    return found


def _cell(host: Host, command: list[str], environment: dict[str, str], budget: float) -> Cell:
    try:
        cost = host.call(meter.measure, command, environment, budget, timeout=budget + 60)
    except TimeoutError:
        return cells.given_up(budget)
    except meter.Failed as error:
        print(error, file=sys.stderr, flush=True)
        return cells.failed(str(error))
    return dataclasses.asdict(cost)


def _settle(host: Host) -> None:
    """Wait until the kernel has cleaned up the namespaces that ended before: it does so later, and one by one.

    A veth pair disappears with the namespace of one of its ends; that of the canary is the last in the queue.
    """
    host.sh(_CANARY)
    end = time.monotonic() + _SETTLE_SECONDS
    while host.run(["ip", "link", "show", "canary"], check=False).rc == 0:
        if time.monotonic() > end:
            raise LabError(f"the kernel has not cleared away the namespaces of before within {_SETTLE_SECONDS} s")
        time.sleep(0.5)
