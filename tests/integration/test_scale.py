# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large network starts no more processes than a small one, with one netlink conversation per namespace. No times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.counting import run_counted
from tests.integration.rule_hosts import use_backend
from tests.lab import modules
from tests.lab.host import Host
from tests.lab.lab import Lab

SMALL, LARGE = 3, 300
#: One to read a namespace, one to change it, and one to announce new addresses in it.
OPTIONS = "/tmp/options.json"
CONVERSATIONS = 4
#: How often one command may be started.
MOST = {"made": 8, "again": 1, "removed": 8}
ABSENT: dict[str, Any] = {"name": "br0", "state": "absent"}


def network(count: int) -> dict[str, Any]:
    endpoints = [{"namespace": f"n{n}", "published_ports": [f"{10000 + n}:80"]} for n in range(count)]
    return {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": endpoints}


@dataclass
class Run:
    """One application of the role: what the module counted, and whether it changed anything."""

    counts: dict[str, int]
    changed: bool


def apply_counted(host: Host, variables: dict[str, Any]) -> Run:
    preload = (*modules.COMMON, modules.code_of("bridge_network"))
    host.run(["tee", OPTIONS], stdin=json.dumps(variables))
    result, counts = host.call(run_counted, "bridge_network", OPTIONS, timeout=300, preload=preload)
    assert not result.get("failed"), result
    return Run(counts, result["changed"])


@dataclass(frozen=True)
class Life:
    """Built, run again, removed."""

    made: Run
    again: Run
    removed: Run
    rules: int
    #: Rules that bind an address to its MAC address.
    tied: int


def live(host: Host, count: int) -> Life:
    made = apply_counted(host, network(count))
    again = apply_counted(host, network(count))
    lines = host.run(["iptables-save"]).out.splitlines()
    rules = [line for line in lines if line.startswith("-A ")]
    guards = [line for line in rules if line.startswith("-A LINUXNET-GUARD-")]
    tied = sum("--mac-source" in line for line in guards)
    return Life(made, again, apply_counted(host, ABSENT), len(rules) - len(guards), tied)


@pytest.fixture(scope="module")
def lives() -> Iterator[dict[int, Life]]:
    with Lab() as lab:
        hosts = {count: lab.host(f"host{count}") for count in (SMALL, LARGE)}
        for host in hosts.values():
            use_backend(host, "legacy")  # nft takes few edits at once in a user namespace
        yield {count: live(host, count) for count, host in hosts.items()}


@pytest.mark.parametrize("stage", ["made", "again", "removed"])
@pytest.mark.long
def test_processes_do_not_grow(lives: dict[int, Life], stage: str) -> None:
    """No table is read twice unless it was changed."""
    small, large = getattr(lives[SMALL], stage).counts, getattr(lives[LARGE], stage).counts
    assert large["process"] == small["process"]
    for command, count in large.items():
        most = {"process": 50, "netlink": CONVERSATIONS * LARGE + 40}.get(command, MOST[stage])
        assert count <= most, command


@pytest.mark.long
def test_nothing_is_written_where_nothing_is_to_do(lives: dict[int, Life]) -> None:
    for life in lives.values():
        assert not life.again.changed
        assert not [command for command in life.again.counts if "restore" in command]


@pytest.mark.long
def test_one_rule_for_each_published_port(lives: dict[int, Life]) -> None:
    """Plus a few for the tree."""
    assert lives[LARGE].rules - lives[SMALL].rules - (LARGE - SMALL) < 10


@pytest.mark.long
def test_one_rule_for_each_address(lives: dict[int, Life]) -> None:
    """And one for the gateway."""
    assert {count: life.tied for count, life in lives.items()} == {count: count + 1 for count in lives}
