# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bindep.txt has what the plugins need, what the role installs, and only packages that there are."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import requirements
from tests.lab.paths import REPOSITORY
from tests.machines import packages

_ENTRY = re.compile(r"^([a-z0-9-]+) \[([a-z0-9: ]+)\]$", re.MULTILINE)
_OTHER = {"dpkg": "rpm", "rpm": "dpkg"}
#: Part of every installation.
_ESSENTIAL = {"util-linux"}


def _listed(profile: str, platform: str) -> set[str]:
    text = (REPOSITORY / "bindep.txt").read_text(encoding="utf-8")
    return {
        name
        for name, words in _ENTRY.findall(text)
        if profile in words.split() and f"platform:{_OTHER[platform]}" not in words.split()
    }


def _imported() -> Iterator[str]:
    """The libraries that plugins import, beside Ansible and Python's own."""
    for path in Path(REPOSITORY, "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (one.name.partition(".")[0] for one in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def test_every_entry_is_read_and_has_a_profile() -> None:
    lines = (REPOSITORY / "bindep.txt").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert len(_ENTRY.findall("\n".join(entries))) == len(entries)
    profiles = {word for _name, words in _ENTRY.findall("\n".join(entries)) for word in words.split()}
    assert {word for word in profiles if not word.startswith("platform:")} == {"host", "lab", "svg"}


@pytest.mark.parametrize(("platform", "manager", "ip"), [("dpkg", "apt", "iproute2"), ("rpm", "dnf", "iproute")])
def test_a_host_gets_what_the_role_installs_and_the_program_of_the_become_plugin(
    platform: str, manager: str, ip: str
) -> None:
    variables = yaml.safe_load((REPOSITORY / f"roles/bridge_network/vars/{manager}.yml").read_text(encoding="utf-8"))
    assert _listed("host", platform) == {*variables["_bridge_network_packages"].values(), ip}


@pytest.mark.parametrize("suite", ["bookworm", "trixie", "forky"])
def test_there_are_the_packages_of_a_host(suite: str) -> None:
    """Machines that are booted get them from there, but for the firewall that a release has not."""
    assert _listed("host", "dpkg") - set(packages.offered(suite)) <= {"iptables"}


def test_libraries_are_those_that_are_listed() -> None:
    # typing_extensions is imported for type checkers alone, and pyroute2 only by name.
    found = set(_imported()) - set(sys.stdlib_module_names) - {"ansible", "ansible_collections", "typing_extensions"}
    found |= set(requirements._LIBRARIES)
    listed = _listed("host", "dpkg") | _listed("svg", "dpkg")
    assert {f"python3-{name}" for name in found} == {name for name in listed if name.startswith("python3-")}


def test_what_is_for_the_controller_is_optional() -> None:
    """So it is in no execution environment that does not ask for it, and meta/execution-environment.yml says so."""
    text = (REPOSITORY / "meta/execution-environment.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["dependencies"] == {}
    optional = (_listed("lab", "dpkg") | _listed("svg", "dpkg")) - _ESSENTIAL
    assert [name for name in optional if name.removeprefix("python3-") not in text] == []
