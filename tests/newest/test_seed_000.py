# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first walkthrough as it was done: ``docker run --network none``, and out through Docker's own bridge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.engines import containers
from tests.integration.test_seeds import SEEDS
from tests.lab import town
from tests.lab.paths import REPOSITORY
from tests.newest.sites import Site, docker
from tests.newest.sites import site as made

pytestmark = pytest.mark.needs("newest-engines")

NAME = "net-test"
#: Counters and timers of the kernel.
_MOVING = ("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer")
_PAGE = (REPOSITORY / "docs/inside.md").read_text(encoding="utf-8")
(_EXAMPLE,) = re.findall(r"^```yaml\n(- role: .*?docker0.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
_GIVEN: dict[str, Any] = yaml.safe_load(_EXAMPLE)[0]["vars"]
_JOINED = {name.removeprefix("bridge_network_"): value for name, value in _GIVEN.items()}
_ENDPOINTS = _JOINED.pop("endpoints")


@pytest.fixture(name="site")
def _site() -> Iterator[Site]:
    """With a container on Docker's own network, so that the bridge has had a carrier before."""
    with made(docker) as site:
        site.engine.start_apart(NAME)
        site.engine.call("run", "--detach", "--name=other", *containers.COMMAND)
        site.town.host.sh("while ip -6 address show docker0 tentative | grep -q inet6; do sleep 0.1; done")
        yield site


def _of_docker(site: Site) -> list[str]:
    """Docker's bridge with its addresses and routes, and Docker's rules in order."""
    host = site.town.host
    shown = host.sh("ip -details link show docker0; ip address show docker0; ip route show dev docker0")
    for word in _MOVING:
        shown = re.sub(rf"{word} +[0-9.]+", word, shown)
    rules = host.sh("iptables-save; ip6tables-save").splitlines()
    kept = [line for line in rules if "linuxnet" not in line.lower() and line[0] not in ":#"]
    return [*shown.splitlines(), *kept]


def _reaches_the_world(site: Site, namespace: str) -> bool:
    """The gateway, Docker's container on the bridge, and the world with the host's address."""
    inside = site.town.host.inside(namespace)
    with site.town.outside.server(7):
        answer = inside.ask(town.WORLD[0], 7)
    assert answer is not None
    assert answer.peer == town.HOST[0]
    beside = site.engine.call("inspect", "--format={{.NetworkSettings.Networks.bridge.IPAddress}}", "other")
    return inside.reaches("172.17.0.1") and inside.reaches(beside)


def test_a_container_joins_dockers_own_bridge_by_its_name(site: Site) -> None:
    before = _of_docker(site)
    assert site.apply(*_ENDPOINTS, check=True, **_JOINED).changed
    assert site.links(NAME) == {"lo"}
    assert site.apply(*_ENDPOINTS, **_JOINED).changed
    assert not site.apply(*_ENDPOINTS, **_JOINED).changed
    assert _of_docker(site) == before
    (eth0,) = site.town.host.ip("-n", NAME, "-4", "address", "show", "eth0")
    assert [address["local"] for address in eth0["addr_info"]] == ["172.17.1.0"]
    assert _reaches_the_world(site, NAME)

    assert site.apply(state="absent", name="docker0").changed
    assert site.links(NAME) == {"lo"}
    assert site.process(NAME) != "0"
    assert _of_docker(site) == before
    assert "linuxnet" not in site.town.host.sh("iptables-save; ip6tables-save; ip -details link").lower()


@pytest.mark.parametrize("by", ["modules", "role"])
def test_the_walkthrough_itself(site: Site, by: str) -> None:
    host, process = site.town.host, site.process(NAME)
    before = _of_docker(site)
    variables = {"container_pid": process}
    assert host.playbook(SEEDS / f"000_{by}.yml", variables=variables).changed
    assert not host.playbook(SEEDS / f"000_{by}.yml", variables=variables).changed
    assert _of_docker(site) == before
    assert host.ip("link", "show", "veth_host")[0]["master"] == "docker0"
    assert _reaches_the_world(site, process)
    if by == "modules":
        host.playbook(SEEDS / "000_modules_absent.yml", variables=variables)
    else:
        host.playbook(SEEDS / "000_role.yml", variables={**variables, "bridge_network_state": "absent"})
    assert site.links(NAME) == {"lo"}
    assert _of_docker(site) == before
