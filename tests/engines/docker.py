# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker: a daemon of its own on the host, as root of the lab's user namespace and so without cgroups."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.engines import oci, packages
from tests.engines.engine import Endpoint, Network, endpoints, networks
from tests.lab.errors import LabError
from tests.lab.host import Host

_HOME = "/run/docker"
_SOCKET = f"unix://{_HOME}/socket"
_LOG = f"{_HOME}/log"
_START_SECONDS = 60
_DAEMON = (
    "dockerd", "--rootless", f"--host={_SOCKET}", "--group=root",
    f"--data-root={_HOME}/data", f"--exec-root={_HOME}/exec", f"--pidfile={_HOME}/pid",
)  # fmt: skip
#: What a daemon needs for networks with IPv6; and a way to store files that every kernel has.
IPV6 = ("--experimental", "--ip6tables")
ANYWHERE = ("--storage-driver=vfs",)
#: Some of Docker's own children are started without the environment, so the libraries are told to the host's linker.
_ROOM = f"""
mkdir -p {_HOME}/bin {_HOME}/image/bin
ln -s {packages.ROOT}/usr/bin/docker {_HOME}/bin/docker
printf '%s\\n' "$@" >/etc/ld.so.conf.d/engines.conf
ldconfig -i
"""
#: A view of cgroups of version 2, whatever the machine itself has mounted. It is read-only: what runc asks of them it
#: is refused, which it takes from whoever is not really root.
_VIEW = "mount -t cgroup2 none /sys/fs/cgroup; mount -o remount,bind,ro /sys/fs/cgroup"
_APART = ("unshare", "--cgroup", "sh", "-ec", f'{_VIEW}; exec "$@"', "sh")


class Docker:
    def __init__(self, proxy: bool) -> None:
        self.name = "docker" if proxy else "docker-no-proxy"
        self.title = f"Docker {packages.version('docker.io')}" + ("" if proxy else ", no proxy")
        options = "--experimental --ip6tables" + ("" if proxy else " --userland-proxy=false")
        self.how = f"`dockerd {options}`, then `docker network create` and `docker run -p`"
        self.lacks: frozenset[str] = frozenset()
        self._options = () if proxy else ("--userland-proxy=false",)

    def build(self, host: Host) -> None:
        daemon = Daemon(host, (*ANYWHERE, *IPV6, *self._options))
        for network in networks():
            daemon.create(network)
        for endpoint in endpoints():
            daemon.start(endpoint)


class Daemon:
    """A running dockerd with an image to start containers of; gone with the host."""

    def __init__(self, host: Host, options: tuple[str, ...], starter: tuple[str, ...] = ()) -> None:
        """starter: a program that starts the daemon, whose command line is appended."""
        self._host = host
        #: With which `docker` finds this daemon.
        self.environment = packages.environment()
        self.environment["PATH"] = f"{_HOME}/bin:{self.environment['PATH']}"
        self.environment["XDG_RUNTIME_DIR"] = _HOME
        self.environment["DOCKER_HOST"] = _SOCKET
        host.run(["sh", "-ec", _ROOM, "sh", *packages.libraries()])
        host.write(f"{_HOME}/bin/runc", _RUNC)
        host.sh(f"chmod 755 {_HOME}/bin/runc")
        argv = ["sh", "-c", f'exec "$@" >{_LOG} 2>&1', "sh", *_APART, *starter, *_DAEMON, *options]
        self._process = host.popen(argv, self.environment)
        try:
            self._wait()
            self._import_image()
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
        """End the daemon; its containers go with the host."""
        self._process.kill()
        self._process.wait()

    def docker(self, *words: str) -> str:
        """What ``docker`` with these words writes."""
        return self._host.run(["docker", *words], env=self.environment).out.strip()

    def _import_image(self) -> None:
        """An image with busybox and nothing else, taken from no registry."""
        image = f"{_HOME}/image"
        self._host.sh(f"cp {packages.program('busybox')} {image}/bin; tar -C {image} -cf {image}.tar bin")
        self.docker("import", f"{image}.tar", "idle")

    def create(self, network: Network) -> None:
        options = [f"--opt=com.docker.network.bridge.name={network.bridge}"]
        options += ["--ipv6"] * (len(network.subnets) > 1) + ["--internal"] * network.internal
        options += ["--opt=com.docker.network.bridge.enable_icc=false"] * (not network.icc)
        for subnet, gateway in zip(network.subnets, network.gateways, strict=True):
            options += [f"--subnet={subnet}", f"--gateway={gateway}"]
        self.docker("network", "create", *options, network.bridge)

    def start_apart(self, name: str) -> None:
        """A container that is on no network."""
        self.docker("run", "--detach", f"--name={name}", "--network=none", "idle", "/bin/busybox", "sleep", "1d")

    def start(self, endpoint: Endpoint) -> None:
        options = [f"--name={endpoint.name}", f"--network={endpoint.bridge}"]
        options += [f"--{kind}={own}" for kind, own in zip(("ip", "ip6"), endpoint.addresses, strict=False)]
        options += [f"--publish={port}" for port in endpoint.published]
        self.docker("run", "--detach", *options, "idle", "/bin/busybox", "sleep", "1d")
        number = self.docker("inspect", "--format={{.State.Pid}}", endpoint.name)
        self._host.run(["ip", "netns", "attach", endpoint.name, number])


#: Python starts for the creation of a container alone, so that it slows down nothing else.
_RUNC = f"""#!/bin/sh
case " $* " in *" create "*) {sys.executable} -I -S {Path(oci.__file__)} || exit ;; esac
exec {packages.ROOT}/usr/sbin/runc "$@"
"""
