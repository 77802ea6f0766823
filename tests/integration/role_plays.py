# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays with the role bridge_network, and their results."""

from __future__ import annotations

from typing import Any

from tests.integration.networks import SHOP
from tests.lab.playbooks import Run

VARIABLES = {f"bridge_network_{name}": value for name, value in SHOP.items()}
ROLE = "netplumb.linuxnet.bridge_network"
PLAY = [{"name": "Network", "hosts": "all", "gather_facts": False, "roles": [{"role": ROLE}]}]


def outcome(run: Run) -> list[tuple[str, bool, Any]]:
    """The changed and diff of each module."""
    modules = [task for task in run.tasks if task.action.startswith("netplumb.linuxnet.")]
    return [(task.action, task.changed, task.result.get("diff")) for task in modules]
