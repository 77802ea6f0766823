# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real containers of the newest engines, on no network of their own, become endpoints and stop being some."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import containers
from tests.integration.role_plays import outcome
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
    foretold = outcome(site.apply(container, check=True))
    assert [changed for _module, changed, _diff in foretold] == [True]
    assert site.links("shop") == {"lo"}
    assert outcome(site.apply(container)) == foretold
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


def test_what_cannot_be_an_endpoint_is_refused_before_anything_changes(site: Site) -> None:
    site.engine.start_apart("stopped")
    site.engine.call("kill", "stopped")
    site.engine.run("hosts", "--network=host")
    beginning = _shared_beginning(site)
    before = site.town.host.dump()
    for name, sentence in (
        ("stopped", "container stopped is not running, so it has no network namespace"),
        # Followed by the engine's own message, which varies between releases.
        ("ship", "container ship was not found: "),
        (beginning, f"container {beginning} was not found: "),
        (
            "hosts",
            "is the host's own network namespace, which cannot be named; start the container with --network none",
        ),
    ):
        output = " ".join(site.apply(endpoint(container=name), fails=True).output.split())
        assert sentence in output
        assert ("is attached by pid" in output) is ("was not found" in sentence)
    assert before.changes_to(site.town.host.dump()) == []


def _shared_beginning(site: Site) -> str:
    """A digit that the IDs of several containers begin with."""
    for number in range(40):
        site.engine.call("create", "--network=none", f"--name=idle{number}", *containers.COMMAND)
        identifiers = site.engine.call("ps", "--all", "--no-trunc", "--format={{.ID}}").split()
        digits = [identifier[0] for identifier in identifiers]
        shared = [digit for digit in digits if digits.count(digit) > 1]
        if shared:
            return shared[0]
    raise AssertionError("no two of forty numbers begin with the same of sixteen digits")


def test_a_container_in_anothers_network_brings_that_one_in(site: Site) -> None:
    site.engine.start_apart("shop")
    site.engine.run("sidecar", "--network=container:shop")
    assert site.apply(endpoint(container="sidecar")).changed
    assert not site.apply(endpoint(container="sidecar")).changed
    assert site.links("shop") == {"lo", "eth0"}
    assert site.serves("shop")
    two = [endpoint(container="shop"), {"namespace": "other", "container": "sidecar"}]
    output = " ".join(site.apply(*two, fails=True).output.split())
    assert "is the same namespace as namespace shop (container shop)" in output
