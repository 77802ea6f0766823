# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Limits that all network namespaces of a machine share.

The thresholds of the neighbour tables are read by netlink, because only the initial namespace has their files.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attributes

_GETNEIGHTBL = 66
_TABLE = struct.Struct("=B3x")
_NAME, _THRESHOLD_3 = 1, 4
_TABLES = {b"arp_cache\0": "ipv4", b"ndisc_cache\0": "ipv6"}
_BACKLOG = "net/core/netdev_max_backlog"


def read(reader: Reader) -> dict[str, t.Any]:
    """``{"neighbours": {"ipv4": 1024, ...}, "backlog": 1000}``; the backlog is None if it is not visible."""
    neighbours = {}
    for row in reader.dump(_GETNEIGHTBL, _TABLE.pack(socket.AF_UNSPEC)):
        found = attributes(row, _TABLE.size)
        if _THRESHOLD_3 in found and found.get(_NAME) in _TABLES:
            neighbours[_TABLES[found[_NAME]]] = int.from_bytes(found[_THRESHOLD_3], "little")
    backlog = sysctl.read(_BACKLOG)
    return {"neighbours": neighbours, "backlog": None if backlog is None else int(backlog)}
