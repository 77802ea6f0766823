# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module promises, as steps of a test."""

from __future__ import annotations

from typing import Any

from tests.lab.dumps import Dump
from tests.lab.host import Host

Options = dict[str, Any]


def assert_same(before: Dump, after: Dump, otherwise: str) -> None:
    """Fail if two dumps differ, and show how."""
    changes = before.changes_to(after)
    assert not changes, f"{otherwise}: {changes}"


def converge(host: Host, module: str, options: Options, changed: bool = True) -> dict[str, Any]:
    """Run a module in check mode, for real, and once more.

    Check mode changes nothing and predicts `changed` and `diff` exactly; the second run finds nothing to do and does
    nothing. Returns the result of the real run.
    """
    done, _after = _converge(host, module, options, changed, host.dump(counters=True))
    return done


def _converge(host: Host, module: str, options: Options, changed: bool, before: Dump) -> tuple[dict[str, Any], Dump]:
    foretold = host.module(module, options, check=True)
    assert_same(before, host.dump(counters=True), "check mode changed something")
    done = host.module(module, options)
    assert done["changed"] is changed
    assert (foretold["changed"], foretold["diff"]) == (done["changed"], done["diff"]), (
        "check mode foretold something else"
    )
    after = host.dump(counters=True)
    again = host.module(module, options)
    assert (again["changed"], again["diff"]) == (False, []), "the second run found something to do"
    assert_same(after, host.dump(counters=True), "the second run changed something")
    return done, after


def repairs(host: Host, module: str, options: Options, damage: str, netns: str | None = None) -> dict[str, Any]:
    """Break something with a shell command, and check that the module repairs that and touches nothing else."""
    healthy = host.dump(counters=True)
    (host.inside(netns) if netns else host).sh(damage)
    damaged = host.dump(counters=True)
    assert healthy.changes_to(damaged) != [], "the damage did nothing"
    done, repaired = _converge(host, module, options, True, damaged)
    assert_same(healthy, repaired, "not repaired, or more than that")
    return done


def refused(host: Host, module: str, options: Options, sentence: str) -> None:
    """Check that the module fails with one clear sentence, in both modes, and changes nothing."""
    before = host.dump(counters=True)
    for check in (True, False):
        message = host.module(module, options, check=check, fails=True)["msg"]
        assert sentence in message
        assert "Traceback" not in message
        assert "\n" not in message
    assert_same(before, host.dump(counters=True), "a refused want changed something")


def warnings_of(result: dict[str, Any]) -> list[str]:
    """The texts of a module's warnings, which newer versions of ansible-core return as objects."""
    return [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", ())]
