# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads and changes by rtnetlink with the standard library only. Called inside ``Host.run``.

pyroute2's general codec takes a third of a millisecond per row and a millisecond per change, which adds up to many
seconds for a thousand endpoints; the few dozen attributes used here take microseconds. pyroute2 is used for rare tasks,
such as creating a bridge. The numbers are the kernel's binary interface and never change.
"""

from __future__ import annotations

import os
import socket
import struct
import types
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused

R = t.TypeVar("R", bound="Reader")

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR_NUMBER = struct.Struct("=i")
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLM_F_REQUEST = 1
_NLM_F_ACK = 4
_NLM_F_DUMP = 0x300
_NLM_F_DUMP_INTR = 0x10
_TYPE_MASK = 0x3FFF
#: The kernel fills at most 32 KiB at once.
_BUFFER = 65536
_PATIENCE = 20


class _Interrupted(Exception):
    """The dumped table changed meanwhile, so rows may be missing."""


class Reader:
    """A netlink socket in the namespace of the calling thread."""

    def __init__(self, limit: int | None = None, protocol: int = socket.NETLINK_ROUTE) -> None:
        """:param limit: the maximum of bytes to read in total, since others may have filled the namespace"""
        self._left = limit
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._sequence = 0

    def __enter__(self: R) -> R:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """All rows of a dump, each without its header; it is repeated if the table changed meanwhile."""
        for _attempt in range(_PATIENCE):
            try:
                return list(self._rows(kind, _NLM_F_DUMP, body))
            except _Interrupted:
                continue
        raise KernelRefused("cannot read the network's state: it keeps changing")

    def ask(self, kind: int, body: bytes) -> bytes:
        """The single reply to a request; OSError if the kernel refuses."""
        return next(self._rows(kind, 0, body))

    def _rows(self, kind: int, flags: int, body: bytes) -> t.Iterator[bytes]:
        self._sequence += 1
        self._socket.send(
            _HEADER.pack(_HEADER.size + len(body), kind, _NLM_F_REQUEST | flags, self._sequence, 0) + body
        )
        interrupted = False
        while True:
            data = self._socket.recv(_BUFFER)
            self._count(len(data))
            offset = 0
            while offset < len(data):
                length, answer, answer_flags, sequence, _port = _HEADER.unpack_from(data, offset)
                row = data[offset + _HEADER.size : offset + length]
                offset += (length + 3) & ~3
                if sequence != self._sequence:
                    continue
                interrupted = interrupted or bool(answer_flags & _NLM_F_DUMP_INTR)
                if answer == _NLMSG_DONE:
                    if interrupted:
                        raise _Interrupted
                    return
                if answer == _NLMSG_ERROR:
                    code = -_ERROR_NUMBER.unpack_from(row)[0]
                    if code:
                        raise OSError(code, os.strerror(code))
                    return
                yield row

    def _count(self, size: int) -> None:
        if self._left is not None:
            self._left -= size
            if self._left < 0:
                raise KernelRefused("cannot read the network's state: there is too much of it")


class Writer(Reader):
    """A socket for changes, too."""

    def change(self, kind: int, body: bytes, flags: int = 0) -> None:
        """Make one change and wait for it; OSError if the kernel refuses.

        There is one per packet, since the kernel would continue after one that failed.
        """
        for _row in self._rows(kind, _NLM_F_ACK | flags, body):
            pass


def each_attribute(data: bytes, offset: int = 0) -> t.Iterator[tuple[int, bytes]]:
    """The attributes of a message, with their numbers."""
    end = len(data)
    while offset + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            break
        yield kind & _TYPE_MASK, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def attributes(data: bytes, offset: int = 0) -> dict[int, bytes]:
    """The attributes of a message by number; the last one of several with the same number.

    Reading spends most of its time here, so it does not use ``each_attribute``.
    """
    found = {}
    end = len(data)
    unpack = _ATTRIBUTE.unpack_from
    while offset + 4 <= end:
        length, kind = unpack(data, offset)
        if length < 4:
            break
        found[kind & _TYPE_MASK] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute of a request."""
    return _ATTRIBUTE.pack(4 + len(value), kind) + value + b"\0" * (-len(value) % 4)
