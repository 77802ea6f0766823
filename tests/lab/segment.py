# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`Segment`: an Ethernet segment of the lab, with hosts for tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import segment

if TYPE_CHECKING:
    from tests.lab.host import Host
    from tests.lab.lab import Lab


class Segment(segment.Segment):
    """Created by `Lab.segment`."""

    def __init__(self, lab: Lab, name: str, number: int, mtu: int) -> None:
        super().__init__(lab, name, number, mtu)
        self._hosts = lab

    def neighbour(self, name: str, addresses: Iterable[str] = (), gateways: Iterable[str] = (), mac: str = "") -> Host:
        """A new host with its eth0 on this segment: a client, a router, an attacker."""
        host = self._hosts.host(name)
        self.join(host, "eth0", addresses, gateways, mac)
        return host
