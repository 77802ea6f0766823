# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/scale.json: what was measured, and on what."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from typing import Any

from benchmarks.scale.aims import Own
from benchmarks.scale.cells import Found
from tests.engines import packages
from tests.lab.paths import REPOSITORY

FILE = REPOSITORY / "docs/scale.json"
_PACKAGES = ("docker.io", "containerd", "runc", "containernetworking-plugins", "netavark")


def save(found: Found, own: Own, budget: float, enough: bool, seconds: float) -> None:
    """budget, enough: the options; seconds: how long all of it took until now."""
    versions = {"ansible-core": importlib.metadata.version("ansible-core")}
    versions |= {package: packages.version(package) for package in _PACKAGES}
    made = {
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "versions": versions,
        "budget": budget,
        "enough": enough,
        "seconds": round(seconds),
        "own_time": own,
        "costs": found,
    }
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def load() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return made
