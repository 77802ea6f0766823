# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long runs of the model, for the command line; see __main__.py."""

from __future__ import annotations

import argparse
import json
import re
import time
from dataclasses import asdict
from pathlib import Path

from tests.integration.model.invention import operations
from tests.integration.model.shrinking import shrunk
from tests.integration.model.story import Broken, Player
from tests.integration.model.world import Operation
from tests.lab.lab import Lab
from tests.lab.paths import REPOSITORY

_FOUND = REPOSITORY / "build/model.json"
_LENGTH = 30
_SHRINKING_SECONDS = 300


def _say(line: str) -> None:
    print(line, flush=True)


def _play(sequence: list[Operation], seconds: float) -> bool:
    """Whether everything was as the model says. Reports what was not."""
    try:
        with Lab() as lab:
            Player(lab, _say).play(sequence)
    except Broken as broken:
        _say(f"BROKEN: {broken}\nLooking for a shorter way to it, for {seconds:.0f} s at most")
        kind = _kind(str(broken))
        found = shrunk(broken.operations, lambda sequence: _kind(_what(sequence)) == kind, seconds)
        _FOUND.parent.mkdir(exist_ok=True)
        _FOUND.write_text(json.dumps([asdict(operation) for operation in found], indent=1), encoding="utf-8")
        _say("\n".join(["The shortest way found:", *map(str, found), _what(found), f"Again: --replay {_FOUND}"]))
        return False
    return True


def _kind(what: str) -> str:
    """What went wrong, without names and numbers, so that shortening does not find another fault."""
    lines = what.splitlines()[1:]
    return re.sub(r"\b\w*\d\w*\b", "N", lines[0])[:60] if lines else ""


def _what(sequence: list[Operation]) -> str:
    try:
        with Lab() as lab:
            Player(lab).play(sequence)
    except Broken as broken:
        return str(broken)
    return ""


def main(description: str) -> int:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--length", type=int, default=_LENGTH, help="operations of one sequence")
    parser.add_argument("--shrink", type=float, default=_SHRINKING_SECONDS, help="seconds for it")
    parser.add_argument("--replay", type=Path)
    given = parser.parse_args()
    if given.replay:
        told = json.loads(given.replay.read_text(encoding="utf-8"))
        return 0 if _play([Operation(**operation) for operation in told], given.shrink) else 1
    end, seed = time.monotonic() + given.seconds, given.seed
    while time.monotonic() < end:
        _say(f"=== seed {seed}")
        if not _play(list(operations(seed, given.length)), given.shrink):
            return 1
        seed += 1
    _say(f"seeds {given.seed} to {seed - 1}: all as the model says")
    return 0
