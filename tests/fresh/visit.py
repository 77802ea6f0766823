# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `make` on a fresh machine, and checks what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fresh import roots, settings
from tests.fresh.paths import PLACE
from tests.lab.paths import REPOSITORY
from tests.machines import tools
from tests.machines.errors import Stuck
from tools import tree

_HERE = Path(__file__).parent
#: The checkout on a fresh machine. Not in the home directory, so that anything that appears there is a fault.
CHECKOUT = "/srv/netplumb.linuxnet"
_APART = (
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--mount",
    "--pid",
    "--uts",
    "--ipc",
    "--cgroup",
    "--fork",
    "--kill-child",
)
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def make(suite: str, user: str, targets: Sequence[str]) -> tuple[int, str]:
    """`make TARGETS` as root or as an ordinary user. Returns its exit code and its summary."""
    tools.provide()
    root = roots.make(suite)
    place = PLACE / f"{suite}-{user}"
    _clear(place)
    upper = place / "upper"
    copy = upper / CHECKOUT.lstrip("/")
    (place / "work").mkdir(parents=True)
    tree.copy(copy)
    shutil.copy(_HERE / "visitor.sh", upper / "visitor.sh")
    want = {
        "root": str(root),
        "upper": str(upper),
        "work": str(place / "work"),
        "files": settings.files(),
        "shown": settings.shown(),
        "argv": ["/bin/sh", "/visitor.sh", user, packages(), CHECKOUT, *targets],
        "environment": {**_ENVIRONMENT, **settings.environment(), **_told()},
    }
    try:
        command = [*_APART, sys.executable, "-m", "tests.fresh.room"]
        code = subprocess.run(command, input=json.dumps(want), text=True, cwd=REPOSITORY, check=False).returncode
        summary = copy / "build/summary.txt"
        return code, summary.read_text(encoding="utf-8") if summary.exists() else ""
    finally:
        _clear(place)


def _told() -> dict[str, str]:
    return {name: os.environ[name] for name in ("CI", "TERM") if name in os.environ}


def packages() -> str:
    """The packages that the README tells users to install."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^# apt-get install (.*\bmake\b.*)$", text, re.MULTILINE)
    if found is None:
        raise Stuck("README.md does not say by a line `# apt-get install ...` what is needed first")
    return found.group(1)


def _clear(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)
