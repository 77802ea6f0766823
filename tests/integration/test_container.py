# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of a real Docker without a network of their own become endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines import containers, packages
from tests.engines.docker import ANYWHERE, Daemon
from tests.integration import docsite
from tests.integration.networks import SHOP
from tests.integration.role_plays import PLAY
from tests.lab import town
from tests.lab.lab import Lab
from tests.lab.playbooks import Run
from tests.lab.town import Town

pytestmark = pytest.mark.needs("docker")


class Site:
    """A host with Docker, on which the role runs."""

    def __init__(self, built: Town) -> None:
        self.town = built
        self.daemon = Daemon(built.host, ANYWHERE)

    def apply(self, container: str, fails: bool = False, check: bool = False) -> Run:
        """Run the role with one endpoint, which is a container."""
        endpoint = {"namespace": "shop", "container": container, "published_ports": ["8080:80"]}
        return self.apply_to([endpoint, {"namespace": "db"}], fails, check)

    def apply_to(self, endpoints: list[dict[str, Any]], fails: bool = False, check: bool = False) -> Run:
        """Run the role with these endpoints."""
        want: dict[str, Any] = {**SHOP, "endpoints": endpoints}
        variables = {f"bridge_network_{name}": value for name, value in want.items()}
        return self.town.host.playbook(PLAY, variables=variables, env=self.environment(), fails=fails, check=check)

    def environment(self) -> dict[str, str]:
        """That of Ansible beside Docker."""
        # Of the daemon's folders the first alone, where its `docker` is: the Python that runs is Ansible's.
        paths = [self.daemon.environment["PATH"].partition(":")[0], self.town.host.environment()["PATH"]]
        return {**self.daemon.environment, "PATH": ":".join(paths)}

    def serves(self) -> bool:
        """Whether the neighbour reaches a server in the container's namespace."""
        with self.town.host.inside("shop").server(80):
            return all(self.town.neighbour.ask(address, 8080) is not None for address in town.HOST)


@pytest.fixture
def site() -> Iterator[Site]:
    packages.fetch()
    with Lab(visible=(str(packages.ROOT),)) as lab:
        yield Site(town.build(lab))


@pytest.mark.long
def test_a_container_is_published_and_found_again_when_it_was_started_anew(site: Site) -> None:
    for name in ("db", "shop"):  # a name that might be the beginning of an ID
        site.daemon.start_apart(name)
    assert site.apply("shop", check=True).changed
    assert site.apply("shop").changed
    assert not site.apply("shop").changed
    assert "sleep" in site.town.host.sh("ps -o args= $(ip netns pids shop)")
    assert site.serves()
    site.daemon.call("restart", "shop")
    assert site.apply("shop").changed
    assert not site.apply("shop").changed
    assert "sleep" in site.town.host.sh("ps -o args= $(ip netns pids shop)")
    assert site.serves()


@pytest.mark.long
def test_the_how_to_about_containers(site: Site) -> None:
    (play,) = [
        block.text for block in docsite.blocks(docsite.read("howto_process")) if block.caption == "container.yml"
    ]
    (inventory,) = [
        block.text for block in docsite.blocks(docsite.read("tutorial")) if block.caption == "inventory.yml"
    ]
    site.daemon.start_apart("shop")
    site.town.host.write("/tmp/container.yml", play)
    for changes in (True, False):
        run = site.town.host.playbook("/tmp/container.yml", inventory=inventory, env=site.environment())
        assert bool(run.changed) == changes
        assert site.serves()


@pytest.mark.long
def test_a_container_that_is_not_there_is_refused_before_anything_changes(site: Site) -> None:
    site.daemon.start_apart("shop")
    site.daemon.call("kill", "shop")
    before = site.town.host.dump()
    elsewhere = [{"namespace": "shop", "container": "shop", "engine": "podman"}]
    assert "container shop was not found: podman is not installed" in site.apply_to(elsewhere, fails=True).output
    for name, sentence in (
        ("shop", "container shop is not running, so it has no network namespace"),
        ("ship", "container ship was not found: docker: "),  # and Docker's own words, which are each release's
    ):
        output = site.apply(name, fails=True).output
        assert sentence in output
        assert name == "shop" or "No such container: ship" in output
    assert before.changes_to(site.town.host.dump()) == []


@pytest.mark.long
def test_a_container_that_two_endpoints_name_is_refused(site: Site) -> None:
    """By name, by ID, by a prefix of the ID, by its process, and by another one in its namespace."""
    docker = site.daemon.call
    site.daemon.start_apart("shop")
    docker("run", "--detach", "--name=sidecar", "--network=container:shop", *containers.COMMAND)
    number, process = docker("inspect", "--format={{.Id}} {{.State.Pid}}", "shop").split()
    assert len(number) == 64
    by_name = {"namespace": "one", "container": "shop"}
    ways: list[tuple[dict[str, Any], str]] = [
        ({"container": number}, f"container {number}"),
        ({"container": number[:12]}, f"container {number[:12]}"),
        ({"pid": int(process)}, f"/proc/{process}/ns/net"),
        ({"container": "sidecar"}, "container sidecar"),
    ]
    before = site.town.host.dump()
    for other, words in ways:
        output = site.apply_to([by_name, {"namespace": "two", **other}], fails=True).output
        sentence = f"namespace two ({words}) is the same namespace as namespace one (container shop)"
        assert sentence in " ".join(output.split())
    checked = site.apply_to([by_name, {"namespace": "two", "container": number}], fails=True, check=True).output
    assert "is the same namespace as namespace one (container shop)" in " ".join(checked.split())
    assert before.changes_to(site.town.host.dump()) == []
