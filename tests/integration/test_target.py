# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host may lack, and what the user is told then."""

from __future__ import annotations

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
