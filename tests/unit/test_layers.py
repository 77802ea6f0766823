# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point one way, from upper layers to lower ones, without cycles."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.lab.paths import REPOSITORY

PLUGINS = REPOSITORY / "plugins"
PACKAGE = "ansible_collections.netplumb.linuxnet.plugins."
#: From top to bottom. Packages in one layer do not import each other.
FLOORS = (
    ("action", "become", "connection", "filter", "inventory", "modules"),
    ("plugin_utils",),
    ("_call", "_module"),
    ("_path", "_service"),
    ("_network",),
    ("_firewalls",),
    ("_firewall", "_resources"),
    ("_converge",),
    ("_host",),
    ("_model",),
    ("_core",),
)
HEIGHT = {room: -floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: What the archive of a module must not contain unless it writes rules.
WITHOUT_FIREWALL = (
    "bandwidth",
    "bridge",
    "bridge_port",
    "interface",
    "ip_forward",
    "netns",
    "netns_names",
    "unmanaged_links",
    "veth",
)
#: What turns the user's options into a network.
PARSING = ("network", "option_reader", "read_endpoints", "read_network", "read_routes", "read_subnets")

Graph = Mapping[str, set[str]]


@functools.cache
def imports() -> dict[str, set[str]]:
    """By dotted name of a file, the files that it imports anywhere: Ansible packs all of them."""
    files = {_name(path): path for path in PLUGINS.rglob("*.py") if "doc_fragments" not in path.parts}
    return {name: set(_imported(path, files)) for name, path in files.items()}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts).removeprefix("module_utils.")


def _imported(path: Path, files: Mapping[str, Path]) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE):
            module = node.module[len(PACKAGE) :].removeprefix("module_utils").lstrip(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".lstrip(".")
                yield inner if inner in files else module


def _room(name: str) -> str:
    return name.partition(".")[0]


def _folder(name: str) -> str:
    return name.rpartition(".")[0] or name


def _carried(name: str) -> set[str]:
    """Everything that a file needs, including itself."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += imports()[one]
    return found


def _circle(graph: Graph) -> list[str]:
    """The names on a cycle, if there is one."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return way[way.index(name) :]
        if name in done:
            return []
        for other in sorted(graph.get(name, ())):
            if found := walk(other, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_every_room_has_its_floor() -> None:
    assert {_room(name) for name in imports()} <= set(HEIGHT)


def test_no_import_runs_back_up() -> None:
    wrong = [
        f"{name} -> {other}"
        for name, others in imports().items()
        for other in others
        if _room(name) != _room(other) and HEIGHT[_room(name)] <= HEIGHT[_room(other)]
    ]
    assert not wrong


def test_no_circle_of_files() -> None:
    assert not _circle(imports())


def test_no_circle_of_folders() -> None:
    folders: dict[str, set[str]] = {}
    for name, others in imports().items():
        folders.setdefault(_folder(name), set()).update(map(_folder, others))
    assert not _circle({folder: others - {folder} for folder, others in folders.items()})


@pytest.mark.parametrize("firewall", ["iptables", "nftables"])
def test_one_place_alone_knows_a_firewall_by_name(firewall: str) -> None:
    """Everything else uses a firewall through the protocol, so that another one can take its place."""
    folder = f"_firewall.{firewall}"
    knowing = {
        name
        for name, others in imports().items()
        if _folder(name) != folder and any(_folder(other) == folder for other in others)
    }
    assert {_folder(name) for name in knowing} == {"_firewalls"}


def test_what_is_wanted_of_a_firewall_is_said_without_the_name_of_one() -> None:
    speaking = {
        path.name for path in (PLUGINS / "module_utils/_firewall").glob("*.py") if "iptables" in path.read_text()
    }
    assert not speaking


@pytest.mark.parametrize("module", WITHOUT_FIREWALL)
def test_a_module_carries_no_firewall_that_writes_no_rules(module: str) -> None:
    assert not {name for name in _carried(f"modules.{module}") if _room(name) == "_firewall"}


@pytest.mark.parametrize("part", PARSING)
def test_parsing_loads_nothing_that_touches_a_host(part: str) -> None:
    assert not {name for name in _carried(f"_network.{part}") if _room(name) in ("_host", "_resources", "_converge")}
