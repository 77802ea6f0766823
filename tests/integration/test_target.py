# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host may lack, and what users are told then."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import netaddr
import pyroute2
import pytest

from tests.integration.networks import SHOP
from tests.integration.role_plays import PLAY, VARIABLES
from tests.lab.host import Host
from tools import environments, interpreters

CURE = "set ansible_python_interpreter: /usr/bin/python3"
BARE = {"ANSIBLE_PYTHON_INTERPRETER": "/tmp/bare/bin/python"}
#: Where Debian's python3-pyroute2 is for the system's own Python.
_PACKAGES = "/usr/lib/python3/dist-packages"


@pytest.fixture(autouse=True)
def _bare(host: Host) -> None:
    """A Python without pyroute2, and a system Python without packages."""
    host.sh(f"python3 -m venv --without-pip /tmp/bare; mount -t tmpfs none {_PACKAGES}")


def _give_the_system(host: Host, *libraries: ModuleType) -> None:
    for library in libraries:
        host.sh(f"ln -s {Path(library.__path__[0])} {_PACKAGES}/{library.__name__}")


def test_without_pyroute2_ansibles_usual_message(host: Host) -> None:
    tasks = [{"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "br0"}}]
    run = host.playbook(tasks, fails=True, env=BARE)
    message = run.task("Bridge").result["msg"]
    assert "Failed to import the required Python library (pyroute2)" in message


def test_without_pyroute2_what_needs_none_of_it_works(host: Host) -> None:
    tasks = [{"name": "Namespace", "netplumb.linuxnet.netns": {"name": "web"}}]
    host.playbook(tasks, env=BARE)
    assert host.inside("web").reaches("127.0.0.1")


@pytest.mark.long
def test_without_libraries_networks_are_taken_away(host: Host) -> None:
    host.module("bridge_network", SHOP)
    absent = {"name": SHOP["name"], "state": "absent"}
    host.playbook([{"name": "Absent", "netplumb.linuxnet.bridge_network": absent}], env=BARE)
    assert host.sh("ip netns list; ip -o link show type bridge") == ""
    assert not host.exists("/run/linuxnet")


@pytest.mark.long
def test_what_is_missing_is_told(host: Host) -> None:
    tasks = [{"name": "Look", "netplumb.linuxnet.netns_info": {}}]
    told = {}
    for python in ("", "/tmp/bare/bin/python"):
        run = host.playbook(tasks, env={"ANSIBLE_PYTHON_INTERPRETER": python} if python else {})
        told[python] = run.task("Look").result["host"]["missing"]
    assert told == {"": [], "/tmp/bare/bin/python": ["pyroute2", "netaddr"]}


def test_a_host_that_lacks_something_is_refused_where_nothing_may_be_installed(host: Host) -> None:
    variables = {**VARIABLES, "bridge_network_install_dependencies": False}
    before = host.dump()
    run = host.playbook(PLAY, variables=variables, fails=True, env=BARE)
    assert "lacks pyroute2, netaddr; install it, or set" in run.task("Refuse a host that lacks something").result["msg"]
    assert before.changes_to(host.dump()) == []


@pytest.mark.parametrize("install", [True, False])
@pytest.mark.parametrize("check", [True, False])
def test_a_python_that_lacks_what_the_systems_own_has_is_refused_with_the_cure(
    host: Host, install: bool, check: bool
) -> None:
    _give_the_system(host, pyroute2, netaddr)
    variables = {**VARIABLES, "bridge_network_install_dependencies": install}
    before = host.dump()
    run = host.playbook(PLAY, variables=variables, fails=True, env=BARE, check=check)
    assert run.failed[-1].result["msg"] == (
        f"localhost: the Python interpreter of this run lacks what /usr/bin/python3 has; {CURE}"
    )
    assert before.changes_to(host.dump()) == []


def test_a_module_that_lacks_what_the_systems_python_has_says_the_cure(host: Host) -> None:
    _give_the_system(host, pyroute2)
    run = host.playbook([{"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "br0"}}], fails=True, env=BARE)
    told = run.task("Bridge").result["msg"]
    assert told == f"/tmp/bare/bin/python lacks pyroute2, which /usr/bin/python3 has; {CURE}"


#: With the Pythons that it runs on; the first is that of Debian 12.
OLD = {"2.14": ("3.11",), "2.18": ("3.11", "3.12", "3.13")}


@pytest.mark.parametrize("core", OLD)
@pytest.mark.parametrize("what", ["role", "netplumb.linuxnet.bridge_network", "netplumb.linuxnet.teardown"])
@pytest.mark.long
def test_an_ansible_that_is_too_old_is_refused_in_the_first_task(host: Host, core: str, what: str) -> None:
    python = next((version for version in OLD[core] if interpreters.find(version)), None)
    if python is None:
        pytest.skip(f"machine: there is no Python for ansible-core {core}")
    ansible = environments.old_ansible(core, python)
    before = host.dump()
    play = what
    if what == "role":
        play = "/tmp/play.yml"
        host.write(play, json.dumps(PLAY))
    variables = {**VARIABLES, "bridge_networks": [{"name": "br0"}]}
    argv = [str(ansible.with_name("ansible-playbook")), "--inventory=localhost,", "--connection=local", play]
    run = host.run([*argv, f"--extra-vars={json.dumps(variables)}"], check=False)
    assert run.rc == 2
    failures = [line for line in run.out.splitlines() if "FAILED!" in line]
    assert len(failures) == 1
    assert f"needs ansible-core 2.19 or newer on the controller, and this is {core}." in failures[0]
    tasks = re.findall(r"^TASK \[(?:netplumb.linuxnet.bridge_network : )?(.*?)\]", run.out, re.MULTILINE)
    before_it = ("Validating arguments", "Check that there is a list of networks")
    own = [name for name in tasks if not name.startswith(before_it)]
    assert own == ["Remove networks" if what == "netplumb.linuxnet.teardown" else "Build, repair or remove networks"]
    assert before.changes_to(host.dump()) == []
