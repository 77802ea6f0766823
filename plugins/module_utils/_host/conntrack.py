# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Ends tracked connections over netlink, without the conntrack tool. Call this inside ``Host.run``."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import Chosen, Flow

_NETLINK_NETFILTER = 12
_GET, _DELETE = 0x0101, 0x0102  # subsystem 1, connections
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_NESTED, _TYPE = 0x8000, 0x3FFF

_TUPLE_ORIG, _TUPLE_REPLY, _ID, _ZONE = 1, 2, 12, 18
_TUPLE_IP, _TUPLE_PROTO = 1, 2
_PROTO_NUMBER, _PROTO_SOURCE_PORT, _PROTO_DESTINATION_PORT = 1, 2, 3
#: Types of source and destination address by family.
_IP: dict[int, tuple[int, int]] = {socket.AF_INET: (1, 2), socket.AF_INET6: (3, 4)}
_FAMILY = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}

Attributes = dict[int, bytes]


def end(family: str, chosen: t.Sequence[Chosen]) -> int:
    """End the connections that any of ``chosen`` matches. Returns their number; OSError if the kernel refuses."""
    return _end(_FAMILY[family], chosen, _own_addresses(family))


def _end(family: int, chosen: t.Sequence[Chosen], local: t.Container[IPAddress]) -> int:
    with contextlib.closing(
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER)
    ) as link:
        link.bind((0, 0))
        # Deleting during the dump makes it skip entries, so read it to the end first.
        doomed = [entry for flow, entry in list(_dump(link, family)) if any(choose(flow, local) for choose in chosen)]
        return sum(_delete(link, family, entry) for entry in doomed)


def _message(kind: int, flags: int, family: int, body: bytes = b"") -> bytes:
    """A netlink message with the header of netfilter: family, version 0, resource 0."""
    return struct.pack("=IHHIIBBH", 20 + len(body), kind, _REQUEST | flags, 1, 0, family, 0, 0) + body


def _answers(link: socket.socket) -> t.Iterator[tuple[int, bytes]]:
    """The messages of the reply, as type and payload."""
    while True:
        data = link.recv(1 << 20)
        offset = 0
        while offset + 16 <= len(data):
            length, kind = struct.unpack_from("=IH", data, offset)
            body = data[offset + 16 : offset + length]
            if kind == _ERROR:
                code = -struct.unpack_from("=i", body)[0]
                if code:
                    raise OSError(code, os.strerror(code))
                return
            if kind == _DONE:
                return
            yield kind, body
            offset += (length + 3) & ~3


def _dump(link: socket.socket, family: int) -> t.Iterator[tuple[Flow, Attributes]]:
    link.send(_message(_GET, _DUMP, family))
    for _kind, body in _answers(link):
        entry = _attributes(body[4:])
        flow = _flow(family, entry)
        if flow:
            yield flow, entry


def _delete(link: socket.socket, family: int, entry: Attributes) -> int:
    """Delete the connection by tuple and ID, so that a new one with the same tuple is not hit. Returns 0 or 1."""
    body = b"".join(
        _attribute(kind | (_NESTED if kind == _TUPLE_ORIG else 0), entry[kind])
        for kind in (_TUPLE_ORIG, _ID, _ZONE)
        if kind in entry
    )
    link.send(_message(_DELETE, _ACK, family, body))
    try:
        list(_answers(link))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return 0
        raise
    return 1


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _attributes(data: bytes) -> Attributes:
    found: Attributes = {}
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4:
            break
        found[kind & _TYPE] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def _flow(family: int, entry: Attributes) -> Flow | None:
    if _TUPLE_ORIG not in entry or _TUPLE_REPLY not in entry:
        return None
    begun, answered = _tuple(family, entry[_TUPLE_ORIG]), _tuple(family, entry[_TUPLE_REPLY])
    return Flow(*begun, *answered[1:])


def _tuple(family: int, data: bytes) -> tuple[int, IPAddress, IPAddress, int, int]:
    """Protocol, source and destination address, source and destination port of one direction."""
    parts = _attributes(data)
    addresses, protocol = _attributes(parts[_TUPLE_IP]), _attributes(parts[_TUPLE_PROTO])
    source, destination = _IP[family]
    return (
        protocol[_PROTO_NUMBER][0],
        ipaddress.ip_address(addresses[source]),
        ipaddress.ip_address(addresses[destination]),
        int.from_bytes(protocol.get(_PROTO_SOURCE_PORT, b""), "big"),
        int.from_bytes(protocol.get(_PROTO_DESTINATION_PORT, b""), "big"),
    )


def _own_addresses(family: str) -> frozenset[IPAddress]:
    """The addresses in the calling thread's namespace."""
    return frozenset(_own_ipv4() if family == "ipv4" else _own_ipv6())


def _own_ipv4() -> t.Iterator[IPAddress]:
    """The local addresses in the routing trie: a line ``|-- 192.0.2.1``, followed by ``/32 host LOCAL``."""
    leaf = ""
    with open("/proc/thread-self/net/fib_trie", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[:1] == ["|--"]:
                leaf = words[1]
            elif words[:3] == ["/32", "host", "LOCAL"]:
                yield ipaddress.ip_address(leaf)


def _own_ipv6() -> t.Iterator[IPAddress]:
    try:
        with open("/proc/thread-self/net/if_inet6", encoding="ascii") as file:
            for line in file:
                yield ipaddress.ip_address(bytes.fromhex(line.split()[0]))
    except FileNotFoundError:
        return
