# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network is created, changed and removed, each time with one system call that fails or is the module's last.

A run without a fault then puts everything right: nothing is left behind and nothing of others is lost, as if the fault
had not happened. And a run that reports success has done everything.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.integration.model import picture, role
from tests.integration.settling import settle
from tests.lab import modules, target
from tests.lab.errors import ModuleFailed
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.sweep import inside
from tests.sweep.faults import Fault, faults

_SUBNETS = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
_MADE: dict[str, Any] = {
    "name": "br0",
    "ipam_config": _SUBNETS,
    "persistent": True,
    "endpoints": [
        {
            "namespace": "web",
            "ipv4_address": "172.18.0.2",
            "published_ports": ["8080:80", {"port": "53:53/udp", "allowed_sources": ["192.0.2.0/24"]}],
            "egress_rate": "50mbit",
        },
        {
            "namespace": "db",
            "ipv4_address": "172.18.0.10",
            "sysctls": {"net.ipv4.ip_default_ttl": 99},
            "egress": ["192.0.2.7"],
        },
        {"namespace": "visitor"},
    ],
}
#: One endpoint leaves, one comes, one moves, a port moves and its sources are limited, a list of destinations
#: changes, a rate goes, and endpoints cannot see each other any more.
_CHANGED: dict[str, Any] = {
    **_MADE,
    "icc": False,
    "persistent": False,
    "endpoints": [
        {
            "namespace": "db",
            "ipv4_address": "172.18.0.11",
            "published_ports": [{"port": "8080:80", "allowed_sources": ["2001:db8::/64", "192.0.2.0/24"]}],
            "egress": ["10.0.0.0/8"],
        },
        {"namespace": "new", "ipv4_address": "172.18.0.12", "published_ports": ["9000-9010:9000-9010"]},
        {"namespace": "visitor"},
    ],
}
_GONE = {"name": "br0", "state": "absent"}
#: Another network and foreign objects exist all the time. All three share the namespace visitor.
_OTHER: dict[str, Any] = {
    "name": "br1",
    "ipam_config": [{"subnet": "172.19.0.0/24"}],
    "endpoints": [
        {"namespace": "visitor", "interface": "eth1", "default_route": False, "published_ports": ["9999:99"]}
    ],
}
_FOREIGN = """
ip netns add visitor; ip netns add stranger; ip -n stranger link add inner0 type bridge
ip link add foreign0 type bridge; ip address add 10.98.0.1/24 dev foreign0; ip link set foreign0 up
iptables -A FORWARD -s 10.98.0.0/24 -m comment --comment foreign -j ACCEPT
iptables -t nat -A POSTROUTING -s 10.98.0.0/24 -m comment --comment foreign -j MASQUERADE
"""


@dataclass(frozen=True)
class Stage:
    """before: the network's earlier state. want: what is applied while something fails."""

    name: str
    before: dict[str, Any]
    want: dict[str, Any]


STAGES = (Stage("build", _GONE, _MADE), Stage("change", _MADE, _CHANGED), Stage("teardown", _MADE, _GONE))
_SECONDS = 60


@dataclass(frozen=True)
class Case:
    """module: the one of the stage's modules in which the fault happens."""

    stage: Stage
    module: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.stage.name}, {self.module}: {self.fault}"


def one_of_each_kind(cases: Iterable[Case]) -> list[Case]:
    """The first case for each kind of call of each module."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(f"{case.module} {case.fault.kind}", case)
    return list(first.values())


class Wrong(AssertionError):
    """What a fault led to but must not lead to."""


class Sweep:
    """Stages on one host. Each case either leaves the host as it should be, or is wrong and makes the host unusable."""

    def __init__(self, lab: Lab) -> None:
        self._host = lab.host("host")
        self._host.sh(_FOREIGN)
        role.apply(self._host, _OTHER)
        self._foreign = self._identities()
        self._at: str | None = None
        for variables in (_MADE, _GONE):
            role.apply(self._host, variables)
        self._wanted = {}
        for stage in STAGES:
            for variables in (stage.before, stage.want):
                role.apply(self._host, variables)
            self._wanted[stage.name] = self._picture()

    def cases(self, stage: Stage) -> Iterator[Case]:
        """All faults of all modules in a stage."""
        self._start(stage)
        found: list[tuple[str, list[inside.Point]]] = []

        def module(host: Host, name: str, options: dict[str, Any], _check: bool) -> dict[str, Any]:
            watched = _watched(host, name, options, None, 0)
            found.append((name, watched.points))
            return _result(name, watched)

        role.apply(self._host, stage.want, module=module)
        for name, points in found:
            for fault in faults(points):
                yield Case(stage, name, fault)

    def run(self, case: Case) -> bool:
        """Run a case. Returns whether the fault occurred; raises Wrong."""
        self._start(case.stage)
        hit, ended = False, ""

        def module(host: Host, name: str, options: dict[str, Any], _check: bool) -> dict[str, Any]:
            nonlocal hit
            if name != case.module or hit:
                return host.module(name, options)
            watched = _watched(host, name, options, case.fault.point, case.fault.error)
            hit = watched.hit
            return _result(name, watched)

        try:
            role.apply(self._host, case.stage.want, module=module)
            ended = "success"
        except role.Killed:
            ended = "killed"
        except role.Refusal as error:
            ended = str(error)
        self._judge(case, ended)
        return hit

    def _judge(self, case: Case, ended: str) -> None:
        if "Traceback" in ended or "\n" in ended or not ended:
            raise Wrong(f"{case}: no sentence: {ended}")
        if ended == "success":
            self._compare(case, "said to be a success")
        try:
            role.apply(self._host, case.stage.want)
            _wait(self._host)
            again = role.apply(self._host, case.stage.want)
        except role.Refusal as error:
            raise Wrong(f"{case}: {ended}; and the next run: {error}") from error
        if again.changed:
            raise Wrong(f"{case}: {ended}; the second run after it changes {set(again.changed)}: {again.diffs}")
        self._compare(case, f"ended with {ended!r}, and after the next run")
        self._at = json.dumps(case.stage.want)

    def _compare(self, case: Case, when: str) -> None:
        differing = picture.differences(self._wanted[case.stage.name], self._picture())
        if differing:
            raise Wrong(f"{case}: {when}:\n" + "\n".join(differing[:20]))
        if self._identities() != self._foreign:
            raise Wrong(f"{case}: {when}: a namespace of somebody else is another one")

    def _start(self, stage: Stage) -> None:
        if self._at != json.dumps(stage.before):
            role.apply(self._host, stage.before)
        self._at = None

    def _picture(self) -> dict[str, list[str]]:
        return picture.of(self._host.dump())

    def _identities(self) -> str:
        return self._host.sh("stat --format '%n %i' /run/netns/visitor /run/netns/stranger")


def _wait(host: Host) -> None:
    """Wait until the kernel has finished what follows from links going up."""
    settle(host, *host.sh("ls /run/netns").split(), quiet=0.1)


def _watched(
    host: Host, name: str, options: dict[str, Any], point: inside.Point | None, error: int | None
) -> inside.Watched:
    call = functools.partial(host.call, inside.run, name, options, point, error, _SECONDS)
    watched: inside.Watched = call(
        preload=(*modules.COMMON, modules.file_of(name)), python=target.PYTHON, timeout=_SECONDS * 2
    )
    return watched


def _result(name: str, watched: inside.Watched) -> dict[str, Any]:
    if watched.exit is None:
        raise role.Refusal(f"Traceback: it hangs for {_SECONDS} s")
    if watched.exit < 0:
        raise role.Killed
    if watched.result is None:
        raise role.Refusal(f"Traceback: exit {watched.exit} without a result")
    if watched.result.get("failed"):
        raise ModuleFailed(name, watched.result)
    return watched.result
