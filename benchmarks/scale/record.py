# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/scale.json: the measurements, part by part, each with its date, the state of the collection, and the machine."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import time
from typing import Any

from tests.engines import packages
from tests.lab.paths import REPOSITORY

FILE = REPOSITORY / "docs/scale.json"
#: The rivals at all sizes; the role beside Ansible alone; each module on its own.
RIVALS, BESIDE, MODULES = PARTS = ("rivals", "beside", "modules")
_PACKAGES = ("docker.io", "containerd", "runc", "containernetworking-plugins", "netavark")


def save(part: str, numbers: dict[str, Any], begun: float) -> None:
    """Save one part and keep the others. begun: by the monotonic clock."""
    made = load() if FILE.exists() else {}
    made[part] = {
        "date": time.strftime("%Y-%m-%d"),
        "state": _state(),
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "ansible-core": importlib.metadata.version("ansible-core"),
        "seconds": round(time.monotonic() - begun),
        **numbers,
    }
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """The versions of the rivals."""
    return {package: packages.version(package) for package in _PACKAGES}


def load() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return made


def _state() -> str:
    """The commit, and whether there were uncommitted changes; empty without git or a repository."""
    if shutil.which("git") is None:
        return ""
    command = ["git", "describe", "--always", "--dirty=, changed", "--exclude=*"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip()
