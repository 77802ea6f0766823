# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths below build/."""

from __future__ import annotations

from tests.lab.paths import REPOSITORY

PLACE = REPOSITORY / "build" / "fresh"
#: A root file system for each release, created once and never written to again.
ROOTS = PLACE / "roots"
