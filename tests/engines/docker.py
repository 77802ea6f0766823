# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker: a daemon of its own on the host, as root of the lab's user namespace and so without cgroups."""

from __future__ import annotations

import time
from dataclasses import replace

from tests.engines import containers
from tests.engines.engine import ROUTED, Endpoint, Network, endpoints, networks
from tests.engines.releases import PRESENT, Release
from tests.lab.errors import LabError
from tests.lab.host import Host

_HOME = "/run/docker"
_BIN = f"{_HOME}/bin"
_SOCKET = f"unix://{_HOME}/socket"
_LOG = f"{_HOME}/log"
_START_SECONDS = 60
_DAEMON = (
    "dockerd", f"--host={_SOCKET}", "--group=root", f"--data-root={_HOME}/data", f"--exec-root={_HOME}/exec",
    f"--pidfile={_HOME}/pid",
)  # fmt: skip
#: What a daemon before version 27 needs for networks with IPv6, and a storage driver that works on every kernel.
IPV6 = ("--experimental", "--ip6tables")
ANYWHERE = ("--storage-driver=vfs",)


class Docker:
    package = "docker.io"

    def __init__(self, release: Release, proxy: bool = True) -> None:
        self.name = "docker" if proxy else "docker-no-proxy"
        self.heading = "Docker" if proxy else "Docker, no proxy"
        self.release = release
        major = int(release.version(self.package).split(".")[0])
        self._options = (*_needed(major), *(() if proxy else ("--userland-proxy=false",)))
        command = " ".join(["dockerd", *self._options])
        self.how = f"`{command}`, then `docker network create` and `docker run -p`"
        self.lacks = frozenset[str]() if major >= _ROUTES else frozenset({ROUTED})

    def build(self, host: Host) -> None:
        daemon = Daemon(host, (*ANYWHERE, *self._options), release=self.release)
        for network in networks():
            daemon.create(network if ROUTED not in self.lacks else replace(network, routed=False))
        for endpoint in endpoints():
            daemon.start(endpoint)


#: The first version with networks without NAT.
_ROUTES = 27
#: The first version in which `--rootless` requires a helper besides the daemon.
_HELPED = 28


def _needed(major: int) -> tuple[str, ...]:
    return IPV6 if major < _ROUTES else ()


class Daemon:
    """A running dockerd with an image to start containers from. It ends with the host."""

    #: A directory with a `docker` that talks to this daemon, on the host.
    folder = _BIN

    def __init__(
        self, host: Host, options: tuple[str, ...], starter: tuple[str, ...] = (), release: Release = PRESENT
    ) -> None:
        """starter: a program that starts the daemon, to which the command line is appended."""
        self._host = host
        self._programs = programs = release.on(host)
        self.environment = {**programs.environment, "XDG_RUNTIME_DIR": _HOME, "DOCKER_HOST": _SOCKET}
        self.environment["PATH"] = f"{_BIN}:{programs.environment['PATH']}"
        # Neither may rely on cgroups: the daemon is told so if that needs no helper, runc always.
        containers.runtime(programs, "runc", _BIN, "--rootless=true")
        rootless = ("--rootless",) if int(release.version("docker.io").split(".")[0]) < _HELPED else ()
        argv = programs.argv(*containers.APART, *starter, *_DAEMON, *rootless, *options)
        self._process = host.popen(["sh", "-c", f'exec "$@" >{_LOG} 2>&1', "sh", *argv], self.environment)
        programs.offer("docker", _BIN)
        try:
            self._wait()
            self.call("import", containers.archive(programs, _HOME), containers.IMAGE)
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if self._host.run(["docker", "info"], check=False, env=self.environment).rc == 0:
                return
            time.sleep(0.2)
        raise LabError(f"dockerd did not come up:\n{self._host.read(_LOG)[-2000:]}")

    def stop(self) -> None:
        """End the daemon. Its containers end with the host."""
        self._process.kill()
        self._process.wait()

    def call(self, *words: str) -> str:
        """The output of ``docker`` with these words."""
        return self._host.run(["docker", *words], env=self.environment).out.strip()

    def create(self, network: Network) -> None:
        options = [f"--opt=com.docker.network.bridge.name={network.bridge}"]
        options += ["--ipv6"] * (len(network.subnets) > 1) + ["--internal"] * network.internal
        options += ["--opt=com.docker.network.bridge.enable_icc=false"] * (not network.icc)
        if network.routed:
            options += [f"--opt=com.docker.network.bridge.gateway_mode_ipv{version}=routed" for version in (4, 6)]
        for subnet, gateway in zip(network.subnets, network.gateways, strict=True):
            options += [f"--subnet={subnet}", f"--gateway={gateway}"]
        self.call("network", "create", *options, network.bridge)

    def start_apart(self, name: str) -> None:
        """Start a container that is on no network."""
        self.run(name, "--network=none")

    def run(self, name: str, *options: str) -> None:
        """Start a container with further options of ``docker run``."""
        self.call("run", "--detach", f"--name={name}", *options, *containers.COMMAND)

    def start(self, endpoint: Endpoint) -> None:
        options = [f"--name={endpoint.name}", f"--network={endpoint.bridge}"]
        options += [f"--{kind}={own}" for kind, own in zip(("ip", "ip6"), endpoint.addresses, strict=False)]
        options += [f"--publish={port}" for port in endpoint.published]
        self.call("run", "--detach", *options, *containers.COMMAND)
        number = self.call("inspect", "--format={{.State.Pid}}", endpoint.name)
        self._host.run(["ip", "netns", "attach", endpoint.name, number])
