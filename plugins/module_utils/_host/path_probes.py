# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Sends a packet as a program would that opens a connection, and says what came of it."""

from __future__ import annotations

import errno
import secrets
import select
import socket
import struct
import time
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress

_LINGER = struct.pack("ii", 1, 0)
_FAMILIES: dict[int, socket.AddressFamily] = {4: socket.AF_INET, 6: socket.AF_INET6}
_ECHO = {4: (8, 0), 6: (128, 129)}
#: Receive ICMP errors of routers, by family: the level, and the option.
_RECEIVE_ERRORS = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}
_ERROR_QUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_FROM_ICMP = (2, 3)
#: Seconds without news after which none is expected.
_QUIET = 0.05
#: Seconds to wait for that, where somebody else traces packets all the time.
_LONGEST = 1.0
_REJECTED = (errno.ECONNREFUSED, errno.ECONNRESET)


class Outcome(t.NamedTuple):
    """``answered``, ``refused`` (by a packet that says so), ``error`` (with its number) or ``silence``."""

    kind: str
    number: int = 0
    #: Who sent the ICMP message that says so.
    offender: str | None = None


class Probe:
    """One packet, sent from the namespace of the thread that creates it."""

    def __init__(self, protocol: str, destination: IPAddress, port: int | None) -> None:
        self.protocol = protocol
        self._version = destination.version
        self._destination = (str(destination), port or 0)
        self._socket = self._open()
        self._outcome: Outcome | None = None
        #: The port that it is sent from; for an echo its identifier.
        self.port = secrets.randbelow(0xFFFF) + 1
        if protocol != "icmp":
            self._socket.bind(("", 0))
            self.port = int(self._socket.getsockname()[1])

    def _open(self) -> socket.socket:
        family = _FAMILIES[self._version]
        kinds = {
            "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
            "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
            "icmp": (socket.SOCK_RAW, socket.IPPROTO_ICMP if self._version == 4 else socket.IPPROTO_ICMPV6),
        }
        kind, number = kinds[self.protocol]
        found = socket.socket(family, kind | socket.SOCK_CLOEXEC, number)
        found.setblocking(False)
        found.setsockopt(*_RECEIVE_ERRORS[self._version], 1)
        return found

    def send(self) -> None:
        """Send it. What the kernel refuses at once is the outcome."""
        try:
            if self.protocol == "tcp":
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            self._socket.connect(self._destination)
            if self.protocol != "tcp":
                self._socket.send(self._packet() if self.protocol == "icmp" else b"")
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error.errno or 0)

    def _packet(self) -> bytes:
        """An echo request; the kernel fills in the checksum of ICMPv6."""
        head = struct.pack("!BBHHH", _ECHO[self._version][0], 0, 0, self.port, 1)
        total = sum(struct.unpack("!4H", head))
        total = (total & 0xFFFF) + (total >> 16)
        return head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:]

    def _fail(self, number: int) -> None:
        offender = self._offender()
        refused = number in _REJECTED or (offender is not None and number != errno.EMSGSIZE)
        self._outcome = Outcome("refused" if refused else "error", number, offender)

    def _offender(self) -> str | None:
        """Who sent the ICMP error that this is about."""
        try:
            _data, told, _flags, _peer = self._socket.recvmsg(512, 512, _ERROR_QUEUE)
        except OSError:
            return None
        for _level, _kind, data in told:
            if len(data) < _EXTENDED_ERROR.size or _EXTENDED_ERROR.unpack_from(data)[1] not in _FROM_ICMP:
                continue
            address = data[_EXTENDED_ERROR.size :]
            if self._version == 4 and len(address) >= 8:
                return socket.inet_ntop(socket.AF_INET, address[4:8])
            if len(address) >= 24:
                return socket.inet_ntop(socket.AF_INET6, address[8:24])
        return None

    def outcome(self) -> Outcome | None:
        """What came of it so far; None while nothing has."""
        if self._outcome is None:
            if self.protocol == "tcp":
                self._look_at_connection()
            else:
                self._look_for_answer()
        return self._outcome

    def _look_at_connection(self) -> None:
        if not _ready([], [self], 0):
            return
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._fail(number)
        else:
            self._outcome = Outcome("answered")

    def _look_for_answer(self) -> None:
        while True:
            try:
                data = self._socket.recv(2048)
            except BlockingIOError:
                return
            except OSError as error:
                self._fail(error.errno or 0)
                return
            if self.protocol == "udp" or self._is_reply(data):
                self._outcome = Outcome("answered")
                return

    def _is_reply(self, data: bytes) -> bool:
        start = (data[0] & 0xF) * 4 if self._version == 4 and data else 0
        if len(data) < start + 8:
            return False
        number = struct.unpack_from("!H", data, start + 4)[0]
        return data[start] == _ECHO[self._version][1] and bool(number == self.port)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        """End it; a connection that was accepted is reset, so that nothing of it lives on."""
        self._socket.close()


def wait(probe: Probe, others: t.Sequence[t.Any], seconds: float, done: t.Callable[[], bool]) -> Outcome:
    """Wait for the outcome, or until ``done``, which is asked whenever one of ``others`` is readable."""
    end = time.monotonic() + seconds
    while True:
        found = probe.outcome()
        left = end - time.monotonic()
        if found or left <= 0 or done():
            return found or Outcome("silence")
        writing = [probe] if probe.protocol == "tcp" else []
        reading = [] if probe.protocol == "tcp" else [probe]
        _ready([*others, *reading], writing, min(left, 0.2))


def settle(others: t.Sequence[t.Any], collect: t.Callable[[], object], begins: bool = False) -> None:
    """Collect what is still reported, until nothing more comes.

    :param begins: whether the first report is due, so that a busy machine just takes longer for it
    """
    end = time.monotonic() + _LONGEST
    collect()
    patience = _LONGEST if begins else _QUIET
    while _ready(others, [], patience) and time.monotonic() < end:
        collect()
        patience = _QUIET


def _ready(reading: t.Iterable[t.Any], writing: t.Iterable[t.Any], seconds: float) -> bool:
    """Wait until one of them can be read or written; unlike select, this takes descriptors of any number."""
    poll = select.poll()
    for one in reading:
        poll.register(one, select.POLLIN)
    for one in writing:
        poll.register(one, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))
