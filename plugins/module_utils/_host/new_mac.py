# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Sets the MAC address of an interface. Called inside ``Host.run``; OSError if the kernel refuses."""

from __future__ import annotations

import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, link_changes, stack_changes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer


def give(writer: Writer, index: int, mac_address: str) -> None:
    """Set the MAC address, even to the current one.

    The kernel then flushes all neighbour entries of the interface; permanent ones are restored.
    """
    kept = [one for one in dumps.neighbours(writer) if one.index == index and one.state == "permanent"]
    link_changes.set_values(writer, index, {"mac_address": mac_address})
    for one in kept:
        if one.mac_address:
            stack_changes.put_neighbour(writer, index, ipaddress.ip_address(one.address), one.mac_address)
