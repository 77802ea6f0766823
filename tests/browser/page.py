# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of playbooks/inspect.yml without the playbook: what the template makes of what netns_info returned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

from ansible_collections.netplumb.linuxnet.plugins.filter.topology import topology
from tests.lab.paths import REPOSITORY

TEMPLATES = REPOSITORY / "playbooks/templates"


def write(file: Path, hosts: dict[str, dict[str, Any] | None]) -> Path:
    """A page with hosts by name; None is one that could not be read."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, autoescape=False)
    environment.filters |= {"netplumb.linuxnet.topology": topology, "to_json": json.dumps}
    told = {name: {"inspect_info": {"text": json.dumps(info)}} if info else {} for name, info in hosts.items()}
    page = environment.get_template("inspect.html.j2").render(inspect_names=list(hosts), hostvars=told)
    file.write_text(page, encoding="utf-8")
    return file
