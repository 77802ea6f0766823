# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the Markdown pages and of the plugins that are no modules runs as it stands, or is at least read."""

from __future__ import annotations

import configparser
import importlib
import json
import re
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.integration.networks import SHOP
from tests.lab import bytecode
from tests.lab.host import Host
from tests.lab.paths import COLLECTION, REPOSITORY
from tests.lab.segment import Segment

#: docs/testing.md is what test_lab_elsewhere.py does.
_ELSEWHERE = ("docs/testing.md",)
_PAGES = (
    "README.md",
    "roles/bridge_network/README.md",
    *(f"docs/{page.name}" for page in REPOSITORY.glob("docs/*.md")),
)
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INVENTORY = "servers: {hosts: {server: {ansible_connection: local}}}"
_PREFIX = "bridge_network_"
#: What a part of the role's variables stands beside.
_REST: dict[str, Any] = {f"{_PREFIX}name": "br-rest", f"{_PREFIX}ipam_config": [{"subnet": "172.27.0.0/16"}]}


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def _blocks(page: str) -> list[Block]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[2], textwrap.dedent(found[3]))
        for found in _BLOCK.finditer(text)
    ]


BLOCKS = [block for page in _PAGES if page not in _ELSEWHERE for block in _blocks(page)]
#: These are no plays. test_whole_examples.py has the first, tests below the others.
_FILES = ("# inventory.yml", "plugin:", "# execution-environment.yml")
PLAYED = [block for block in BLOCKS if block.language == "yaml" and not block.text.startswith(_FILES)]
_LISTENS = ["python3", "-m", "http.server", "--directory", "/tmp", "5432"]


def _shop(host: Host) -> None:
    host.module("bridge_network", SHOP)
    host.spawn(_LISTENS, netns="db")


#: What is there before, by a word of the example.
GIVEN: dict[str, Callable[[Host], object]] = {
    "br-agents": _shop,
    "wait_for": _shop,
    "proxy_interface": lambda host: host.sh("ip address add 2001:db8:7::5/64 dev eth0 nodad"),
    "docker0": lambda host: host.sh(
        "ip link add docker0 type bridge; ip address add 172.17.0.1/16 dev docker0; ip link set docker0 up"
    ),
}


def _play(content: Any) -> list[Any]:
    """What a reader makes of an example: plays, tasks, a role of a play, or variables of the role."""
    if isinstance(content, list) and "role" not in content[0]:
        return content
    play: dict[str, Any] = {"name": "An example", "hosts": "servers", "gather_facts": False}
    if isinstance(content, list):
        return [{**play, "roles": content}]
    variables = content
    if not any(name.startswith(_PREFIX) or name == "bridge_networks" for name in content):
        variables = {f"{_PREFIX}endpoints": [{"namespace": "web", **content}]}
    if not variables.keys() & {f"{_PREFIX}name", "bridge_networks"}:
        variables = {**_REST, **variables}
    return [{**play, "vars": variables, "roles": ["netplumb.linuxnet.bridge_network"]}]


def _without_containers(content: Any) -> Any:
    """A namespace of that name instead, since test_container.py has what needs an engine that runs."""
    if isinstance(content, dict):
        return {name: _without_containers(value) for name, value in content.items() if name != "container"}
    if isinstance(content, list):
        return [_without_containers(one) for one in content]
    return content


def _fill(host: Host, text: str) -> None:
    for word, make in GIVEN.items():
        if word in text:
            make(host)


@pytest.mark.parametrize("block", PLAYED, ids=str)
@pytest.mark.usefixtures("wan")
def test_an_example_of_a_page(host: Host, block: Block) -> None:
    _fill(host, block.text)
    plays = _play(_without_containers(yaml.safe_load(block.text)))
    is_play = "hosts" in plays[0]
    done = host.playbook(plays, inventory=_INVENTORY if is_play else "")
    assert done.tasks
    if "roles" in plays[0]:
        assert len(done.changed) == 1
        assert host.playbook(plays, inventory=_INVENTORY).changed == []


def test_every_word_for_what_is_there_before_is_one_of_an_example() -> None:
    assert [word for word in GIVEN if not any(word in block.text for block in PLAYED)] == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language in ("ini", "json", "toml")], ids=str)
def test_a_file_of_another_program_can_be_read(block: Block) -> None:
    """What they do is tested on machines: the scenario reboot, and tests/newest."""
    if block.language == "json":
        assert json.loads(block.text)
    elif block.language == "toml":
        assert tomllib.loads(block.text)
    else:
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(block.text)
        assert "Service" in parser


def test_an_execution_environment_with_what_is_optional() -> None:
    (block,) = [block for block in BLOCKS if block.text.startswith("# execution-environment.yml")]
    wanted = yaml.safe_load(block.text)["dependencies"]
    assert wanted["galaxy"]["collections"] == [{"name": COLLECTION}]
    assert wanted["python"] == ["igraph"]


def _example(kind: str, name: str) -> str:
    module = importlib.import_module(f"ansible_collections.netplumb.linuxnet.plugins.{kind}.{name}")
    return str(module.EXAMPLES)


def test_the_examples_of_the_filter(host: Host, wan: Segment) -> None:
    host.module("bridge_network", SHOP)
    run = host.playbook(yaml.safe_load(_example("filter", "topology")))
    assert "bridge br-shop" in run.output
    assert host.read("/tmp/network.mmd").startswith("flowchart")


def test_the_examples_of_the_become_plugin(host: Host) -> None:
    """But for the login that is not root: the hosts of the lab have one user only."""
    _shop(host)
    first, second = yaml.safe_load(_example("become", "netns"))
    assert len(host.playbook([first], inventory=_INVENTORY).tasks) == 2
    assert second["vars"]["ansible_netns_via"] == "sudo"


def test_the_inventory_of_endpoints_and_its_commands(host: Host) -> None:
    """The plugin's own example, and the commands of docs/inside.md with it."""
    hosts, plugin = _example("inventory", "netns").split("\n# inventory/netns.yml")
    local = hosts.replace("    alpha:\n    beta:\n", "    alpha: {ansible_connection: local}\n")
    (shown,) = [block.text for block in BLOCKS if block.text.startswith("plugin:")]
    host.write("/tmp/desk/inventory/hosts.yml", local)
    host.write("/tmp/desk/inventory/netns.yml", plugin.partition("\n")[2])
    host.playbook("netplumb.linuxnet.bridge_network", inventory=local)

    def run(command: str) -> str:
        done = host.run(
            ["sh", "-c", f"cd /tmp/desk && {command}"], env=bytecode.environment(), check=False, timeout=120
        )
        assert done.rc == 0, (command, done.out, done.err)
        return done.out

    assert "web.alpha | SUCCESS" in run("ansible -i inventory network_br_shop -m ansible.builtin.ping")
    assert "db.alpha" in run("ansible-inventory -i inventory --graph databases")
    host.write("/tmp/desk/inventory/netns.yml", shown)
    commands = [
        line.removeprefix("$ ")
        for block in BLOCKS
        if block.page == "docs/inside.md" and block.language == "console"
        for line in block.text.splitlines()
    ]
    assert len(commands) == 3
    graph, ping, command = map(run, commands)
    assert "web.alpha" in graph
    assert "db.alpha | SUCCESS" in ping
    assert "172.18.0.2" in command
