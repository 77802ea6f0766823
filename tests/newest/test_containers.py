# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real containers of the newest engines, on no network of their own, become endpoints and stop being some."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import town
from tests.newest.sites import Site, docker, endpoint, podman
from tests.newest.sites import site as made

pytestmark = pytest.mark.needs("newest-engines")


@pytest.fixture(params=[docker, podman], ids=["Docker", "Podman"], name="site")
def _site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with made(request.param) as site:
        yield site


def test_a_container_is_wired_published_and_reached_found_again_and_let_go(site: Site) -> None:
    for name in ("db", "shop"):  # a name that might be the beginning of an ID
        site.engine.start_apart(name)
    container = endpoint(container="shop")
    assert site.apply(container, check=True).changed
    assert site.links("shop") == {"lo"}
    assert site.apply(container).changed
    assert not site.apply(container).changed
    assert site.links("shop") == {"lo", "eth0"}
    assert site.links("db") == {"lo"}
    assert site.serves("shop")

    site.engine.call("restart", "--time=0", "shop")
    assert site.links("shop") == {"lo"}
    assert site.apply(container, check=True).changed
    assert site.apply(container).changed
    assert not site.apply(container).changed
    assert site.serves("shop")

    assert site.apply({"namespace": "other"}).changed
    assert site.links("shop") == {"lo"}
    assert site.process("shop") != "0", "the container itself runs on"
    assert site.town.neighbour.ask(town.HOST[0], 8080, timeout=0.4) is None
    assert site.apply(state="absent").changed
    assert not site.town.host.exists("/run/netns/shop")


def test_a_process_of_a_container_will_do(site: Site) -> None:
    site.engine.start_apart("shop")
    process = endpoint(pid=int(site.process("shop")))
    assert site.apply(process).changed
    assert not site.apply(process).changed
    assert site.links("shop") == {"lo", "eth0"}
    assert site.serves("shop")


def test_what_does_not_run_or_is_not_there_is_refused_before_anything_changes(site: Site) -> None:
    site.engine.start_apart("shop")
    site.engine.call("kill", "shop")
    before = site.town.host.dump()
    for name, sentence in (
        ("shop", "container shop is not running, so it has no network namespace"),
        ("ship", "container ship was not found: "),  # and the engine's own words, which are each release's
    ):
        output = site.apply(endpoint(container=name), fails=True).output
        assert sentence in output
    assert before.changes_to(site.town.host.dump()) == []
