# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Pythons of this machine by version."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def find(version: str) -> Path | None:
    """A real interpreter of this version. The shim of a version manager works only while its version is selected."""
    candidates = [shutil.which(f"python{version}") or "", *map(str, _managed(version))]
    for candidate in filter(None, candidates):
        command = [candidate, "-c", "import sys, venv, ensurepip; print(sys.base_prefix)"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        real = Path(done.stdout.strip() or "/nowhere", "bin", f"python{version}")
        if not done.returncode and real.exists():
            return real
    return None


def _managed(version: str) -> list[Path]:
    """The interpreters that pyenv has installed."""
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return []
    root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True).stdout.strip()
    return sorted(Path(root).glob(f"versions/{version}.*/bin/python{version}"))
