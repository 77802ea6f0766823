# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the shortest sequence of operations that still breaks something."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator

from tests.integration.model.world import Operation

#: Options that every endpoint has.
_NEEDED = ("namespace", "interface", "default_route")

Operations = list[Operation]


def shrunk(operations: Operations, breaks: Callable[[Operations], bool], seconds: float) -> Operations:
    """Leave out and simplify operations, as long as the rest breaks and there is time."""
    end = time.monotonic() + seconds
    progress = True
    while progress:
        progress = False
        for candidate in _simpler(operations):
            if time.monotonic() > end:
                return operations
            if breaks(candidate):
                operations, progress = candidate, True
                break
    return operations


def _simpler(operations: Operations) -> Iterator[Operations]:
    """Candidates, starting with those that leave out most."""
    size = len(operations) // 2
    while size:
        for start in range(0, len(operations) - 1, size):
            yield operations[:start] + operations[start + size :]
        size //= 2
    for number, operation in enumerate(operations):
        for simpler in _without_a_part(operation):
            yield [*operations[:number], simpler, *operations[number + 1 :]]


def _without_a_part(operation: Operation) -> Iterator[Operation]:
    """The operation without one endpoint, one option of an endpoint, or one option of the network."""
    variables, endpoints = operation.variables, operation.variables.get("endpoints", [])
    candidates = [{**variables, "endpoints": endpoints[:at] + endpoints[at + 1 :]} for at in range(len(endpoints))]
    for at, endpoint in enumerate(endpoints):
        for option in endpoint:
            if option not in _NEEDED:
                less = {key: value for key, value in endpoint.items() if key != option}
                candidates.append({**variables, "endpoints": [*endpoints[:at], less, *endpoints[at + 1 :]]})
    for option in variables:
        if option not in ("name", "ipam_config", "firewall", "endpoints"):
            candidates.append({key: value for key, value in variables.items() if key != option})
    for candidate in candidates:
        yield dataclasses.replace(operation, variables=candidate)
