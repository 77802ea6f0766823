# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortest life of a network, with real plays and packets, which tools/matrix.py runs for every combination.

It must work with any versions of the controller and the host.
"""

from __future__ import annotations

import json
import site

import pytest

from tests.integration.networks import SHOP
from tests.integration.role_plays import PLAY, VARIABLES
from tests.lab import target, town
from tests.lab.host import Host

OPTIONS = {"mtu": 1400, "ageing_time": 100, "multicast_snooping": False}


@pytest.mark.long
def test_a_network_is_built_used_found_in_order_and_removed(host: Host, neighbour: Host, outside: Host) -> None:
    assert len(host.playbook(PLAY, variables=VARIABLES).changed) == 1
    with host.inside("web").server(80), outside.server(7):
        for version in (0, 1):
            answer = neighbour.ask(town.HOST[version], 8080, timeout=5)
            assert answer is not None
            assert answer.peer == town.NEIGHBOUR[version]
            answer = host.inside("db").ask(town.WORLD[version], 7, timeout=5)
            assert answer is not None
            assert answer.peer == town.HOST[version]
        assert neighbour.ask("172.18.0.2", 80, timeout=0.4) is None
    assert host.playbook(PLAY, variables=VARIABLES).changed == []
    host.playbook(PLAY, variables={"bridge_network_name": SHOP["name"], "bridge_network_state": "absent"})
    assert host.ip("link", "show", "type", "bridge") == []


@pytest.mark.long
def test_what_goes_by_pyroute2_goes_by_the_hosts_own(host: Host) -> None:
    """Create a bridge and a port, by Ansible's own way to the host, with the requested interpreter."""
    host.sh("ip link add p0 type veth peer p1")
    tasks = [
        {"name": "Python", "ansible.builtin.setup": {"gather_subset": ["!all", "python"]}},
        {"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "br0", **OPTIONS}},
        {"name": "Port", "netplumb.linuxnet.bridge_port": {"interface": "p0", "bridge": "br0", "hairpin": True}},
    ]
    run = host.playbook(tasks)
    assert [task.name for task in run.changed] == ["Bridge", "Port"]
    assert run.task("Python").result["ansible_facts"]["ansible_python"]["executable"] == target.PYTHON
    assert "Traceback" not in json.dumps([task.result for task in run.tasks])
    assert host.ip("link", "show", "br0")[0]["mtu"] == 1400


def test_modules_run_on_the_interpreter_that_was_asked_for(host: Host) -> None:
    (packages, *_system) = host.call(site.getsitepackages, python=target.PYTHON)
    assert packages.startswith(target.prefixes()[0])
