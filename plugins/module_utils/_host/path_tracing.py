# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Follows single packets through a namespace with the trace of nf_tables, without the program nft.

For that, the namespace gets a table that belongs to the socket of the tracer: the kernel removes it with that socket,
also if this process is killed. Its chains are the first and the last of each hook, and change nothing. Since a traced
packet is reported by every chain that it passes, they show how far it gets, whatever takes it.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import attribute, attributes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.nftables_chains import (
    FAMILIES,
    NETFILTER,
    NFGENMSG,
    NUMBERS,
    text,
)

_HEADER = struct.Struct("=IHHII")
_U16, _U32, _I32, _U64 = struct.Struct("!H"), struct.Struct("!I"), struct.Struct("!i"), struct.Struct("!Q")
_SUBSYSTEM = 10
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_NEW_TABLE, _NEW_CHAIN, _NEW_RULE, _TRACE = (_SUBSYSTEM << 8 | kind for kind in (0, 3, 6, 17))
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_ERROR = 2
_SOL_NETLINK, _ADD_MEMBERSHIP, _TRACES = 270, 1, 9
_BUFFER_OF_ANY_SIZE = 33
_OWNER = 0x2
_HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
#: Priorities of the first and the last chain.
_FIRST, _LAST = -0x7FFFFFFF, 0x7FFFFFFE
#: The hooks where a packet appears in a namespace.
_ENTRIES = ("prerouting", "output")
_L4PROTO, _NFTRACE = 16, 12
_TRANSPORT = 2
_REGISTER = 1
#: Types of events.
_POLICY, _RETURN, _RULE = 1, 2, 3
_TYPES = {_POLICY: "policy", _RETURN: "return", _RULE: "rule"}
_VERDICTS = {0: "drop", 1: "accept", 2: "stolen", 3: "queue", -1: "continue", -2: "break", -3: "jump", -4: "goto"}
_TABLE = "linuxnet-path"
#: The bytes of events that wait to be read.
_BUFFER = 4 << 20
#: How many events are read at once.
_AT_ONCE = 2000

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}


class Headers(t.NamedTuple):
    """What a packet says: addresses as bytes, ports (for an echo its identifier twice)."""

    protocol: int
    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    #: The type of an ICMP message.
    icmp: int


class Event(t.NamedTuple):
    """A chain or a rule that a packet met."""

    family: str
    table: str
    chain: str
    #: ``rule``, ``return`` or ``policy``.
    type: str
    verdict: str
    handle: int | None
    iif: int | None
    oif: int | None
    headers: Headers | None
    #: The same for all events of a packet.
    trace: int
    #: Whether the table, whatever its name, is that of another tracer or of somebody who wants to be taken for one.
    foreign: bool = False
    #: The mark that the packet has here.
    mark: int = 0

    @property
    def checkpoint(self) -> tuple[str, str] | None:
        """For our own chains the hook, and ``first`` or ``last``."""
        if self.foreign or not self.table.startswith(_TABLE):
            return None
        hook, _dash, place = self.chain.partition("-")
        return (hook, place)


class Unable(Exception):
    """The kernel cannot trace packets for us; the text is a reason."""


class Tracer:
    """Traces packets in the namespace of the thread that creates it, until it is closed."""

    def __init__(self) -> None:
        self._sequence = 0
        #: What is watched, and the traces of packets that are it.
        self._watched: tuple[int, int] | None = None
        self._ours: set[int] = set()
        #: Whether events were lost, since others have more packets traced here than can be read.
        self.lost = False
        self._events = self._open()
        self._tables = self._open()
        self.bridged = False
        self._table = f"{_TABLE}-{os.getpid()}-{self._tables.getsockname()[0]}"
        self._name = attribute(1, self._table.encode() + b"\0")
        try:
            self._events.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _TRACES)
            self._make("inet")
        except OSError as error:
            self.close()
            raise Unable(_why(error)) from error
        try:
            self._make("bridge")
            self.bridged = True
        except OSError:
            # This kernel does not filter what its bridges forward.
            self.bridged = False

    @staticmethod
    def _open() -> socket.socket:
        found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETFILTER)
        found.bind((0, 0))
        found.setblocking(False)
        try:
            found.setsockopt(socket.SOL_SOCKET, _BUFFER_OF_ANY_SIZE, _BUFFER)
        except PermissionError:
            # In a user namespace, the limit of the machine holds.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        return found

    def close(self) -> None:
        """End the trace. The table goes with its socket."""
        self._tables.close()
        self._events.close()

    def _make(self, family: str) -> None:
        messages = [(_NEW_TABLE, _CREATE, self._name + attribute(2, _U32.pack(_OWNER)))]
        for number, hook in enumerate(_HOOKS):
            for place, priority in (("first", _FIRST), ("last", _LAST)):
                where = attribute(1, _U32.pack(number)) + attribute(2, _I32.pack(priority))
                body = (
                    self._name
                    + attribute(3, f"{hook}-{place}\0".encode())
                    + attribute(4 | 0x8000, where)
                    + attribute(5, _U32.pack(1))
                    + attribute(7, b"filter\0")
                )
                messages.append((_NEW_CHAIN, _CREATE, body))
        self._change(family, messages)

    def watch(self, protocol: int, port: int) -> None:
        """Trace packets of this protocol from or to this port; for ICMP, echoes with this identifier."""
        self._watched = (protocol, port)
        offsets = (4,) if protocol in (PROTOCOLS["icmp"], PROTOCOLS["icmpv6"]) else (0, 2)
        messages = []
        for hook in _ENTRIES:
            for offset in offsets:
                rule = (
                    self._name
                    + attribute(2, f"{hook}-first\0".encode())
                    + attribute(4 | 0x8000, _expressions(protocol, offset, port))
                )
                messages.append((_NEW_RULE, _CREATE | _APPEND, rule))
        for family in ("inet", "bridge") if self.bridged else ("inet",):
            self._change(family, messages)

    def _change(self, family: str, messages: t.Sequence[tuple[int, int, bytes]]) -> None:
        """One transaction. Only its last message asks for an answer; any other answers with an error alone."""
        begin = NFGENMSG.pack(0, 0, socket.htons(_SUBSYSTEM))
        own = NFGENMSG.pack(NUMBERS[family], 0, 0)
        packets = [self._message(_BATCH_BEGIN, 0, begin)]
        for kind, flags, body in messages:
            packets.append(self._message(kind, flags | _ACK, own + body))
        packets.append(self._message(_BATCH_END, 0, begin))
        self._tables.setblocking(True)
        self._tables.send(b"".join(packets))
        left = len(messages)
        while left:
            for kind, body in _messages(self._tables.recv(_BUFFER)):
                if kind == _ERROR:
                    left -= 1
                    code = -struct.unpack_from("=i", body)[0]
                    if code:
                        raise OSError(code, os.strerror(code))

    def _message(self, kind: int, flags: int, body: bytes) -> bytes:
        self._sequence += 1
        return _HEADER.pack(_HEADER.size + len(body), kind, flags | _REQUEST, self._sequence, 0) + body

    def events(self) -> list[Event]:
        """What was reported of watched packets since the last call.

        Whoever has root in a namespace can have packets traced there faster than they can be read. So the call reads
        no more than some, and the kernel tells when it had to drop reports.
        """
        found: list[Event] = []
        for _time in range(_AT_ONCE):
            try:
                data = self._events.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.lost = True
                continue
            found += [_event(body, self._table) for kind, body in _messages(data) if kind == _TRACE]
        return [event for event in found if self._is_ours(event)]

    def _is_ours(self, event: Event) -> bool:
        told = event.headers
        if told and self._watched in ((told.protocol, told.source_port), (told.protocol, told.destination_port)):
            self._ours.add(event.trace)
        return event.trace in self._ours

    def fileno(self) -> int:
        """The descriptor that is readable when there are events."""
        return self._events.fileno()


def _why(error: OSError) -> str:
    if error.errno in (errno.EPERM, errno.EACCES):
        return "permission denied"
    if error.errno in (errno.EINVAL, errno.EOPNOTSUPP):
        return "the kernel is too old: it takes Linux 5.12"
    return f"{os.strerror(error.errno or 0)}"


def _messages(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
        yield kind, data[offset + _HEADER.size : offset + length]
        offset += max(length + 3 & ~3, _HEADER.size)


def _expression(name: str, *values: tuple[int, bytes]) -> bytes:
    data = b"".join(attribute(kind, value) for kind, value in values)
    return attribute(1 | 0x8000, attribute(1, name.encode() + b"\0") + attribute(2 | 0x8000, data))


def _equal(value: bytes) -> bytes:
    return _expression("cmp", (1, _U32.pack(_REGISTER)), (2, _U32.pack(0)), (3 | 0x8000, attribute(1, value)))


def _expressions(protocol: int, offset: int, port: int) -> bytes:
    """That the packet has this protocol, and this port at this place of its transport header, is to be traced."""
    register = (1, _U32.pack(_REGISTER))
    place = ((2, _U32.pack(_TRANSPORT)), (3, _U32.pack(offset)), (4, _U32.pack(2)))
    return (
        _expression("meta", register, (2, _U32.pack(_L4PROTO)))
        + _equal(bytes([protocol]))
        + _expression("payload", register, *place)
        + _equal(_U16.pack(port))
        + _expression("immediate", register, (2 | 0x8000, attribute(1, b"\1")))
        + _expression("meta", (2, _U32.pack(_NFTRACE)), (3, _U32.pack(_REGISTER)))
    )


def _event(body: bytes, own: str) -> Event:
    """:param own: the table of the tracer"""
    told = attributes(body, NFGENMSG.size)
    table = text(told.get(1, b""))
    family = FAMILIES.get(body[0], str(body[0]))
    number = _U32.unpack(told[4])[0] if 4 in told else 0
    code = -1
    if 5 in told:
        code = _I32.unpack(attributes(told[5])[1])[0]
    elif 16 in told:
        code = _U32.unpack(told[16])[0]
    return Event(
        family,
        table,
        text(told.get(2, b"")),
        _TYPES.get(number, ""),
        _VERDICTS.get(code, "continue"),
        _U64.unpack(told[3])[0] if 3 in told else None,
        _U32.unpack(told[10])[0] if 10 in told else None,
        _U32.unpack(told[12])[0] if 12 in told else None,
        _headers(told.get(8, b""), told.get(9, b"")),
        _U32.unpack(told[6])[0] if 6 in told else 0,
        table != own,
        _U32.unpack(told[14])[0] if 14 in told else 0,
    )


def _headers(network: bytes, transport: bytes) -> Headers | None:
    version = network[0] >> 4 if network else 0
    if version == 4 and len(network) >= 20:
        protocol, source, destination = network[9], network[12:16], network[16:20]
    elif version == 6 and len(network) >= 40:
        protocol, source, destination = network[6], network[8:24], network[24:40]
    else:
        return None
    if protocol in (PROTOCOLS["icmp"], PROTOCOLS["icmpv6"]):
        number = _U16.unpack_from(transport, 4)[0] if len(transport) >= 6 else 0
        kind = transport[0] if transport else 0
        return Headers(protocol, source, destination, number, number, kind)
    ports = struct.unpack_from("!HH", transport) if len(transport) >= 4 else (0, 0)
    return Headers(protocol, source, destination, ports[0], ports[1], 0)
