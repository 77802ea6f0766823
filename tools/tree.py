# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work tree as it would be committed now: all files that are not ignored, including uncommitted ones."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def names() -> list[str]:
    """The paths of its files."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in found if name and (REPOSITORY / name).exists()]  # one can be deleted and not committed


def copy(place: Path) -> Path:
    """Make `place` a git repository with a copy of it."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in names():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet"], cwd=place, check=True)
    subprocess.run(["git", "add", "--all"], cwd=place, check=True)
    return place
