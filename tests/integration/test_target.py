# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host may lack, and what the user is told then."""

from __future__ import annotations

from tests.integration.role_plays import PLAY, VARIABLES
from tests.lab.host import Host


def test_without_pyroute2_ansibles_usual_message(host: Host) -> None:
    host.sh("python3 -m venv --without-pip /tmp/bare")
    tasks = [{"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "br0"}}]
    run = host.playbook(tasks, fails=True, env={"ANSIBLE_PYTHON_INTERPRETER": "/tmp/bare/bin/python"})
    message = run.task("Bridge").result["msg"]
    assert "Failed to import the required Python library (pyroute2)" in message


def test_without_pyroute2_what_needs_none_of_it_works(host: Host) -> None:
    host.sh("python3 -m venv --without-pip /tmp/bare")
    tasks = [{"name": "Namespace", "netplumb.linuxnet.netns": {"name": "web"}}]
    host.playbook(tasks, env={"ANSIBLE_PYTHON_INTERPRETER": "/tmp/bare/bin/python"})
    assert host.inside("web").reaches("127.0.0.1")


def test_what_is_missing_is_told(host: Host) -> None:
    host.sh("python3 -m venv --without-pip /tmp/bare")
    tasks = [{"name": "Look", "netplumb.linuxnet.netns_info": {}}]
    told = {}
    for python in ("", "/tmp/bare/bin/python"):
        run = host.playbook(tasks, env={"ANSIBLE_PYTHON_INTERPRETER": python} if python else {})
        told[python] = run.task("Look").result["host"]["missing"]
    assert told == {"": [], "/tmp/bare/bin/python": ["pyroute2"]}


def test_a_host_that_lacks_something_is_refused_where_nothing_may_be_installed(host: Host) -> None:
    host.sh("python3 -m venv --without-pip /tmp/bare")
    variables = {**VARIABLES, "bridge_network_install_dependencies": False}
    bare = {"ANSIBLE_PYTHON_INTERPRETER": "/tmp/bare/bin/python"}
    before = host.dump()
    run = host.playbook(PLAY, variables=variables, fails=True, env=bare)
    assert "lacks pyroute2; install it, or set" in run.task("Refuse a host that lacks something").result["msg"]
    assert before.changes_to(host.dump()) == []
