# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Podman, which has no daemon: one command per network and container, as root of the lab's user namespace."""

from __future__ import annotations

from tests.engines import containers
from tests.engines.engine import ICC, ROUTED, Endpoint, Network, endpoints, networks
from tests.engines.releases import Programs, Release
from tests.lab.host import Host

_HOME = "/run/podman"


class Podman:
    name = "podman"
    heading = "Podman"
    package = "podman"
    how = "`podman network create` with `isolate` and without DNS, then `podman run --publish`, as root"
    lacks = frozenset({ICC, ROUTED})

    def __init__(self, release: Release) -> None:
        self.release = release

    def build(self, host: Host) -> None:
        store = Store(self.release.on(host))
        for network in networks():
            store.create(network)
        for endpoint in endpoints():
            store.start(endpoint)


class Store:
    """Podman's own storage on a host, with an image to start containers from."""

    #: A directory with a `podman` that uses this storage, on the host.
    folder = f"{_HOME}/bin"
    environment: dict[str, str]

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        programs.run([*containers.APART, "true"])
        self.environment = {}
        runtime = containers.runtime(programs, "crun", self.folder)
        place = (
            f"--root={_HOME}/root", f"--runroot={_HOME}/run", f"--tmpdir={_HOME}/tmp",
            f"--network-config-dir={_HOME}/networks", f"--runtime={runtime}", "--storage-driver=vfs",
            "--cgroup-manager=cgroupfs", "--events-backend=file",
        )  # fmt: skip
        programs.offer("podman", self.folder, *place)
        self.call("import", containers.archive(programs, _HOME), containers.IMAGE)

    def call(self, *words: str) -> str:
        """The output of ``podman`` with these words."""
        return self._programs.host.run([f"{self.folder}/podman", *words]).out.strip()

    def create(self, network: Network) -> None:
        options = [f"--interface-name={network.bridge}", "--opt=isolate=true", "--disable-dns"]
        options += ["--ipv6"] * (len(network.subnets) > 1) + ["--internal"] * network.internal
        for subnet, gateway in zip(network.subnets, network.gateways, strict=True):
            options += [f"--subnet={subnet}", f"--gateway={gateway}"]
        self.call("network", "create", *options, network.bridge)

    def start_apart(self, name: str) -> None:
        """Start a container that is on no network."""
        self.run(name, "--network=none")

    def run(self, name: str, *options: str) -> None:
        """Start a container with further options of ``podman run``."""
        self.call("run", "--detach", "--cgroups=disabled", f"--name={name}", *options, *containers.COMMAND)

    def start(self, endpoint: Endpoint) -> None:
        options = ["--cgroups=disabled", f"--name={endpoint.name}", f"--network={endpoint.bridge}"]
        options += [f"--{kind}={own}" for kind, own in zip(("ip", "ip6"), endpoint.addresses, strict=False)]
        options += [f"--publish={port}" for port in endpoint.published]
        self.call("run", "--detach", *options, *containers.COMMAND)
        number = self.call("inspect", "--format={{.State.Pid}}", endpoint.name)
        self._programs.host.run(["ip", "netns", "attach", endpoint.name, number])
