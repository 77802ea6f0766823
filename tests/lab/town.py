# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology that most tests, Molecule and the demo share.

    neighbour 192.0.2.9, 2001:db8::9 ----+---- host eth0 192.0.2.1, 2001:db8::1
                                         |
    outside 192.0.2.254, 2001:db8::fe ---+         and 198.51.100.1, 2001:db8:ff::1 of the world beyond

The neighbour uses the host as its default router, as an attacker would. The outside is the host's router and has no
route to any network behind the host: untranslated packets that arrive there get no reply.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.segment import Segment

HOST = ("192.0.2.1", "2001:db8::1")
NEIGHBOUR = ("192.0.2.9", "2001:db8::9")
ROUTER = ("192.0.2.254", "2001:db8::fe")
WORLD = ("198.51.100.1", "2001:db8:ff::1")


def _on_link(addresses: tuple[str, str]) -> list[str]:
    return [f"{addresses[0]}/24", f"{addresses[1]}/64"]


def join(lab: Lab, host: Host) -> Segment:
    """A segment that the host is on."""
    segment = lab.segment("wan")
    segment.join(host, "eth0", _on_link(HOST), ROUTER)
    return segment


def add_neighbour(segment: Segment) -> Host:
    return segment.neighbour("neighbour", _on_link(NEIGHBOUR), HOST, mac="02:00:00:00:00:09")


def add_outside(segment: Segment) -> Host:
    router = segment.neighbour("outside", _on_link(ROUTER), mac="02:00:00:00:00:fe")
    beyond = f"address add {WORLD[0]}/32 dev lo\naddress add {WORLD[1]}/128 dev lo nodad\n"
    router.run(["ip", "-batch", "-"], stdin=beyond)
    return router


@dataclass(frozen=True)
class Town:
    """The host with its neighbour and the outside."""

    host: Host
    neighbour: Host
    outside: Host


def build(lab: Lab) -> Town:
    host = lab.host("host")
    segment = join(lab, host)
    return Town(host, add_neighbour(segment), add_outside(segment))
