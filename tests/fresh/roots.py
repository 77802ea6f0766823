# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file systems of fresh machines: made once, kept as they are, and made again when the recipe changes."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from tests.fresh.paths import ROOTS
from tests.machines import packages, tools

#: With which somebody begins who follows the README: it has him install git and make first.
_INCLUDED = ("ca-certificates", "git", "make", "python3")
_RECIPE = f"1 {' '.join(_INCLUDED)}\n"
_APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
_SECONDS = 900


def make(suite: str) -> Path:
    """The root file system of a release."""
    ROOTS.mkdir(parents=True, exist_ok=True)
    os.chmod(ROOTS, 0o700)  # there are programs with the set-uid bit in it
    root, stamp = ROOTS / suite, ROOTS / f"{suite}.recipe"
    with (ROOTS / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != _RECIPE:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(root, ignore_errors=True)
            included = f"--include={','.join(_INCLUDED)}"
            command = [*_APART, "debootstrap", "--variant=minbase", included, suite, str(root), *packages.mirror()]
            tools.run(command, seconds=_SECONDS)
            stamp.write_text(_RECIPE, encoding="utf-8")
    return root
