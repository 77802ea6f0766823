# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook inside a host, and reads the results of all tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CALLBACKS = Path(__file__).with_name("callbacks")
REPORT = "/tmp/playbook-report.json"


@dataclass(frozen=True)
class Task:
    """A task on a host: its name and its result (for loops, `result["results"]`)."""

    name: str
    action: str
    host: str
    status: str  # ok, failed, skipped, unreachable
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))


@dataclass(frozen=True)
class Run:
    """A finished ansible-playbook."""

    rc: int
    output: str
    tasks: list[Task]

    @property
    def changed(self) -> list[Task]:
        """The tasks that changed something."""
        return [task for task in self.tasks if task.changed]

    @property
    def failed(self) -> list[Task]:
        return [task for task in self.tasks if task.status in ("failed", "unreachable")]

    @property
    def diffs(self) -> Iterator[dict[str, Any]]:
        """Every diff with content, in the order of tasks."""
        for task in self.tasks:
            diff = task.result.get("diff") or []
            yield from ([diff] if isinstance(diff, dict) else diff)

    def task(self, name: str) -> Task:
        """The only task with this name, or part of a name."""
        (found,) = [task for task in self.tasks if name in task.name]
        return found


def read(rc: int, output: str, report: str) -> Run:
    return Run(rc, output, [Task(**entry) for entry in json.loads(report or "[]")])


def text(play: list[Any]) -> str:
    """A list of plays, or of tasks for all hosts, as the text of a playbook."""
    if not any("hosts" in entry or "ansible.builtin.import_playbook" in entry for entry in play):
        play = [{"name": "Test", "hosts": "all", "gather_facts": False, "tasks": play}]
    return str(yaml.safe_dump(play, sort_keys=False))
