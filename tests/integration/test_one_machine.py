# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several hosts of a play that are the same machine: each task runs for all of them before the next one starts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import apply
from tests.integration.role_plays import ROLE
from tests.lab.host import Host

NAMES = ("c1", "c2", "c3")
SUBNET = {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}]}
INVENTORY = json.dumps({"all": {"hosts": {name: {} for name in ("machine", *NAMES)}}})


def _play(**variables: Any) -> list[dict[str, Any]]:
    given = {**SUBNET, "appends": True, "endpoints": [{"namespace": "{{ inventory_hostname }}"}], **variables}
    task = {
        "name": "Join the network",
        "ansible.builtin.include_role": {"name": ROLE, "apply": {"delegate_to": "machine"}},
        "vars": {f"bridge_network_{name}": value for name, value in given.items()},
        "when": "inventory_hostname != 'machine'",
    }
    return [{"name": "Containers", "hosts": "all", "gather_facts": False, "tasks": [task]}]


def _addresses(host: Host) -> dict[str, str]:
    found = {}
    for name in NAMES:
        (link,) = host.ip("-n", name, "-4", "address", "show", "dev", "eth0")
        found[name] = link["addr_info"][0]["local"]
    return found


@pytest.mark.long
@pytest.mark.parametrize("forks", ["1", "5"])
def test_each_gets_an_address_of_its_own(host: Host, forks: str) -> None:
    apply(host, **SUBNET, endpoints=[{"namespace": "first"}])
    arguments = ("--forks", forks)
    host.playbook(_play(), inventory=INVENTORY, arguments=arguments)
    given = _addresses(host)
    assert sorted(given.values()) == ["172.18.0.3", "172.18.0.4", "172.18.0.5"]
    assert all(host.inside(name).reaches("172.18.0.2") for name in NAMES)
    again = host.playbook(_play(), inventory=INVENTORY, arguments=arguments)
    assert again.changed == []
    assert _addresses(host) == given


@pytest.mark.long
def test_on_an_empty_machine(host: Host) -> None:
    host.playbook(_play(), inventory=INVENTORY)
    assert sorted(_addresses(host).values()) == ["172.18.0.2", "172.18.0.3", "172.18.0.4"]


@pytest.mark.long
def test_one_port_for_all_is_refused_but_for_the_first(host: Host) -> None:
    endpoint = {"namespace": "{{ inventory_hostname }}", "published_ports": ["8080:80"]}
    run = host.playbook(_play(endpoints=[endpoint]), inventory=INVENTORY, arguments=("--forks", "5"), fails=True)
    assert len(run.failed) == 2
    for task in run.failed:
        assert "port 8080/tcp of the host is already published, by another endpoint" in task.result["msg"]
