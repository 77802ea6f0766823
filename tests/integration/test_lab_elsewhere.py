# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test another role on hosts of the lab with the installed artifact, as docs/testing.md describes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ansible_collections.netplumb.linuxnet.plugins.modules import lab
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import standing
from tests.integration.artifact import install
from tools import tree

_FILES = re.compile(r"`([\w/.]+\.yml)`:\n\n```yaml\n(.*?)```\n", re.DOTALL)
_BIN = Path(sys.executable).parent
_SLEEP = "- hosts: desk\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: sleep 600\n"
_PATIENCE = 120


@pytest.fixture(scope="module", name="collections")
def _collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("collections")
    install(place, tree.copy(place / "checkout"))
    return place


def _project(place: Path) -> Path:
    """A folder with the files of that page."""
    page = (tree.REPOSITORY / "docs/testing.md").read_text(encoding="utf-8")
    files = dict(_FILES.findall(page))
    assert "roles/office/tasks/main.yml" in files
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return place


def _environment(project: Path, collections: Path) -> dict[str, str]:
    home = project / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MOLECULE_", "XDG_"))}
    return kept | {
        "PATH": f"{_BIN}:{os.environ['PATH']}:/usr/sbin:/sbin",
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "NO_COLOR": "1",
    }


def _start(command: list[str], project: Path, collections: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=project,
        env=_environment(project, collections),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.long
def test_the_page_works_from_an_empty_folder_and_twice_at_once(tmp_path: Path, collections: Path) -> None:
    projects = [_project(tmp_path / name) for name in ("first", "second")]
    runs = [_start(["molecule", "test"], project, collections) for project in projects]
    outputs = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(outputs)
    assert not list(tmp_path.rglob("keeper"))


def test_a_molecule_that_is_killed_leaves_nothing(tmp_path: Path, collections: Path) -> None:
    project = _project(tmp_path)
    (project / "molecule/default/converge.yml").write_text(_SLEEP, encoding="utf-8")
    with _start(["molecule", "test"], project, collections) as run:
        keeper = int(_await(lambda: [path.read_text() for path in project.rglob("lab/keeper")])[0])
        hosts = [int(path.read_text()) for path in project.rglob("lab/*.pid")]
        assert len(hosts) == 2
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
    _await(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (keeper, *hosts)))
    _await(lambda: not list(project.rglob("lab")))
    _await(lambda: not _of_session(run.pid))


def _await(look: object) -> list[str]:
    end = time.monotonic() + _PATIENCE
    assert callable(look)
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return list(found) if isinstance(found, list) else []


def _of_session(session: int) -> list[int]:
    """The processes of a command that was started in a session of its own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


@pytest.mark.long
def test_hosts_by_hand(tmp_path: Path, collections: Path, request: pytest.FixtureRequest) -> None:
    project = _project(tmp_path)
    request.addfinalizer(lambda: standing.down(project / "lab"))
    inventory = f"--inventory={project}/molecule/default/inventory.yml"
    where = f"--extra-vars=lab_directory={project}/lab"

    def play(name: str, *arguments: str) -> str:
        command = ["ansible-playbook", inventory, where, f"netplumb.linuxnet.{name}", *arguments]
        with _start(command, project, collections) as run:
            return run.communicate()[0]

    assert "changed=1" in play("lab_create", "--check")
    assert not (project / "lab").exists()
    assert "changed=1" in play("lab_create")
    pids = {path.name: path.read_text() for path in (project / "lab").glob("*.pid")}
    assert "changed=0" in play("lab_create")
    assert {path.name: path.read_text() for path in (project / "lab").glob("*.pid")} == pids
    (project / "netns.yml").write_text("plugin: netplumb.linuxnet.netns\n", encoding="utf-8")
    networks = {"bridge_networks": [{"name": "br0", "endpoints": [{"namespace": "web"}]}]}
    (project / "molecule/default/group_vars").mkdir()
    (project / "molecule/default/group_vars/all.yml").write_text(json.dumps(networks), encoding="utf-8")

    def ask(host: str, module: str, arguments: str) -> str:
        sources = [inventory, f"--inventory={project}/netns.yml", where]
        command = ["ansible", *sources, host, f"--module-name={module}", f"--args={arguments}"]
        with _start(command, project, collections) as run:
            return run.communicate()[0].partition(">>")[2]

    links = "ip -json link"
    assert [link["ifname"] for link in json.loads(ask("desk", "ansible.builtin.command", links))] == ["lo", "eth0"]
    ask("desk", "netplumb.linuxnet.netns", "name=web")
    assert [link["ifname"] for link in json.loads(ask("web.desk", "ansible.builtin.command", links))] == ["lo"]
    assert "changed=1" in play("lab_destroy")
    assert "changed=0" in play("lab_destroy")
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())


def test_the_examples_of_the_module(tmp_path: Path, collections: Path, request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: standing.down(tmp_path / "my-lab"))
    tasks = yaml.safe_load(lab.EXAMPLES.replace("/tmp/my-lab", str(tmp_path / "my-lab")))
    for number, task in enumerate(tasks):
        task["register"] = f"result{number}"
        task["failed_when"] = f"not result{number}.changed"
    shown = {"ansible.builtin.debug": {"msg": "{{ [result0, result1] | to_json }}"}}
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [*tasks, shown]}]
    (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    with _start(["ansible-playbook", "play.yml"], tmp_path, collections) as run:
        output = run.communicate()[0]
    assert run.returncode == 0, output
    told = re.search(r"(\[\{.*\}\])", output.replace('\\"', '"'))
    assert told, output
    made, removed = json.loads(told[1])
    documented = yaml.safe_load(lab.RETURN)
    assert set(documented) <= set(made)
    assert made["hosts"] == documented["hosts"]["sample"]
    assert removed["hosts"] == []
