# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/drift.md out of what test_breakages.py does: python -m tests.integration.breakages_page"""

from __future__ import annotations

from tests.integration.breakages import BREAKAGES, Breakage
from tests.lab.paths import REPOSITORY

PAGE = REPOSITORY / "docs/drift.md"
COMMAND = "python -m tests.integration.breakages_page"
INTRODUCTION = """<!--
Copyright (c) 2026, the netplumb.linuxnet authors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# What is broken by hand, and what the next run makes of it

Each of these commands is run by a test on a host whose network `br-shop` has the endpoints `web` and `db`, in both
families, with a published port. `$END` is the host's end of `web`.

- **repaired**: the next run changes it back, check mode says so before, everything is reached again, and the run after
  that finds nothing to do.
- **warned**: it is somebody's choice, which is left as it is, and each run tells of it in words that name the
  interface.
- **harmless**: everything is reached all the same, and a run changes nothing.

What is broken about the rules of the firewall is on a page of its own, [flush.md](flush.md).
"""


def _row(one: Breakage) -> str:
    command = one.command.replace("|", "\\|")
    told = f": {one.says}" if one.says else ""
    return f"| {'in `web`' if one.inside else 'host'} | `{command}` | {one.verdict}{told} |"


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for heading, group in BREAKAGES.items():
        rows = "\n".join(map(_row, group))
        parts.append(f"## {heading}\n\n| where | what | verdict |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
