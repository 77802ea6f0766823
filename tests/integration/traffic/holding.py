# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what holds and what works on a besieged host whose rules were tampered with, for a table of docs/flush.md."""

from __future__ import annotations

import os
from collections.abc import Mapping

from docs.make import flush
from tests.integration.traffic import agents, wanted
from tests.integration.traffic.attacks import ATTACKS, Attack
from tests.integration.traffic.siege import Siege
from tests.integration.traffic.volley import fire

UPDATE = "UPDATE_DOCUMENTS"


def found(siege: Siege) -> dict[str, str]:
    """By row of such a table, what holds now and what works."""
    return {**_held(siege), **_works(siege)}


def tells(name: str, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Assert that the page says so; UPDATE_DOCUMENTS=1 in the environment rewrites it."""
    if os.environ.get(UPDATE):
        flush.PAGE.write_text(flush.page(name, columns), encoding="utf-8")
    assert flush.PAGE.read_text(encoding="utf-8") == flush.page(name, columns)


def _held(siege: Siege) -> dict[str, str]:
    """Whether the attacks fail, by group."""
    siege.refresh()
    won = fire(siege, ATTACKS)
    # On a busy machine a packet may be seen too late to be counted, so those that failed are tried again.
    won += fire(siege, [attack for attack in ATTACKS if attack not in won])
    return {group: _share([a for a in ATTACKS if a.group == group], won) for group in _groups()}


def _groups() -> list[str]:
    return list(dict.fromkeys(attack.group for attack in ATTACKS))


def _share(attacks: list[Attack], won: list[Attack]) -> str:
    count = sum(attack in won for attack in attacks)
    return "holds" if not count else f"**{count} of {len(attacks)}** get through"


def _works(siege: Siege) -> dict[str, str]:
    kinds = {"published ports": wanted.published(), "out, to neighbours and from the host": wanted.others()}
    told = {}
    # By a port that was used before, a connection could still be translated as it was then.
    siege.host.call(agents.forget_flows)
    for kind, paths in kinds.items():
        listed = list(paths)
        lost = wanted.found(siege, listed, patience=1.5)
        # On a busy machine an answer may be late, so only what is lost twice counts.
        lost = lost and wanted.found(siege, [path for path in listed if str(path) in lost], patience=3)
        told[kind] = f"**{len(lost)}** are lost or changed" if lost else "work"
    return told
