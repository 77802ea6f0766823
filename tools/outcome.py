# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of a part of the checks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """notes: what ran, or why something did not. failures: one line per failure."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0

    def line(self, name: str) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        counts = f"{self.passed} passed, {self.failed} failed{skipped}"
        return f"{name:12} {counts:36} {self.seconds:4.0f} s   {', '.join(self.notes)}".rstrip()
