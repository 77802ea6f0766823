# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The identity of the machine."""

from __future__ import annotations

import pathlib


def identity() -> str:
    """The machine's ID, which distinguishes its bridges and endpoints from those of the same name elsewhere on a shared
    segment; empty if it has none."""
    path = pathlib.Path("/etc/machine-id")
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""
