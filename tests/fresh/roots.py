# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file systems of fresh machines: created once, kept unchanged, and created again when the recipe changes."""

from __future__ import annotations

from pathlib import Path

from tests.fresh.paths import ROOTS
from tests.machines import kept

#: What users have who follow the README: it tells them to install git and make first.
_INCLUDED = ("ca-certificates", "git", "make", "python3")
_RECIPE = f"1 {' '.join(_INCLUDED)}\n"


def make(suite: str) -> Path:
    """The root file system of a release."""
    return kept.keep(ROOTS, suite, _RECIPE, lambda root: kept.debootstrap(suite, root, _INCLUDED))
