# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the collection with many combinations of versions: python -m tools.matrix [--short] [--write] [--keep] [ROW ...]

tools/versions.py defines the combinations and the tests for each, with the reasons. What this machine does not have
appears in the table as not run, with the reason. build/matrix/ keeps the virtual environments, the table, and the test
log of each combination.

--short  only the diagonals; the table shows what was left out
--write  write docs/versions.md with the table
--keep   skip what an earlier run of the same code has tested, so that a run can be completed later
ROW      only combinations whose names contain this
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from docs.make.pages import header
from tests.lab.paths import link_collection
from tools import environments, versions
from tools.check import environment
from tools.environments import PLACE, Missing
from tools.versions import REPOSITORY, Row

PAGE = REPOSITORY / "docs" / "versions.md"
_LEFT_OUT = "left out of the short run"
_LEFT_TO_OTHERS = "left to `make test ALL=--all`, which runs all tests"
_NOT_ASKED = "not asked for"
#: They test the checks, regardless of versions.
_IGNORED = ("--ignore=tests/unit/checks",)
_SECONDS = 3600


@dataclass(frozen=True)
class Result:
    """The outcome of a combination's tests, or why they did not run. core: the full version of ansible-core."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    core: str = ""
    reason: str = ""

    def text(self) -> str:
        if self.reason:
            return f"not run: {self.reason}"
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def try_out(row: Row, keep: bool) -> Result:
    """Run a combination's tests in one process."""
    try:
        controller, target = environments.controller(row), environments.target(row)
    except Missing as missing:
        return Result(reason=str(missing))
    kept = PLACE / "rows" / f"{row.name}.json"
    code = _code(row)
    if keep and kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found.pop("code") == code:
            return Result(**found)
    result = _run(row, controller, target)
    kept.write_text(json.dumps({**asdict(result), "code": code}), encoding="utf-8")
    return result


def _run(row: Row, controller: Path, target: Path) -> Result:
    report, log = (PLACE / "rows" / f"{row.name}.{kind}" for kind in ("xml", "log"))
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    chosen = {"LAB_TARGET_PYTHON": str(target), "LAB_IPTABLES": row.backend}
    command = [str(controller), "-m", "pytest", "-p", "no:cacheprovider", "--quiet", f"--junit-xml={report}"]
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        try:
            code = subprocess.run(
                [*command, *_IGNORED, *row.files],
                cwd=REPOSITORY,
                env=environment() | chosen,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_SECONDS,
            ).returncode
        except subprocess.TimeoutExpired:
            code = 1
    seconds = time.monotonic() - start
    core = environments.version(controller, "ansible-core")
    if not report.exists():
        return Result(failed=1, seconds=seconds, core=core)
    suite = ET.parse(report).getroot()[0]
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return Result(total - failed - skipped, failed or int(bool(code)), skipped, seconds, core)


def _code(row: Row) -> str:
    """A hash of everything that a combination's result depends on."""
    text = hashlib.sha256(repr(row).encode())
    for part in ("plugins", "roles", "playbooks", "tests/lab", *row.files):
        for path in sorted((REPOSITORY / part).rglob("*.*")) or [REPOSITORY / part]:
            if path.suffix in (".py", ".yml"):
                text.update(path.read_bytes())
    return text.hexdigest()


def run(choose: Callable[[Row], str], keep: bool = False) -> dict[Row, Result]:
    """Run all combinations, one per CPU at a time. choose: returns why a combination is not to run, or nothing."""
    link_collection()
    (PLACE / "rows").mkdir(parents=True, exist_ok=True)

    def one(row: Row) -> Result:
        reason = choose(row)
        result = Result(reason=reason) if reason else try_out(row, keep)
        if not reason:
            print(f"{row.name:52} {result.text()}, {result.seconds:.0f} s", flush=True)
        return result

    rows = versions.rows()
    _make_environments([row for row in rows if not choose(row)])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(rows, pool.map(one, rows), strict=True))


def _make_environments(rows: Iterable[Row]) -> None:
    """Create each environment once, before several combinations need it."""
    wanted: dict[tuple[str, ...], Callable[[], Path]] = {}
    for row in rows:
        wanted["controller", row.core, row.controller_python] = functools.partial(environments.controller, row)
        wanted["target", row.pyroute2, row.target_python] = functools.partial(environments.target, row)

    def one(make: Callable[[], Path]) -> None:
        with contextlib.suppress(Missing):  # said again where the combination's turn comes
            make()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, wanted.values()))


_HEAD = ("axis", "ansible-core", "on Python", "host's Python", "pyroute2", "iptables", "tests")


def table(results: dict[Row, Result]) -> list[str]:
    """The table in Markdown, with aligned columns."""
    lines = [_HEAD]
    for row, result in results.items():
        core = result.core or row.core
        lines.append(
            (row.axis, core, row.controller_python, row.target_python, row.pyroute2, row.backend, result.text())
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in (lines[0], rule, *lines[1:])
    ]


def summary(results: dict[Row, Result], seconds: float) -> str:
    ran = [result for result in results.values() if not result.reason]
    passed, failed, skipped = (sum(getattr(result, what) for result in ran) for what in ("passed", "failed", "skipped"))
    told = f"{len(ran)} of {len(results)} combinations, {skipped} tests skipped, {seconds:.0f} s"
    return f"{told} on {os.cpu_count()} processors\n{passed} passed, {failed} failed\n"


_PAGE = """{header}

# Tested versions

Each row is a combination of what the controller has and what the host has, with the tests that ran on it: in every one
a network is built by plays, used, found in order and removed, and the examples of all modules run; beside these, what
depends on what the row varies. The first row is what `make test ALL=--all` runs, there with all tests. Why these
combinations and these tests stands in [tools/versions.py].

{table}

On {machine}. A test is skipped where the kernel lacks what it needs.

This page is made by `make test-matrix MATRIX=--write`.

[tools/versions.py]: https://github.com/netplumb/netplumb.linuxnet/blob/main/tools/versions.py
"""


def machine() -> str:
    """The versions of this machine, which are the same for all rows."""
    command = ["iptables", "--version"]
    told = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout
    release = ".".join(platform.release().split("-")[0].split(".")[:2])
    return f"Linux {release} with iptables {told.split()[1].removeprefix('v')}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.matrix", description="See the text in the file.")
    for name in ("--short", "--write", "--keep"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("row", nargs="*")
    options = parser.parse_args()

    def choose(row: Row) -> str:
        if options.short and row not in versions.diagonals():
            return _LEFT_TO_OTHERS if row == versions.default() else _LEFT_OUT
        return "" if not options.row or any(part in row.name for part in options.row) else _NOT_ASKED

    start = time.monotonic()
    results = run(choose, options.keep)
    lines = "\n".join(table(results))
    told = summary(results, time.monotonic() - start)
    (PLACE / "table.txt").write_text(lines + "\n", encoding="utf-8")
    (PLACE / "summary.txt").write_text(told, encoding="utf-8")
    if options.write:
        PAGE.write_text(_PAGE.format(header=header(), table=lines, machine=machine()), encoding="utf-8")
    for row, result in results.items():
        if result.failed:
            print((PLACE / "rows" / f"{row.name}.log").read_text(encoding="utf-8")[-5000:], flush=True)
    print(f"\n{lines}\n{told}", end="", flush=True)
    return int(any(result.failed for result in results.values()))


if __name__ == "__main__":
    sys.exit(main())
