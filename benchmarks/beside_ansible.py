# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the role costs beside what Ansible takes in any case, in seconds of the processor.

python -m benchmarks.beside_ansible [--rounds 5] [--only "one endpoint"]

Each row is a run of ansible-playbook with the role, and right after it one with the same variables, their check against
the role's argument specification and a ping. User and system time of all processes count, those on the host too. A
number is the median, over the rounds, of the ratio of two such runs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.scale.rivals import tasks_of_ansible_alone
from tests.integration.role_plays import ROLE
from tests.lab.host import Host
from tests.lab.lab import Lab

#: Runs a command and prints the CPU seconds that it and its children took.
_METER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
sys.exit(code)
"""


def network(number: int, count: int, moved: bool = False) -> dict[str, Any]:
    """A network of this many endpoints with one published port each; with ``moved``, one port differs."""
    first = 10000 + 1000 * number
    return {
        "name": f"br{number}",
        "ipam_config": [{"subnet": f"172.{18 + number}.0.0/16"}],
        "endpoints": [
            {"namespace": f"n{number}-{one}", "published_ports": [f"{9999 if moved and one == 0 else first + one}:80"]}
            for one in range(count)
        ],
    }


def _one(count: int, moved: bool = False) -> dict[str, Any]:
    return {f"bridge_network_{name}": value for name, value in network(0, count, moved).items()}


_ABSENT = {"bridge_network_name": "br0", "bridge_network_state": "absent"}
_TEN: dict[str, Any] = {"bridge_networks": [network(number, 3) for number in range(10)]}


@dataclass(frozen=True)
class Row:
    """``before``: the variables of runs that precede each measured one."""

    what: str
    asked: float
    variables: dict[str, Any]
    before: tuple[dict[str, Any], ...] = ()
    hosts: int = 1


ROWS = (
    Row("one endpoint, build", 1.25, _one(1), (_ABSENT,)),
    Row("one endpoint, no change", 1.25, _one(1), (_one(1),)),
    Row("1000 endpoints, no change", 1.9, _one(1000), (_one(1000),)),
    Row("1000 endpoints, build", 3.8, _one(1000), (_ABSENT,)),
    Row("1000 endpoints, one port moved", 2.1, _one(1000, True), (_one(1000),)),
    Row("ten networks of three endpoints, no change", 1.4, _TEN, (_TEN,)),
    Row("20 hosts, forks 10, no change", 1.5, _one(1), (_one(1),), 20),
)


def _plays() -> dict[str, list[Any]]:
    return {
        name: [{"hosts": "all", "gather_facts": False, **play}]
        for name, play in (("role", {"roles": [ROLE]}), ("alone", {"tasks": tasks_of_ansible_alone()}))
    }


def _prepare(host: Host) -> None:
    host.write("/tmp/meter.py", _METER)
    for name, play in _plays().items():
        host.write(f"/tmp/{name}.json", json.dumps(play))


def _run(host: Host, play: str, variables: dict[str, Any], hosts: int) -> float:
    """The CPU seconds."""
    host.write("/tmp/variables.json", json.dumps(variables))
    inventory = "localhost," if hosts == 1 else "".join(f"h{number}," for number in range(hosts))
    argv = ["ansible-playbook", "-i", inventory, "-c", "local", "-f", "10", f"/tmp/{play}.json"]
    done = host.run(
        [sys.executable, "/tmp/meter.py", *argv, "--extra-vars", "@/tmp/variables.json"],
        timeout=1200,
        env={"ANSIBLE_PIPELINING": "1"},
    )
    return float(done.out)


def measure(row: Row, rounds: int) -> dict[str, float]:
    """The medians: the role's seconds, those of Ansible alone, and the ratio."""
    pairs = []
    with Lab() as lab:
        host = lab.host("host")
        _prepare(host)
        for number in range(rounds):
            if number == 0 or row.before != (row.variables,):
                for variables in row.before:
                    _run(host, "role", variables, 1)
            order = ("role", "alone") if number % 2 == 0 else ("alone", "role")
            pairs.append({play: _run(host, play, row.variables, row.hosts) for play in order})
    return {
        "role": statistics.median(pair["role"] for pair in pairs),
        "alone": statistics.median(pair["alone"] for pair in pairs),
        "ratio": statistics.median(pair["role"] / pair["alone"] for pair in pairs),
    }


def measure_all(rounds: int, only: str = "") -> Iterator[tuple[Row, dict[str, float]]]:
    """Each row whose name contains ``only``."""
    for row in ROWS:
        if only in row.what:
            yield row, measure(row, rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    given = parser.parse_args()
    print("| | role, s | Ansible alone, s | ratio | asked |\n|---|---|---|---|---|")
    met = True
    for row, found in measure_all(given.rounds, given.only):
        numbers = " | ".join(f"{found[name]:.2f}" for name in ("role", "alone", "ratio"))
        print(f"| {row.what} | {numbers} | at most {row.asked} |", flush=True)
        met = met and found["ratio"] <= row.asked
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
