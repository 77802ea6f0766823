# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook for many hosts of a lab at once, with the connection plugin that Molecule uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab import bytecode, playbooks, target
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import COLLECTIONS, REPOSITORY

_SECONDS = 600


@dataclass(frozen=True)
class Timed(playbooks.Run):
    """A finished ansible-playbook, and how long it took."""

    seconds: float = 0

    def changed_on(self) -> set[str]:
        """The hosts on which something changed."""
        return {task.host for task in self.changed}


class Controller:
    """The machine that manages a fleet. It is in the lab's own namespaces and has a directory in build/."""

    def __init__(self, lab: Lab, forks: int) -> None:
        self._lab = lab
        self._forks = forks
        (REPOSITORY / "build").mkdir(exist_ok=True)
        self._directory = tempfile.TemporaryDirectory(prefix="controller-", dir=REPOSITORY / "build")
        self._home = Path(self._directory.name)

    def __enter__(self) -> Controller:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._directory.cleanup()

    def playbook(
        self, play: str | list[Any], hosts: Mapping[str, tuple[Host, Mapping[str, Any]]], *arguments: str
    ) -> Timed:
        """Run a playbook on all of these hosts, each with its own variables. arguments: more for ansible-playbook.

        play: a file, an FQCN, a list of plays, or a list of tasks. A stopped host stays in the inventory and is
        unreachable.
        """
        if not isinstance(play, str):
            written = self._home / "playbook.yml"
            written.write_text(playbooks.text(play), encoding="utf-8")
            play = str(written)
        inventory, report = self._home / "inventory.json", self._home / "report.json"
        entries = {name: {**_way_to(host), **variables} for name, (host, variables) in hosts.items()}
        inventory.write_text(json.dumps({"all": {"hosts": entries}}), encoding="utf-8")
        report.write_text("", encoding="utf-8")
        argv = ["ansible-playbook", play, f"--inventory={inventory}", f"--forks={self._forks}", *arguments]
        start = time.monotonic()
        done = subprocess.run(
            self._lab.argv(argv),
            env=self._environment(report),
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        seconds = time.monotonic() - start
        found = playbooks.read(done.returncode, done.stdout, report.read_text(encoding="utf-8"))
        return Timed(found.rc, found.output, found.tasks, seconds)

    def _environment(self, report: Path) -> dict[str, str]:
        return {
            "PATH": f"{os.path.dirname(sys.executable)}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self._home / "ansible"),
            # For tasks on the controller itself: Ansible would take the home of its user, whatever HOME says.
            "ANSIBLE_REMOTE_TMP": str(self._home / "ansible/tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CALLBACK_PLUGINS": str(playbooks.CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "lab_report",
            "LAB_REPORT": str(report),
        }


def _way_to(host: Host) -> dict[str, Any]:
    return {
        "ansible_connection": "netplumb.linuxnet.lab",
        "ansible_lab_pid": host.pid_in_lab(),
        "ansible_lab_environment": bytecode.environment(),
        "ansible_python_interpreter": target.PYTHON,
        "ansible_remote_tmp": "/tmp/ansible",
        "ansible_pipelining": True,
    }
