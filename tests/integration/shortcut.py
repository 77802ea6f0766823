# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook that uses only this collection in a tenth of the time of ansible-playbook.

It is for a second run, after ansible-playbook has run the same file. Of Ansible's language it supports plays with tasks
or with the role, imported playbooks and their variables, and templates of variables only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tests.integration.networks import apply
from tests.lab.host import Host
from tests.lab.paths import COLLECTION


def carry_out(host: Host, playbook: Path, **variables: Any) -> list[str]:
    """Run each task of each play. Returns the modules that changed something."""
    changed = []
    for play in _plays(playbook, variables):
        for task in play.get("tasks", []):
            (module,) = [key for key in task if key.startswith(COLLECTION)]
            if host.module(module.removeprefix(f"{COLLECTION}."), task[module])["changed"]:
                changed.append(module)
        for role in play.get("roles", []):
            want = {name.removeprefix("bridge_network_"): value for name, value in role["vars"].items()}
            changed += apply(host, **want).changed
    return changed


def _plays(playbook: Path, variables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    template = jinja2.Template(playbook.read_text(encoding="utf-8"), undefined=jinja2.StrictUndefined)
    for play in yaml.safe_load(template.render(variables)):
        imported = play.get("ansible.builtin.import_playbook")
        if imported:
            yield from _plays(playbook.with_name(imported), {**variables, **play.get("vars", {})})
        else:
            yield play
