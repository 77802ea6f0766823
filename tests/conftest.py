# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests on lab hosts, and the rule that nothing is skipped silently."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.lab import machine, town
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.paths import link_collection
from tests.lab.segment import Segment

_FORCED = "machine: "

link_collection()


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An empty lab."""
    with Lab() as new:
        yield new


@pytest.fixture
def host(lab: Lab) -> Host:
    """A host named "host" with nothing but `lo`."""
    return lab.host("host")


@pytest.fixture
def wan(lab: Lab, host: Host) -> Segment:
    """The segment to which the host's eth0 is joined, 192.0.2.1/24 and 2001:db8::1/64 (see town.py)."""
    return town.join(lab, host)


@pytest.fixture
def neighbour(wan: Segment) -> Host:
    """Another host on the segment, 192.0.2.9 and 2001:db8::9, whose default router is `host`."""
    return town.add_neighbour(wan)


@pytest.fixture
def outside(wan: Segment) -> Host:
    """The host's router, 192.0.2.254 and 2001:db8::fe, which also has 198.51.100.1 and 2001:db8:ff::1."""
    return town.add_outside(wan)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--one-case",
        metavar="FILE",
        help="run one case of each test, but no long ones, and write the number of those left out to this file",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select one case of each test: always the same, but not the first of all, which would miss some kinds."""
    told = config.getoption("one_case")
    if told:
        chosen = one_case(items)
        Path(told).write_text(str(len(items) - len(chosen)), encoding="utf-8")
        items[:] = chosen


def one_case(items: list[pytest.Item]) -> list[pytest.Item]:
    """One of the items that are the same test with different parameters, leaving out those marked as long."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("long"):
            continue
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return [several[zlib.crc32(test.encode()) % len(several)] for test, several in cases.items()]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "long: left out where one case of each test is run; other tests of the file do much of it"
    )
    config.addinivalue_line("markers", "needs(name): skipped on a machine without this (tests/lab/machine.py)")


class _OneByOne(LoadScopeScheduling):  # type: ignore[misc]  # xdist is not typed
    """Gives each worker another test when it is free. Consecutive tests of a group stay together and come first."""

    def _split_scope(self, nodeid: str) -> str:
        file, _colons, _test = nodeid.partition("::")
        return file if file.endswith(("test_story.py", "test_fleet.py")) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return _OneByOne(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        if reason := machine.lacks(marker.args[0]):
            pytest.skip(_FORCED + reason)


def _skips(config: pytest.Config) -> dict[str, str]:
    """The skipped tests with their reasons."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    return {report.nodeid: str(report.longrepr[-1]).removeprefix("Skipped: ") for report in reports}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In continuous integration (CI=true), a skip for any other reason than the machine's limits is a failure."""
    unforced = [reason for reason in _skips(session.config).values() if not reason.startswith(_FORCED)]
    if unforced and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    passed = terminalreporter.stats.get("passed", [])
    if measured := [f"{name}: {value}" for report in passed for name, value in report.user_properties]:
        terminalreporter.section("measured")
        for line in measured:
            terminalreporter.line(line)
    if skips := _skips(config):
        terminalreporter.section("skipped")
        for test, reason in sorted(skips.items()):
            terminalreporter.line(f"{test}: {reason}")
