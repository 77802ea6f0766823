# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module of the role costs for a network of many endpoints: built, run again without change, torn down.

``python -m benchmarks.modules_at_scale --endpoints 300``, in the environment of the tests; needs no root.

The modules are called in the role's order by way of tests/integration/networks.py, each in a fork that has everything
imported: what is measured is the modules' own work, not Ansible's start nor the imports. ``--profile interface`` tells
where the time of one module goes. Ends with exit code 1 where a second run changed something or something was left.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from benchmarks import measuring
from tests.integration import networks
from tests.lab import modules
from tests.lab.host import Host
from tests.lab.lab import Lab

_NAME = "br-scale"
_SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
#: Seconds per endpoint in which all announce their IPv6 addresses to each other, which would slow down what follows.
_SETTLING = 0.015
_OPTIONS = "/tmp/options.json"


class _MeasuredHost:
    """A lab host for networks.apply that measures and sums up the cost of its modules."""

    def __init__(self, host: Host, profiled: str) -> None:
        self._host = host
        self._profiled = profiled
        self.total = 0.0

    def module(self, name: str, options: dict[str, Any] | None = None, check: bool = False) -> dict[str, Any]:
        preload = (*modules.COMMON, modules.file_of(name), measuring.__name__)
        # In a file, since a call only takes one packet.
        self._host.run(["tee", _OPTIONS], stdin=json.dumps(options or {}))
        arguments = (name, _OPTIONS, check, name == self._profiled)
        result, cost = self._host.call(measuring.measure, *arguments, preload=preload, timeout=600)
        self.total += cost.wall
        print(f"  {name:16} {len((options or {}).get('aggregate', [1])):5} {cost}\n{cost.profile}", end="", flush=True)
        if result.get("failed"):
            raise SystemExit(f"{name}: {result['msg']}")
        return dict(result)


def _phase(title: str, host: _MeasuredHost, **variables: Any) -> tuple[float, networks.Applied]:
    print(title, flush=True)
    host.total, begun = 0.0, time.perf_counter()
    applied = networks.apply(host, name=_NAME, **variables)
    wall = time.perf_counter() - begun
    print(f"  {'modules':22} {host.total:8.2f} s\n  {'planner and way':22} {wall - host.total:8.2f} s", flush=True)
    return host.total, applied


def measure(count: int, profiled: str) -> bool:
    """Whether the second run changed nothing and the teardown left nothing."""
    wanted = {"ipam_config": _SUBNETS, "endpoints": [{"namespace": f"n{number}"} for number in range(count)]}
    with Lab() as lab:
        plain = lab.host("host")
        host = _MeasuredHost(plain, profiled)
        build, _made = _phase(f"build of {count}", host, **wanted)
        time.sleep(_SETTLING * count)
        again, same = _phase("no change", host, **wanted)
        gone, _removed = _phase("teardown", host, state="absent")
        left = [link["ifname"] for link in plain.ip("link", "show") if link["ifname"] != "lo"]
    print(f"build: {build / count * 1000:.1f} ms per endpoint")
    print(f"no change: {again / build:.2f} of the build, teardown: {gone / build:.2f} of it")
    if same.changed or left:
        print(f"changed again: {same.changed}; left behind: {left}")
    return not same.changed and not left


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=300, help="how many (%(default)s)")
    parser.add_argument("--profile", default="", help="a module whose time is to be told by function")
    options = parser.parse_args()
    return int(not measure(options.endpoints, options.profile))


if __name__ == "__main__":
    sys.exit(main())
