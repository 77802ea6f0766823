# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module bridge_network on other Pythons than the controller's, also on one after another.

Its compiled code is cached on the host, and bytecode is only valid for one version of Python.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.networks import SHOP
from tests.lab.host import Host
from tools import environments, versions

KEPT = "/run/linuxnet/code"
#: The path of the host's Python, whichever version it is.
PLACE = "/tmp/installed"
PYTHON = f"{PLACE}/bin/python"


def _interpreter(version: str) -> Path:
    """A Python with what the module needs."""
    try:
        return environments.target(replace(versions.default(), target_python=version))
    except environments.Missing as missing:
        pytest.skip(f"machine: {missing}")


def _call(host: Host, interpreter: Path | str, options: dict[str, Any]) -> dict[str, Any]:
    env = {"ANSIBLE_PYTHON_INTERPRETER": str(interpreter)}
    run = host.playbook([{"name": "Call", "netplumb.linuxnet.bridge_network": options}], env=env)
    return dict(run.task("Call").result)


def _kept(host: Host) -> str:
    return host.sh(f"stat -c '%i %Y %s' {KEPT}")


@pytest.mark.parametrize("version", versions.TARGET_PYTHONS)
def test_a_network_lives_on_another_interpreter(host: Host, version: str) -> None:
    interpreter = _interpreter(version)
    assert _call(host, interpreter, {**SHOP, "persistent": True})["changed"]
    assert host.inside("web").reaches("172.18.0.10")
    first = _kept(host)
    assert not _call(host, interpreter, {**SHOP, "persistent": True})["changed"]
    assert _kept(host) == first, "what was kept is used"
    assert _call(host, interpreter, {"name": SHOP["name"], "state": "absent"})["changed"]
    assert host.sh("ip netns list; ip -o link show type bridge") == ""


@pytest.mark.parametrize(
    ("before", "after"), [("3.9", "3.11"), ("3.11", "3.12"), ("3.12", "3.13"), ("3.13", "3.14"), ("3.13", "3.12")]
)
@pytest.mark.long
def test_the_hosts_python_is_another_one_than_in_the_last_run(host: Host, before: str, after: str) -> None:
    old, new = _interpreter(before), _interpreter(after)
    host.sh(f"ln -s {old.parents[1]} {PLACE}")
    _call(host, PYTHON, SHOP)
    first = _kept(host)
    host.sh(f"ln -sfn {new.parents[1]} {PLACE}")
    assert not _call(host, PYTHON, SHOP)["changed"]
    second = _kept(host)
    assert second != first, "it is compiled anew"
    more = {**SHOP, "endpoints": [*SHOP["endpoints"], {"namespace": "third"}]}
    assert _call(host, PYTHON, more)["changed"]
    assert _kept(host) == second, "and used from then on"
    assert host.inside("third").reaches("172.18.0.10")
