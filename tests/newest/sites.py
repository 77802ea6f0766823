# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with one of the newest engines, on which the role runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

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


class Engine(Protocol):
    """Docker's daemon or Podman's storage, and the environment in which its program is found on the host."""

    environment: dict[str, str]
    folder: str

    def start_apart(self, name: str) -> None: ...

    def run(self, name: str, *options: str) -> None: ...

    def call(self, *words: str) -> str: ...


def docker(host: Host) -> Engine:
    return Daemon(host, ANYWHERE, release=NEWEST)


def podman(host: Host) -> Engine:
    return Store(NEWEST.on(host))


class Site:
    """A host with an engine, on which the role runs."""

    def __init__(self, built: Town, engine: Engine) -> None:
        self.town = built
        self.engine = engine

    def apply(self, *endpoints: dict[str, Any], fails: bool = False, check: bool = False, **others: Any) -> Run:
        """Run the role with these endpoints."""
        want: dict[str, Any] = {**SHOP, **others, "endpoints": list(endpoints)}
        variables = {f"bridge_network_{name}": value for name, value in want.items()}
        path = f"{self.engine.folder}:{self.town.host.environment()['PATH']}"
        env = {**self.engine.environment, "PATH": path}
        return self.town.host.playbook(PLAY, variables=variables, env=env, fails=fails, check=check)

    def serves(self, name: str) -> bool:
        """Whether the neighbour reaches a server in the container's namespace."""
        with self.town.host.inside(name).server(80):
            return all(self.town.neighbour.ask(address, 8080) is not None for address in town.HOST)

    def process(self, name: str) -> str:
        return self.engine.call("inspect", "--format={{.State.Pid}}", name)

    def links(self, name: str) -> set[str]:
        """The container's interfaces, as its own processes see them."""
        link = self.town.host.sh(f"nsenter --target={self.process(name)} --net ip -brief link")
        return {line.split()[0].partition("@")[0] for line in link.splitlines()}


@contextlib.contextmanager
def site(engine: Callable[[Host], Engine]) -> Iterator[Site]:
    """It ends with the with statement."""
    with Lab() as lab:
        built = town.build(lab)
        yield Site(built, engine(built.host))


def endpoint(**options: Any) -> dict[str, Any]:
    """The endpoint that the tests are about, with a published port."""
    return {"namespace": "shop", "published_ports": ["8080:80"], **options}
