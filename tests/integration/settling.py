# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits for what the kernel does by itself some time after a link goes up."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.integration.promises import assert_same
from tests.lab.host import Host

_LIFETIME = re.compile(r"valid_lft \w+ preferred_lft \w+")  # counts down every second
_FLAGS = re.compile(r"^\d+: \S+ <([\w,-]*)>", re.MULTILINE)


def settle(host: Host, *namespaces: str, quiet: float = 0.25, timeout: float = 10.0) -> None:
    """Wait until no IPv6 address is tentative, each carrier change is processed, and nothing changed for some time.

    :param quiet: the seconds without change
    """
    command = "; ".join(["ip addr", *(f"ip -n {name} addr" for name in namespaces)])
    end = time.monotonic() + timeout
    seen, since = "", time.monotonic()
    while time.monotonic() < end:
        text = _LIFETIME.sub("", host.sh(command))
        if _lags(text):
            _catch_up(host, namespaces)
        if text != seen:
            seen, since = text, time.monotonic()
        elif "tentative" not in text and not _lags(text) and time.monotonic() - since >= quiet:
            return
        time.sleep(0.05)
    raise AssertionError(f"addresses do not settle: {seen}")


def _catch_up(host: Host, namespaces: tuple[str, ...]) -> None:
    """Look at each link by name, which makes the kernel catch up (Linux 6.8); see Segment.catch_up."""
    look = 'for link in $(ip $0 -o link | cut -d" " -f2 | tr -d : | cut -d@ -f1); do echo link show dev $link; done'
    for where in ("", *(f"-n {name}" for name in namespaces)):
        host.sh(f"{look.replace('$0', where)} | ip {where} -force -batch - >/dev/null 2>&1 || true")


def _lags(text: str) -> bool:
    """Whether the kernel has not yet propagated a carrier change, for which it takes its time."""
    flags = [match.split(",") for match in _FLAGS.findall(text)]
    return any("UP" in link and ("LOWER_UP" in link) is ("NO-CARRIER" in link) for link in flags)


def converge_settled(host: Host, options: dict[str, Any], *namespaces: str, changed: bool = True) -> dict[str, Any]:
    """The promises of module interface, checked after the kernel has done what follows from a link going up.

    Check mode changes nothing and predicts `changed` and `diff` exactly; the second run finds nothing to do and does
    nothing. Returns the result of the real run.
    """
    settle(host, *namespaces)
    before = host.dump(counters=True)
    foretold = host.module("interface", options, check=True)
    assert_same(before, host.dump(counters=True), "check mode changed something")
    done = host.module("interface", options)
    assert done["changed"] is changed
    assert (foretold["changed"], foretold["diff"]) == (done["changed"], done["diff"]), (
        "check mode foretold something else"
    )
    settle(host, *namespaces)
    after = host.dump(counters=True)
    again = host.module("interface", options)
    assert (again["changed"], again["diff"]) == (False, []), "the second run found something to do"
    assert_same(after, host.dump(counters=True), "the second run changed something")
    return done
