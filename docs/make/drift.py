# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/drift.md, made out of what test_breakages.py does: python -m docs.make drift"""

from __future__ import annotations

from docs.make.pages import header
from tests.integration.breakages import BREAKAGES, Breakage
from tests.lab.paths import REPOSITORY

PAGE = REPOSITORY / "docs/drift.md"
COMMAND = "python -m docs.make drift"
INTRODUCTION = f"""{header()}

# What a run does about changes by hand

A test runs each of these commands on a host whose network `br-shop` has the endpoints `web` and `db`, with IPv4, IPv6
and a published port. `$END` is the host's end of `web`.

- **repaired**: the next run reverts it, check mode predicts that, everything is reachable again, and the run after that
  finds nothing to do.
- **warned**: it may be intended and is left as it is, and each run warns about it and names the interface.
- **harmless**: everything stays reachable, and a run changes nothing.

An XDP program on the bridge or inside an endpoint is warned about as well.

[flush.md](flush.md) covers changes to firewall rules.
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


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")
