# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules of ``ip rule`` that choose a table by destination alone. Call this inside ``Host.run``."""

from __future__ import annotations

import ipaddress
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attributes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import table_name

_GETRULE = 34
_HEADER = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_FAMILIES: dict[int, str] = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_TO_TABLE, _INVERTED = 1, 2
_TO, _PRIORITY, _MARK, _SUPPRESSED, _TABLE = 1, 6, 10, 14, 15
#: Source, interfaces, tunnel ID, l3mdev, UID range, protocol, ports and DSCP.
_OTHERS = (2, 3, 12, 17, 19, 20, 22, 23, 24, 25)


def read(reader: Reader) -> list[dict[str, t.Any]]:
    """The rules in the kernel's order, each with ``ip_version``, ``priority``, ``to``, ``table`` and ``suppressed``.

    ``suppressed`` is suppress_prefixlength: routes in the table up to this prefix length do not count.
    """
    try:
        rows = reader.dump(_GETRULE, _HEADER.pack(0, 0, 0, 0, 0, 0, 0, 0, 0))
    except OSError:
        # A kernel without policy routing.
        return []
    found = []
    for row in rows:
        family, length, _source, service, _table, _one, _two, action, flags = _HEADER.unpack_from(row)
        told = attributes(row, _HEADER.size)
        # Nearly all packets have no mark.
        marked = _MARK in told and not flags & _INVERTED
        inverted = flags & _INVERTED and _TO in told
        if family not in _FAMILIES or action != _TO_TABLE or _TABLE not in told:
            continue
        if service or marked or inverted or any(kind in told for kind in _OTHERS):
            continue
        suppressed = _number(told.get(_SUPPRESSED, b"\xff\xff\xff\xff"))
        found.append(
            {
                "ip_version": _FAMILIES[family],
                "priority": _number(told.get(_PRIORITY, b"\0\0\0\0")),
                "to": f"{ipaddress.ip_address(told[_TO])}/{length}" if _TO in told else None,
                "table": table_name(_number(told[_TABLE])),
                "suppressed": None if suppressed == 0xFFFFFFFF else suppressed,
            }
        )
    return sorted(found, key=lambda rule: int(rule["priority"]))


def _number(value: bytes) -> int:
    return int(_U32.unpack(value)[0])
