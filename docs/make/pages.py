# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the generated pages in docs/ have in common."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def header() -> str:
    """The licence at the head of a page: that of this file, since REUSE has a file name its licence only once."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()[:3]
    return "\n".join(["<!--", *(line.removeprefix("# ") for line in lines), "-->"])
