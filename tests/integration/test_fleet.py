# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One inventory of twenty hosts, ten at a time, each with networks of another kind.

In the first run, one host is off, and one has no room for the name of a namespace, so its run ends halfway. The second
run, with both repaired, must complete these two and find nothing to do on the others; the third finds nothing on the
two.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from tests.integration.fleet import MEMBERS, NEIGHBOUR, ROUTER, WORLD, Member, Question
from tests.integration.rule_hosts import use_backend
from tests.integration.settling import settle
from tests.integration.traffic import agents
from tests.lab import machine
from tests.lab.controller import Controller, Timed
from tests.lab.dumps import Dump
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Place
from tests.lab.segment import Segment
from tests.lab.traffic import Answer

FORKS = 10
OFF = "h12-loopback"
FULL = "h05-apart"
TROUBLED = {OFF, FULL}
PLAYBOOK = "netplumb.linuxnet.bridge_network"
#: How long to wait for an answer that must come, and for one that must not.
T = TypeVar("T")

ANSWER_SECONDS, SILENCE_SECONDS = 5.0, 0.4


@dataclass
class Fleet:
    """The hosts, and who looks at them from outside."""

    lab: Lab
    segment: Segment
    neighbour: Host
    world: Host
    hosts: dict[str, Host] = field(default_factory=dict)

    def boot(self, member: Member) -> None:
        """Start a host with its address, router and other prerequisites, and nothing of ours."""
        host = self.hosts[member.name] = self.lab.host(member.name)
        own = [f"192.0.2.{member.number}/24", f"2001:db8::{member.number}/64"]
        self.segment.join(host, "eth0", own, ROUTER)
        if not machine.lacks("iptables-legacy"):
            use_backend(host, member.backend)
        host.sh(member.given)

    def run(self, controller: Controller, *arguments: str) -> Timed:
        with_variables = {
            name: (host, {"bridge_networks": MEMBERS[name].networks}) for name, host in self.hosts.items()
        }
        return controller.playbook(PLAYBOOK, with_variables, *arguments)

    def place(self, member: Member, name: str) -> Place:
        host = self.hosts[member.name]
        return {"neighbour": self.neighbour, "host": host}.get(name) or host.inside(name)

    def wrong(self, member: Member) -> list[str]:
        """Ask a host's questions. Returns what is wrong."""
        found = self.hosts[member.name].sh("ls /run/netns").split()
        serving: dict[str, list[tuple[str, str, int]]] = {}
        for namespace, protocol, address, port in member.serves:
            serving.setdefault(namespace, []).append((protocol, address, port))
        with contextlib.ExitStack() as stack:
            for namespace in serving.keys() & set(found):
                stack.enter_context(self.place(member, namespace).start(agents.serve_all, serving[namespace]))
            homeless = {question.client for question in member.questions} - {"neighbour", "host", *found}
            if homeless:
                return [f"no namespace {name}" for name in sorted(homeless)]
            return [text for question in member.questions if (text := self._wrong(member, question))]

    def _wrong(self, member: Member, question: Question) -> str:
        patience = SILENCE_SECONDS if question.answer == "nobody" else ANSWER_SECONDS
        place = self.place(member, question.client)
        answer = place.ask(question.address, question.port, question.protocol, timeout=patience)
        told = _told(answer)
        return "" if told == question.answer else f"{question}: {told}"

    def settled(self, member: Member) -> Dump:
        """A dump of a host's network after the kernel has finished what it does by itself."""
        host = self.hosts[member.name]
        settle(host, *host.sh("ls /run/netns").split())
        return host.dump()


def _told(answer: Answer | None) -> str:
    return f"{answer.peer} at {answer.local}" if answer else "nobody"


def _each(names: Set[str], function: Callable[[Member], T]) -> dict[str, T]:
    with ThreadPoolExecutor(FORKS) as pool:
        members = [MEMBERS[name] for name in sorted(names)]
        return dict(zip((member.name for member in members), pool.map(function, members), strict=True))


@contextlib.contextmanager
def _outfitted() -> Iterator[Fleet]:
    """All hosts, the neighbour and the world."""
    with Lab() as lab:
        segment = lab.segment("wan")
        neighbour = segment.neighbour("neighbour", [f"{NEIGHBOUR[0]}/24", f"{NEIGHBOUR[1]}/64"])
        world = segment.neighbour("world", [f"{ROUTER[0]}/24", f"{ROUTER[1]}/64"])
        world.sh(f"ip address add {WORLD[0]}/32 dev lo; ip address add {WORLD[1]}/128 dev lo nodad")
        fleet = Fleet(lab, segment, neighbour, world)
        for member in MEMBERS.values():
            fleet.boot(member)
            routes = (
                f"ip route add 10.{member.number}.0.0/16 via 192.0.2.{member.number}; "
                f"ip route add fd00:{member.number}::/64 via 2001:db8::{member.number}"
            )
            neighbour.sh(routes)
            if member.world_knows:
                world.sh(routes)
        with world.start(agents.serve_all, [("tcp", address, 80) for address in WORLD]):
            yield fleet


@dataclass(frozen=True)
class Record:
    """What the three runs did, and what was found after them."""

    first: Timed
    second: Timed
    third: Timed
    wrong_at_once: dict[str, list[str]]
    wrong_later: dict[str, list[str]]
    touched: dict[str, list[str]]


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    with _outfitted() as fleet, Controller(fleet.lab, FORKS) as controller:
        others = MEMBERS.keys() - TROUBLED
        fleet.lab.stop(fleet.hosts[OFF])
        fleet.hosts[FULL].sh("mount -t tmpfs -o nr_inodes=1 tmpfs /run/netns")
        first = fleet.run(controller)
        wrong_at_once = _each(others, fleet.wrong)
        before = _each(others, fleet.settled)

        fleet.boot(MEMBERS[OFF])
        fleet.hosts[FULL].sh("umount /run/netns")
        second = fleet.run(controller)
        wrong_later = _each(TROUBLED, fleet.wrong)
        after = _each(others, fleet.settled)
        touched = {name: before[name].changes_to(after[name]) for name in others}
        third = fleet.run(controller, "--limit", ",".join(TROUBLED))
        yield Record(first, second, third, wrong_at_once, wrong_later, touched)


@pytest.mark.long
def test_only_the_hosts_in_trouble_fail(record: Record, record_property: Callable[[str, object], None]) -> None:
    for name, run in (("first", record.first), ("second", record.second), ("third", record.third)):
        hosts = len({task.host for task in run.tasks})
        record_property(f"{name} run of the fleet", f"{run.seconds:.0f} s for {hosts} hosts, {FORKS} at a time")
    assert {task.host: task.status for task in record.first.failed} == {OFF: "unreachable", FULL: "failed"}
    assert record.first.changed_on() == MEMBERS.keys() - {OFF}, "what came before a failure was changed, too"


@pytest.mark.long
def test_a_failure_half_way_is_a_sentence(record: Record) -> None:
    (failed,) = (task for task in record.first.failed if task.host == FULL)
    assert failed.action == "netplumb.linuxnet.bridge_network"
    assert "No space left on device" in failed.result["msg"]
    assert "Everything else of the network is as requested" in failed.result["msg"], "it had been begun"
    assert "Traceback" not in record.first.output


@pytest.mark.parametrize("name", sorted(MEMBERS))
@pytest.mark.long
def test_each_host_has_what_it_was_to_get(record: Record, name: str) -> None:
    assert (record.wrong_later if name in TROUBLED else record.wrong_at_once)[name] == []


def test_a_second_run_finishes_what_the_first_could_not_and_finds_nothing_else_to_do(record: Record) -> None:
    assert record.second.rc == 0, record.second.output
    assert record.second.changed_on() == TROUBLED


def test_a_second_run_does_nothing_where_the_first_one_finished(record: Record) -> None:
    assert {name: changes for name, changes in record.touched.items() if changes} == {}


def test_a_second_run_after_the_finishing_one_finds_nothing_to_do(record: Record) -> None:
    assert record.third.rc == 0, record.third.output
    assert {task.host for task in record.third.tasks} == TROUBLED
    assert record.third.changed == []
