# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where the kernel would send a packet, with all policy rules and tables, and which qdiscs see incoming packets.

Call this inside ``Host.run``.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attribute, attributes

_GETROUTE, _GETQDISC = 26, 38
_ROUTE = struct.Struct("=BBBBBBBBI")
_QDISC = struct.Struct("=BxxxiIII")
_U32 = struct.Struct("=I")
_DESTINATION, _OUT, _KIND = 1, 4, 1
#: Where a queueing discipline for incoming packets is attached.
_INGRESS = 0xFFFFFFF1
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_UNICAST = 1


def leaves_over(reader: Reader, address: IPAddress) -> int | None:
    """The index of the interface that the host's own packets to this address leave by; None without a route."""
    family = _FAMILIES[address.version]
    header = _ROUTE.pack(family, len(address.packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    try:
        answer = reader.ask(_GETROUTE, header + attribute(_DESTINATION, address.packed))
    except OSError:
        return None
    if _ROUTE.unpack_from(answer)[7] != _UNICAST:
        return None
    out = attributes(answer, _ROUTE.size).get(_OUT)
    return _U32.unpack_from(out)[0] if out else None


def incoming(reader: Reader) -> dict[int, str]:
    """The ingress or clsact qdisc of interfaces that have one, by index."""
    found = {}
    for row in reader.dump(_GETQDISC, _QDISC.pack(0, 0, 0, 0, 0)):
        _family, index, _handle, parent, _info = _QDISC.unpack_from(row)
        if parent != _INGRESS:
            continue
        kind = attributes(row, _QDISC.size).get(_KIND, b"").rstrip(b"\0").decode(errors="replace")
        if kind in ("ingress", "clsact"):
            found[index] = kind
    return found


def strays(reader: Reader, index: int, targets: t.Iterable[IPAddress]) -> list[IPAddress]:
    """The targets whose packets would not leave by this interface."""
    return [target for target in targets if leaves_over(reader, target) != index]
