# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large network costs no more processes than a small one, and one netlink conversation per namespace. No seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.counting import run_counted
from tests.integration.networks import calls, plan
from tests.integration.rule_hosts import use_backend
from tests.lab import modules
from tests.lab.host import Host
from tests.lab.lab import Lab

SMALL, LARGE = 3, 300
#: To look at a namespace, to change it, and to announce what is new there.
CONVERSATIONS = 3
ABSENT: dict[str, Any] = {"name": "br0", "state": "absent"}


def network(count: int) -> dict[str, Any]:
    endpoints = [{"namespace": f"n{n}", "published_ports": [f"{10000 + n}:80"]} for n in range(count)]
    return {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": endpoints}


@dataclass
class Run:
    """One application of the role: what each module counted, and whether it changed anything."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    def of(self, what: str) -> dict[str, int]:
        return {name: counts.get(what, 0) for name, counts in self.counts.items()}


def apply_counted(host: Host, variables: dict[str, Any]) -> Run:
    """As the role does it: a look at what is left first, where the network has begun."""
    made = plan(host, variables)
    run = Run()

    def call(name: str, options: dict[str, Any]) -> dict[str, Any]:
        preload = (*modules.COMMON, modules.file_of(name))
        result, run.counts[name] = host.call(run_counted, name, options, timeout=300, preload=preload)
        assert not result.get("failed"), result
        run.changed += [name] * result["changed"]
        return dict(result)

    todo = made["modules"]
    if made["state"] == "present" and made["begun"]:
        todo = call("plan_info", {"owner": made["owner"], "modules": todo})["modules"]
    for name in calls(made):
        if todo[name]:
            call(name, {"owner": made["owner"], "aggregate": todo[name]})
    return run


@dataclass(frozen=True)
class Life:
    """Made, seen again, removed."""

    made: Run
    again: Run
    removed: Run
    rules: int


def live(host: Host, count: int) -> Life:
    made = apply_counted(host, network(count))
    again = apply_counted(host, network(count))
    rules = host.run(["iptables-save"]).out.count("\n-A ")
    return Life(made, again, apply_counted(host, ABSENT), rules)


@pytest.fixture(scope="module")
def lives() -> Iterator[dict[int, Life]]:
    with Lab() as lab:
        hosts = {count: lab.host(f"host{count}") for count in (SMALL, LARGE)}
        for host in hosts.values():
            use_backend(host, "legacy")  # nft takes few edits at once in a user namespace
        yield {count: live(host, count) for count, host in hosts.items()}


@pytest.mark.parametrize("stage", ["made", "again", "removed"])
def test_processes_do_not_grow(lives: dict[int, Life], stage: str) -> None:
    """A table is read once and written once by each module that has to do with it."""
    small, large = getattr(lives[SMALL], stage), getattr(lives[LARGE], stage)
    assert large.of("process") == small.of("process")
    for name, counts in large.counts.items():
        for command, count in counts.items():
            most = {"process": 20, "netlink": CONVERSATIONS * LARGE + 10}.get(command, 4 if "restore" in command else 1)
            assert count <= most, (name, command)


def test_nothing_is_written_where_nothing_is_to_do(lives: dict[int, Life]) -> None:
    for life in lives.values():
        assert life.again.changed == []
        assert list(life.again.counts) == ["plan_info"]
        assert not [command for counts in life.again.counts.values() for command in counts if "restore" in command]


def test_one_rule_for_each_published_port(lives: dict[int, Life]) -> None:
    """And a little for the tree in which they are found quickly."""
    assert lives[LARGE].rules - lives[SMALL].rules - (LARGE - SMALL) < 10
