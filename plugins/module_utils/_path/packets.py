# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A packet as it comes from a wire."""

from __future__ import annotations

import struct

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress

_TCP, _UDP, _ICMP, _ICMPV6 = 6, 17, 1, 58
_SYN, _WINDOW, _TTL = 0x02, 64240, 64
_ETHERNET = {4: 0x0800, 6: 0x86DD}
_ECHO = {4: 8, 6: 128}
#: The place of the checksum in each header.
_CHECKSUM_AT = {_TCP: 16, _UDP: 6, _ICMP: 2, _ICMPV6: 2}


def frame(
    protocol: str, source: IPAddress, destination: IPAddress, ports: tuple[int, int], macs: tuple[bytes, bytes]
) -> bytes:
    """The first packet of a connection, a datagram or an echo request.

    :param ports: from and to; for an echo request its identifier and anything
    :param macs: to and from
    """
    version = destination.version
    if protocol == "tcp":
        number = _TCP
        payload = struct.pack("!HHIIBBHHH", ports[0], ports[1], 1, 0, 5 << 4, _SYN, _WINDOW, 0, 0)
    elif protocol == "udp":
        number, payload = _UDP, struct.pack("!HHHH", ports[0], ports[1], 8, 0)
    else:
        number = _ICMP if version == 4 else _ICMPV6
        payload = struct.pack("!BBHHH", _ECHO[version], 0, 0, ports[0], 1)
    pseudo = source.packed + destination.packed + struct.pack("!II", len(payload), number)
    total = _checksum(payload if number == _ICMP else pseudo + payload)
    at = _CHECKSUM_AT[number]
    payload = payload[:at] + struct.pack("!H", total) + payload[at + 2 :]
    return b"".join(
        (*macs, struct.pack("!H", _ETHERNET[version]), _header(source, destination, number, payload), payload)
    )


def _header(source: IPAddress, destination: IPAddress, number: int, payload: bytes) -> bytes:
    if destination.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(payload), number, _TTL) + source.packed + destination.packed
    length = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, length, 1, 0, _TTL, number, 0) + source.packed + destination.packed
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:]


def _checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
