# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make fresh`: the README's first commands on machines without anything else, as root and as an ordinary user."""

from __future__ import annotations

import os
import re

from tests.fresh import visit
from tests.machines.errors import Missing, Stuck
from tools.outcome import Outcome

#: Everything as root; as an ordinary user a short version that starts every kind of test.
VISITS = (("bookworm", "root", ("demo", "test", "ALL=--all")), ("trixie", "user", ("demo", "test", "CUT=--cut")))
_COUNTS = re.compile(r"(\d+) skipped; [^\n]*\n(\d+) passed, (\d+) failed\n$")


def run() -> Outcome:
    """Count each test on each machine, and check what is left on the machines."""
    total = Outcome()
    for suite, user, targets in VISITS:
        name = f"{suite} as {user}"
        try:
            code, summary = visit.make(suite, user, targets)
        except Missing as error:
            # As for the machines: in continuous integration a skip rather than a failure.
            forced = "CI" in os.environ
            return Outcome(failed=not forced, skipped=forced, notes=[str(error)])
        except Stuck as error:
            code, summary = 1, ""
            total.failures.append(f"{name}: {error}")
        add(total, name, code, summary)
        print(summary, end="", flush=True)
    return total


def add(total: Outcome, name: str, code: int, summary: str) -> None:
    """Add the exit code and the summary of `make` on one machine."""
    counts = _COUNTS.search(summary)
    skipped, passed, failed = map(int, counts.groups()) if counts else (0, 0, 0)
    failed = failed or int(bool(code))
    total.skipped += skipped
    total.passed += passed
    total.failed += failed
    total.notes.append(f"{name}: {passed} passed, {failed} failed")
    failures = [line.removeprefix("failed: ") for line in summary.splitlines() if line.startswith("failed: ")]
    if code:
        total.failures += [f"{name}: {failure}" for failure in failures or [f"ended with {code}"]]
