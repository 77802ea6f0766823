# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The identity of the machine."""

from __future__ import annotations

import pathlib


def identity() -> str:
    """The machine ID; empty if there is none.

    It keeps bridges and endpoints of the same name on a shared segment apart.
    """
    path = pathlib.Path("/etc/machine-id")
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""
