# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Static MAC addresses behind the ports of a bridge. Call this inside ``Host.run``.

A static entry does not age, and a sticky one does not move to another port that uses the address. With iproute2:
``bridge fdb replace MAC dev PORT master static sticky``.
"""

from __future__ import annotations

import struct

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    Writer,
    attribute,
    attributes,
)

_NEWNEIGH, _DELNEIGH, _GETNEIGH = 28, 29, 30
_CREATE_OR_REPLACE = 0x500
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_LINK = struct.Struct("=BxHiII")
_U32 = struct.Struct("=I")
_AF_BRIDGE = 7
_LLADDR, _VLAN, _MASTER, _LINK_MASTER = 2, 5, 9, 10
_STATIC = 0x40
_OF_MASTER, _STICKY = 0x04, 0x40


class Entry(Value):
    """A MAC address behind a port. One that was added by hand may not be sticky."""

    mac_address: str
    sticky: bool = True


def read(reader: Reader, bridge: int) -> dict[int, frozenset[Entry]]:
    """The static entries of a bridge, by the index of their port."""
    found: dict[int, set[Entry]] = {}
    request = _LINK.pack(_AF_BRIDGE, 0, 0, 0, 0) + attribute(_LINK_MASTER, _U32.pack(bridge))
    for row in reader.dump(_GETNEIGH, request):
        _family, port, state, flags, _kind = _NEIGHBOUR.unpack_from(row)
        if state != _STATIC:
            continue
        values = attributes(row, _NEIGHBOUR.size)
        # With VLAN filtering, there is one per VLAN in addition to the one without.
        if _MASTER in values and _VLAN not in values and _U32.unpack(values[_MASTER])[0] == bridge:
            found.setdefault(port, set()).add(Entry(values[_LLADDR].hex(":"), bool(flags & _STICKY)))
    return {port: frozenset(entries) for port, entries in found.items()}


def put(writer: Writer, port: int, mac_address: str) -> None:
    """Add the address to the port, and remove it from any other."""
    body = _NEIGHBOUR.pack(_AF_BRIDGE, port, _STATIC, _OF_MASTER | _STICKY, 0) + _address(mac_address)
    writer.change(_NEWNEIGH, body, _CREATE_OR_REPLACE)


def delete(writer: Writer, port: int, mac_address: str) -> None:
    """Delete the entry."""
    writer.change(_DELNEIGH, _NEIGHBOUR.pack(_AF_BRIDGE, port, 0, _OF_MASTER, 0) + _address(mac_address))


def _address(text: str) -> bytes:
    return attribute(_LLADDR, bytes.fromhex(text.replace(":", "")))
