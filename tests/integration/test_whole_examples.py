# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's network as readers get it: with the inventory of docs/start.md, and with the modules in order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import ORDER
from tests.integration.settling import settle
from tests.lab import town
from tests.lab.dumps import Dump
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import REPOSITORY
from tests.lab.playbooks import Run

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
START = (REPOSITORY / "docs/start.md").read_text(encoding="utf-8")
(INVENTORY,) = re.findall(r"^```yaml\n(# inventory\.yml\n.*?)^```$", START, re.MULTILINE | re.DOTALL)
(PLAY,) = re.findall(r"^```yaml\n(- name: .*?)^```$", README, re.MULTILINE | re.DOTALL)
(SHOWN,) = re.findall(
    r"^\$ ansible-playbook -i inventory\.yml .*\n\.\.\.\n(.*?)^\.\.\.\n```$", START, re.MULTILINE | re.DOTALL
)


@pytest.fixture
def place() -> Iterator[town.Town]:
    with Lab() as lab:
        yield town.build(lab)


def _play(host: Host, name: str, check: bool = False) -> Run:
    return host.playbook(f"netplumb.linuxnet.{name}", inventory=INVENTORY, check=check, diff=False)


def _works(place: town.Town) -> None:
    """Every path of the picture works, and what it shows as dropped is dropped."""
    host, neighbour = place.host, place.neighbour
    web, db = host.inside("web"), host.inside("db")
    assert web.reaches("172.18.0.10")
    assert db.reaches("fd00:18::2")
    with web.server(80), web.server(81):
        for here, there in zip(town.HOST, town.NEIGHBOUR, strict=True):
            answer = neighbour.ask(here, 8080)
            assert answer is not None
            assert answer.peer == there
            assert db.ask(here, 8080) is not None
            assert web.ask(here, 8080) is not None
        assert host.ask("127.0.0.1", 8080) is not None
        assert host.ask("127.0.0.1", 8081) is not None
        for address, port in (("172.18.0.2", 80), ("fd00:18::2", 80), ("172.18.0.2", 81), (town.HOST[0], 8081)):
            assert neighbour.ask(address, port, timeout=0.3) is None
    with place.outside.server(7):
        for world, here in zip(town.WORLD, town.HOST, strict=True):
            answer = db.ask(world, 7)
            assert answer is not None
            assert answer.peer == here


def _left(before: Dump, after: Dump) -> list[str]:
    """The differences other than forwarding, which stays on, and the settings that the kernel couples to it."""
    kept = ("forward", "accept_ra", "accept_redirects")
    return [
        line for line in before.changes_to(after) if "sysctls: " not in line or not any(key in line for key in kept)
    ]


def test_the_first_page_shows_what_is_printed_and_nothing_else_deserves_a_look(place: town.Town) -> None:
    empty = place.host.dump()
    built = _play(place.host, "bridge_network")
    assert SHOWN in built.output
    assert "WARNING" not in built.output
    _works(place)
    assert " changed=0 " in _play(place.host, "bridge_network").output
    place.host.write("/tmp/play.yml", PLAY)
    assert place.host.playbook("/tmp/play.yml", inventory=INVENTORY).changed == []
    _play(place.host, "teardown")
    assert _left(empty, place.host.dump()) == []


@pytest.mark.long
def test_the_modules_in_order_make_the_same_network(place: town.Town) -> None:
    empty = place.host.dump()
    foretold = _play(place.host, "modules", check=True)
    assert empty.changes_to(place.host.dump()) == []
    built = _play(place.host, "modules")
    assert [task.name for task in foretold.changed] == [task.name for task in built.changed]
    # The network limits no rates.
    assert {task.action.rpartition(".")[2] for task in built.tasks} == set(ORDER["present"]) - {"bandwidth"}
    assert "WARNING" not in built.output
    _works(place)
    settle(place.host, "web", "db")
    healthy = place.host.dump()
    assert _play(place.host, "modules", check=True).changed == []
    assert _play(place.host, "modules").changed == []
    assert healthy.changes_to(place.host.dump()) == []
    removed = _play(place.host, "modules_teardown")
    assert "WARNING" not in removed.output
    assert _left(empty, place.host.dump()) == []
    assert _play(place.host, "modules_teardown").changed == []
