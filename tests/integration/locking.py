# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that waits less for the lock than usual; imported inside a host."""

from __future__ import annotations

from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import lock, namespaces
from tests.lab import modules


def impatient(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Run a module that waits one second for the lock."""
    lock.PATIENCE = 1.0
    namespaces.PATIENCE = 1.0
    return modules.run_main(name, options, check=False, diff=False)
