# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break everything that makes a network work by hand, and check the verdicts of breakages.py."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from docs.make.drift import COMMAND, PAGE, page
from tests.integration import xdp
from tests.integration.breakages import BREAKAGES, HARMLESS, REPAIRED, WARNED, Breakage
from tests.integration.networks import SHOP, Applied, apply
from tests.lab import town
from tests.lab.lab import Lab
from tests.lab.town import Town

ALL = [pytest.param(one, id=one.command) for group in BREAKAGES.values() for one in group]


class Works:
    """A working network, reused for as many breakages as leave it working."""

    def __init__(self) -> None:
        self._lab: Lab | None = None
        self._town: Town | None = None
        self.whole = False

    def town(self) -> Town:
        """The town that the previous breakage left, or a new one."""
        if self._town is None or not self.whole:
            self.end()
            self._lab = Lab()
            self._town = town.build(self._lab)
            apply(self._town.host, **SHOP)
            assert _silent(self._town) == [], "the network works"
        self.whole = False
        return self._town

    def end(self) -> None:
        if self._lab:
            self._lab.close()
        self._lab = self._town = None


@pytest.fixture(scope="module")
def works() -> Iterator[Works]:
    found = Works()
    yield found
    found.end()


def _silent(place: Town, patience: float = 10) -> list[str]:
    """The paths that do not work, without cached neighbours. What recovers by itself is given time."""
    end = time.monotonic() + patience
    while (found := _ask_all(place)) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def _ask_all(place: Town) -> list[str]:
    host, outside, web = place.host, place.outside, place.host.inside("web")
    host.sh("for family in -4 -6; do ip $family neigh flush all; done; true")
    host.sh("for name in web db; do for family in -4 -6; do ip $family -n $name neigh flush all; done; done; true")
    ways: dict[str, Callable[[], object]] = {
        "host to endpoint": lambda: host.reaches("172.18.0.2"),
        "host to endpoint, IPv6": lambda: host.reaches("fd00:18::2"),
        "endpoint to endpoint": lambda: web.reaches("172.18.0.10"),
        "endpoint to endpoint, IPv6": lambda: web.reaches("fd00:18::3"),
        "endpoint to the world": lambda: web.reaches(town.WORLD[0]),
        "endpoint to the world, IPv6": lambda: web.reaches(town.WORLD[1]),
        "published port": lambda: outside.ask(town.HOST[0], 8080),
        "published port, IPv6": lambda: outside.ask(town.HOST[1], 8080),
        "published port, from the host itself": lambda: host.ask("127.0.0.1", 8080),
        "endpoint to itself": lambda: web.ask("127.0.0.1", 80),
    }
    with web.server(80), ThreadPoolExecutor(len(ways)) as pool:
        asked = {name: pool.submit(way) for name, way in ways.items()}
        return [name for name, answer in asked.items() if not answer.result()]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"made anew by: {COMMAND}"


def _warnings(applied: Applied) -> str:
    return json.dumps([result.get("warnings", []) for result in applied.results.values()])


@pytest.mark.parametrize("breakage", ALL)
@pytest.mark.long
def test_a_verdict(works: Works, breakage: Breakage) -> None:
    place = works.town()
    host = place.host
    end = next(name for name in host.sh("ls /sys/class/net/br-shop/brif").split() if "web" in name)
    where = host.inside("web") if breakage.inside else host
    where.sh(breakage.command.replace("$END", end))
    if breakage.verdict == HARMLESS:
        assert _silent(place) == [], "it works, unrepaired"
    foretold, done = apply(host, check=True, **SHOP), apply(host, **SHOP)
    assert foretold.diffs == done.diffs, "check mode is exact"
    if breakage.verdict == REPAIRED:
        assert done.changed
        assert _silent(place) == []
        again = apply(host, **SHOP)
        assert again.changed == [], json.dumps(again.diffs)
    else:
        assert done.changed == [], json.dumps(done.diffs)
    if breakage.verdict == WARNED:
        assert breakage.says in _warnings(foretold)
        assert breakage.says in _warnings(done)
    if breakage.undo:
        where.sh(breakage.undo.replace("$END", end))
        assert "left as it is" not in _warnings(apply(host, **SHOP)), "nothing is told where nothing is wrong"
    works.whole = True


@pytest.mark.needs("xdp")
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.long
def test_an_xdp_program_is_told(works: Works, inside: bool) -> None:
    """It is loaded out here, since no namespace of a user may do that, and attached in there."""
    place = works.town()
    host = place.host
    where, name = (host.inside("web"), "eth0") if inside else (host, "br-shop")
    program = xdp.load()
    try:
        with where.popen([sys.executable, xdp.__file__, name, str(program)], pass_fds=[program]) as process:
            assert process.wait(20) == 0
    finally:
        os.close(program)
    if inside:
        assert _silent(place, 0) != [], "it drops"
    said = "an XDP program processes incoming packets and may drop them; left as it is"
    for check in (True, False):
        applied = apply(host, check=check, **SHOP)
        assert (applied.changed, said in _warnings(applied)) == ([], True)
    where.run([sys.executable, xdp.__file__, name, "-1"])
    assert "left as it is" not in _warnings(apply(host, **SHOP))
    assert _silent(place) == []
    works.whole = True
