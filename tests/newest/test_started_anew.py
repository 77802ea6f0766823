# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A restarted container becomes an endpoint again without Ansible, as docs/persistence.md describes."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import lock
from tests.engines import containers
from tests.integration.persistence import PROGRAM
from tests.lab.paths import REPOSITORY
from tests.newest.sites import Site, docker, endpoint, podman
from tests.newest.sites import site as made

pytestmark = pytest.mark.needs("newest-engines")

_PAGE = (REPOSITORY / "docs/persistence.md").read_text(encoding="utf-8")
(HOOK,) = re.findall(r"^```json\n(\{\n  \"version\".*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
(CONF,) = re.findall(r"^```toml\n(\[engine\]\nhooks_dir.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
(UNIT,) = re.findall(r"^```ini\n(\[Unit\]\nDescription=Containers.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
#: Where the engines' release is on the host: its own /etc, of which the host's files are to be a part here.
_THERE = "/boot/etc"
_OVERLAY = f"""
mkdir /tmp/over
mount -t tmpfs none /tmp/over
mkdir /tmp/over/upper /tmp/over/work
mount -t overlay -o lowerdir={_THERE},upperdir=/tmp/over/upper,workdir=/tmp/over/work,userxattr etc {_THERE}
mkdir -p {_THERE}/linuxnet {_THERE}/containers/oci/hooks.d {_THERE}/containers/containers.conf.d
"""
#: Runs the host's own program, from among the files of the engines' release.
_THROUGH = f'#!/bin/sh\nexec nsenter --mount=/proc/1/ns/mnt {PROGRAM} "$@"\n'
_TOLD = "/run/told"
_PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


class Starting:
    """An engine that attaches its containers with the unit on that page, once it is enabled."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.host = site.town.host

    def enable(self) -> None:
        raise NotImplementedError

    def start(self, name: str) -> None:
        """Start a container on no network for the first time."""
        self.site.engine.start_apart(name)

    def told(self) -> str:
        return self.host.read(_TOLD) if self.host.exists(_TOLD) else ""


class Docker(Starting):
    def enable(self) -> None:
        """Run the unit's command line as systemd would."""
        (line,) = re.findall(r"^ExecStart=(.*?[^\\])$", UNIT, re.MULTILINE | re.DOTALL)
        argv = shlex.split(line.replace("\\\n", " ").replace("$$", "$").replace("%%", "%"))
        path = f"{self.site.engine.folder}:{self.host.environment()['PATH']}"
        environment = {**self.site.engine.environment, "PATH": path}
        self.host.popen(["sh", "-c", f'exec "$@" >{_TOLD} 2>&1', "sh", *argv], environment)


class Podman(Starting):
    def enable(self) -> None:
        self.host.run(["sh", "-ec", _OVERLAY])
        self.host.write(f"{_THERE}/linuxnet/network.pyz", _THROUGH)
        self.host.sh(f"chmod 755 {_THERE}/linuxnet/network.pyz")
        self.host.write(f"{_THERE}/containers/containers.conf.d/hooks.conf", CONF)
        self.host.write(f"{_THERE}/containers/oci/hooks.d/linuxnet.json", HOOK)

    def start(self, name: str) -> None:
        """The runtime discards the hook's output unless it is given a file for it; there is no journal here."""
        words = ("--detach", "--cgroups=disabled", f"--name={name}", "--network=none")
        told = f"--annotation=run.oci.hooks.stderr={_TOLD}"
        self.site.engine.call("run", *words, told, *containers.COMMAND)


@pytest.fixture(params=[(docker, Docker), (podman, Podman)], ids=["Docker", "Podman"])
def starting(request: pytest.FixtureRequest) -> Iterator[Starting]:
    engine, kind = request.param
    with made(engine) as site:
        yield kind(site)


def _until(true: Callable[[], bool]) -> bool:
    """Wait until it becomes true: Docker reports a container after it has started."""
    end = time.monotonic() + 30
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


def _restart(starting: Starting, name: str = "shop") -> None:
    starting.site.engine.call("restart", "--time=0", name)


def test_a_container_is_wired_again_without_ansible(starting: Starting) -> None:
    site, host = starting.site, starting.host
    starting.start("shop")
    wanted = [endpoint(container="shop"), {"namespace": "db"}]
    site.apply(*wanted, persistent=True)
    _restart(starting)
    assert site.links("shop") == {"lo"}
    starting.enable()
    _restart(starting)
    assert _until(lambda: "is attached" in starting.told())
    assert site.links("shop") == {"lo", "eth0"}
    assert site.serves("shop")
    assert not site.apply(*wanted, persistent=True).changed

    # What does not concern the container stays as it is, broken or not, including the containers of others.
    host.sh("ip -n db address flush dev eth0; iptables --flush LINUXNET-RAW --table raw")
    starting.start("other")
    _restart(starting)
    assert _until(lambda: site.links("shop") == {"lo", "eth0"} and site.serves("shop"))
    assert site.links("other") == {"lo"}
    assert "other" not in starting.told()
    assert host.ip("-n", "db", "address", "show", "dev", "eth0")[0]["addr_info"] == []
    assert host.sh("iptables --table raw --list-rules LINUXNET-RAW").splitlines() == ["-N LINUXNET-RAW"]


def test_a_new_container_of_the_name_is_the_endpoint(starting: Starting) -> None:
    site = starting.site
    starting.start("shop")
    site.apply(endpoint(container="shop"), persistent=True)
    starting.enable()
    site.engine.call("rm", "--force", "shop")
    starting.start("shop")
    assert _until(lambda: site.links("shop") == {"lo", "eth0"} and site.serves("shop"))
    assert not site.apply(endpoint(container="shop"), persistent=True).changed


def test_a_network_that_is_down_is_a_line_and_the_container_starts(starting: Starting) -> None:
    site = starting.site
    starting.start("shop")
    site.apply(endpoint(container="shop"), persistent=True)
    starting.host.sh("ip link del br-shop")
    starting.enable()
    _restart(starting)
    sentence = "network br-shop is not up, so namespace shop is not attached; start linuxnet-br-shop.service first"
    assert _until(lambda: sentence in starting.told().splitlines())
    assert site.links("shop") == {"lo"}


def test_a_container_starts_during_another_run_and_is_attached_after_it(starting: Starting) -> None:
    """Podman keeps the container locked until its hook ends, and the other run may ask Podman about it meanwhile."""
    site = starting.site
    starting.start("shop")
    site.apply(endpoint(container="shop"), persistent=True)
    starting.enable()
    with starting.host.popen(["flock", lock.PATH, "sh", "-c", "echo; exec cat"], **_PIPES) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdout.readline()
        _restart(starting)
        assert site.links("shop") == {"lo"}
        assert site.process("shop") != "0", "the engine answers"
        run.stdin.close()
    assert _until(lambda: site.links("shop") == {"lo", "eth0"} and site.serves("shop"))
    assert not site.apply(endpoint(container="shop"), persistent=True).changed
