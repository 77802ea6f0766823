# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real containers of the newest engines, on no network of their own, become endpoints of ours and cease to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from tests.engines.docker import ANYWHERE, Daemon
from tests.engines.podman import Store
from tests.engines.releases import NEWEST
from tests.integration.networks import SHOP
from tests.integration.role_plays import PLAY
from tests.lab import town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.playbooks import Run
from tests.lab.town import Town

pytestmark = pytest.mark.needs("newest-engines")


class Engine(Protocol):
    """Docker's daemon or Podman's store, by whose environment its program is found on the host."""

    environment: dict[str, str]
    folder: str

    def start_apart(self, name: str) -> None: ...

    def call(self, *words: str) -> str: ...


def _docker(host: Host) -> Engine:
    return Daemon(host, ANYWHERE, release=NEWEST)


def _podman(host: Host) -> Engine:
    return Store(NEWEST.on(host))


class Site:
    """A host with an engine, on which the role runs."""

    def __init__(self, built: Town, engine: Engine) -> None:
        self.town = built
        self.engine = engine

    def apply(self, *endpoints: dict[str, Any], fails: bool = False, check: bool = False, **others: Any) -> Run:
        """The role with these endpoints."""
        want: dict[str, Any] = {**SHOP, **others, "endpoints": list(endpoints)}
        variables = {f"bridge_network_{name}": value for name, value in want.items()}
        path = f"{self.engine.folder}:{self.town.host.environment()['PATH']}"
        env = {**self.engine.environment, "PATH": path}
        return self.town.host.playbook(PLAY, variables=variables, env=env, fails=fails, check=check)

    def serves(self, name: str) -> bool:
        """Whether the neighbour reaches what listens inside the container's namespace."""
        with self.town.host.inside(name).server(80):
            return all(self.town.neighbour.ask(address, 8080) is not None for address in town.HOST)

    def process(self, name: str) -> str:
        return self.engine.call("inspect", "--format={{.State.Pid}}", name)

    def links(self, name: str) -> set[str]:
        """The interfaces that the container has, as its own processes see them."""
        link = self.town.host.sh(f"nsenter --target={self.process(name)} --net ip -brief link")
        return {line.split()[0].partition("@")[0] for line in link.splitlines()}


@pytest.fixture(params=[_docker, _podman], ids=["Docker", "Podman"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with Lab() as lab:
        built = town.build(lab)
        yield Site(built, request.param(built.host))


def _endpoint(**options: Any) -> dict[str, Any]:
    return {"namespace": "shop", "published_ports": ["8080:80"], **options}


def test_a_container_is_wired_published_and_reached_found_again_and_let_go(site: Site) -> None:
    for name in ("db", "shop"):  # a name that might be the beginning of an ID
        site.engine.start_apart(name)
    container = _endpoint(container="shop")
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
    process = _endpoint(pid=int(site.process("shop")))
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
        output = site.apply(_endpoint(container=name), fails=True).output
        assert sentence in output
    assert before.changes_to(site.town.host.dump()) == []
