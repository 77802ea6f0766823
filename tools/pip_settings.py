# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pip's settings on this machine as one file, since some of its callers have another HOME, or hide variables."""

from __future__ import annotations

import subprocess
import sys


def of(environment: dict[str, str]) -> str:
    """pip's settings from files and variables. An entry is NAME.KEY='VALUE'; :env: takes precedence."""
    values = {}
    for line in _pip(environment, "config", "list").splitlines():
        key, value = line.split("=", 1)
        values[key.removeprefix(":env:").rpartition(".")[2]] = value.strip("'\"").replace("\\n", " ")
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if key != "cache-dir")


def _pip(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
