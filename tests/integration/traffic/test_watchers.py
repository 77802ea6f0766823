# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of this folder rely on: no watcher overlooks a packet, however late it runs."""

from __future__ import annotations

import socket

from tests.integration.traffic import agents
from tests.lab.host import Host

VOLLEY, PACKETS = 1, 40


def _seen_late() -> int:
    """How many packets a watcher tells before the last one, if it comes to look only after that was sent."""
    watcher = agents.deliveries()
    next(watcher)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        for number in range(PACKETS):
            sock.sendto(agents.marker(VOLLEY, number), ("::1", 9))
    last = agents.marker(VOLLEY, agents.LAST)
    agents.say_farewell([], last)
    seen = set()
    for data in watcher:
        assert isinstance(data, bytes)
        found = agents.MARKER.findall(data)
        if last in found:
            break
        seen.update(found)
    return len(seen)


def test_a_watcher_that_comes_late(host: Host) -> None:
    assert host.call(_seen_late) == PACKETS
