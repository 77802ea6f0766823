# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which the code of module bridge_network gets to a host other than the controller.

SSH and sudo need root; the scenario `machines` tests them, with and without pipelining. Here a script replaces sudo,
since a host of the lab has no second user: it is called like sudo, and like sudo clears the environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.networks import SHOP
from tests.lab.controller import Controller, Timed
from tests.lab.host import Host
from tests.lab.lab import Lab

_SUDO = """#!/bin/sh
echo "$@" >>/tmp/asked
while [ "$1" != /bin/sh ]; do shift; done
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LOGNAME=root "$@"
"""


@pytest.fixture
def controller(lab: Lab) -> Iterator[Controller]:
    with Controller(lab, forks=2) as new:
        yield new


def _task(**more: Any) -> dict[str, Any]:
    return {"name": "Call", "netplumb.linuxnet.bridge_network": SHOP, **more}


def _changed(run: Timed) -> list[bool]:
    assert run.rc == 0, run.output
    return [task.changed for task in run.tasks if task.name == "Call"]


@pytest.mark.parametrize("become", [False, True])
@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.long
def test_become_and_pipelining(controller: Controller, host: Host, become: bool, pipelining: bool) -> None:
    host.write("/tmp/sudo", _SUDO)
    host.sh("chmod 755 /tmp/sudo; touch /tmp/asked; mkdir -m 700 /tmp/ansible")
    variables = {
        "ansible_pipelining": pipelining,
        "ansible_become": become,
        "ansible_become_method": "ansible.builtin.sudo",
        "ansible_become_exe": "/tmp/sudo",
    }
    for is_new in (True, False):
        assert _changed(controller.playbook([_task()], {"host": (host, variables)})) == [is_new]
    assert host.inside("web").reaches("172.18.0.10")
    asked = host.read("/tmp/asked").splitlines()
    assert bool(asked) is become
    assert all(line.startswith("-H -S -n -u root /bin/sh -c ") for line in asked)
    assert host.sh("find /tmp/ansible -type f") == "", "no code is left behind"


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.long
def test_begun_and_asked_for_later(controller: Controller, host: Host, pipelining: bool) -> None:
    tasks = [
        _task(**{"async": 60, "poll": 0}, register="begun"),
        {
            "name": "Wait",
            "ansible.builtin.async_status": {"jid": "{{ begun.ansible_job_id }}"},
            "register": "job",
            "until": "job is finished",
            "retries": 100,
            "delay": 0.2,
        },
    ]
    variables = {"ansible_pipelining": pipelining, "ansible_async_dir": "/tmp/async"}
    for is_new in (True, False):
        run = controller.playbook(tasks, {"host": (host, variables)})
        assert run.rc == 0, run.output
        assert run.tasks[-1].changed is is_new
    assert host.inside("web").reaches("172.18.0.10")


@pytest.mark.long
def test_delegated_to_another_host(controller: Controller, lab: Lab, host: Host) -> None:
    gateway = lab.host("gateway")
    play = [{"hosts": "host", "gather_facts": False, "tasks": [_task(delegate_to="gateway")]}]
    for is_new in (True, False):
        assert _changed(controller.playbook(play, {"host": (host, {}), "gateway": (gateway, {})})) == [is_new]
    assert gateway.inside("web").reaches("172.18.0.10")
    assert host.sh("ip netns list; ip -o link show type bridge") == ""
    assert not host.exists("/run/linuxnet")
