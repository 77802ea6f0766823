# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m benchmarks.own_time``: what each module takes of its own for a network of three endpoints.

Each call is a new Python on a host of the lab, as Ansible starts one; no root is needed. The network is built by the
modules one by one, then by bridge_network in one call, both from nothing. Medians of several rounds, in milliseconds of
the processor:

- Ansible: importing what every module needs of Ansible, which is not ours to spare
- imports: importing the module beyond that, compiled before, as files on a disk are
- compiled: the same with nothing compiled, as in the archive in which Ansible sends a module
- work: all the rest
"""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.scale import aims
from tests.integration import networks
from tests.lab import target
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import REPOSITORY

_WANT = {
    "name": "br-three",
    "ipam_config": [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}],
    "endpoints": [{"namespace": name, "published_ports": [f"{port}:80"]} for port, name in enumerate("abc", 8001)],
}
COLUMNS = ("Ansible", "imports", "compiled", "work")


def _once(host: Host, name: str, options: dict[str, Any], compiled: bool = True) -> dict[str, float]:
    paths = ":".join([*target.search_path(), str(REPOSITORY)])
    cache = [] if compiled else ["-X", "pycache_prefix=/dev/null/nowhere"]
    argv = [target.PYTHON, *cache, "-m", "benchmarks.once", name, json.dumps(options)]
    return dict(json.loads(host.run(argv, env={"PYTHONPATH": paths}).err.splitlines()[-1]))


def _calls(host: Host) -> Iterator[tuple[str, dict[str, Any]]]:
    """Build and remove the network, twice. The plan is made when it is needed."""
    for in_one in (False, True):
        yield "netns_info", {"text": True}
        made = networks.plan(host, _WANT)
        yield from [("bridge_network", _WANT)] if in_one else networks.calls(made)
        networks.remove(host)


def measure(rounds: int) -> aims.Own:
    """The medians by module."""
    compileall.compile_dir(REPOSITORY / "plugins", quiet=1)
    found: dict[str, list[dict[str, float]]] = {}
    with Lab() as lab:
        host = lab.host("host")
        for _round in range(rounds):
            for name, options in _calls(host):
                times = _once(host, name, options)
                # Once more, for the imports alone: nothing is left to do.
                times["compiled"] = _once(host, name, options, compiled=False)["imports"]
                found.setdefault(name, []).append(times)
    return {
        name: {column: statistics.median(one[column] for one in times) for column in COLUMNS}
        for name, times in found.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how many (%(default)s)")
    found = measure(parser.parse_args().rounds)
    print(f"{'':16}" + "".join(f"{column:>10}" for column in COLUMNS))
    for name, times in found.items():
        print(f"{name:16}" + "".join(f"{times[column]:10.0f}" for column in COLUMNS))
    judged = list(aims.of_modules(found))
    for aim in judged:
        print(f"{aim.what}: {aim.found}, asked is {aim.asked}")
    return int(not all(aim.met for aim in judged))


if __name__ == "__main__":
    sys.exit(main())
