# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the modules' documentation, run as they stand there."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins import modules
from tests.integration.promises import converge
from tests.integration.settling import converge_settled
from tests.lab.host import Host

# What the examples of a module take for granted.
GIVEN = {
    "dnat": "ip link add br0 type bridge; ip link set br0 up",
    "bridge_forward": "for n in 0 1 2; do ip link add br$n type bridge; done",
    "netns_info": "ip netns add web; ip netns add db; ip link add br0 type bridge; "
    "ip link add vweb master br0 type veth peer eth0 netns web",
    "unmanaged_links": "mkdir --parents /run/systemd/netif; touch /run/systemd/netif/state",
}
#: What the examples of whole networks call, one after another.
OF_NETWORKS = {
    "bridge_network": ("bridge_network", "bridge_network", "bridge_network"),
    "network_service": ("bridge_network", "network_service", "network_service"),
}
MODULES = sorted(
    {Path(name).stem for place in modules.__path__ for name in os.listdir(place) if name.endswith(".py")} - {"__init__"}
)


def _examples(name: str) -> list[dict[str, Any]]:
    text = importlib.import_module(f"ansible_collections.netplumb.linuxnet.plugins.modules.{name}").EXAMPLES
    tasks: list[dict[str, Any]] = yaml.safe_load(text)
    return tasks


def test_there_are_thirteen() -> None:
    assert len(MODULES) == 13


@pytest.mark.parametrize("name", [name for name in MODULES if name not in ("netns_info", *OF_NETWORKS)])
def test_each_example_does_something_that_check_mode_foretells(host: Host, name: str) -> None:
    host.sh(GIVEN.get(name, "true"))
    with host.spawn(["sleep", "1000"], unshare_net=True) as process:
        for task in _examples(name):
            (module,) = [key for key in task if key.startswith("netplumb.linuxnet.")]
            options = {
                option: process.pid if value == "{{ app_pid }}" else value for option, value in task[module].items()
            }
            assert "{{" not in str(options), "an example that this test cannot fill in"
            if "container" in options:
                continue  # needs an engine that runs: see test_container.py
            if module == "netplumb.linuxnet.interface":
                namespaces = [line.split()[0] for line in host.sh("ip netns list").splitlines()]
                converge_settled(host, options, *namespaces)
            else:
                converge(host, module.removeprefix("netplumb.linuxnet."), options)


def test_the_examples_of_netns_info(host: Host) -> None:
    host.sh(GIVEN["netns_info"])
    run = host.playbook(_examples("netns_info"))
    assert run.changed == []
    assert run.task("Show the namespaces").result["msg"] == ["db", "web"]
    assert "vweb leads to" in run.output


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_the_examples_of_whole_networks(host: Host, name: str) -> None:
    changed = [task.action for task in host.playbook(_examples(name)).changed]
    assert changed == [f"netplumb.linuxnet.{module}" for module in OF_NETWORKS[name]]


def test_one_default_for_the_whole_group(host: Host) -> None:
    play = {
        "name": "Group defaults",
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/netplumb.linuxnet.linuxnet": {"owner": "shop"}},
        "tasks": [
            {"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "br0"}},
            {"name": "Interface", "netplumb.linuxnet.interface": {"name": "br0", "enabled": True}},
            {"name": "See", "netplumb.linuxnet.netns_info": None},
        ],
    }
    host.playbook([play])
    assert host.ip("link", "show", "br0")[0]["ifalias"] == "linuxnet:shop:"
