# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whether the kernel has nftables for a family: it is told to make a table, and to take everything back.

No list says so, since the kernel loads what it has as a module when it is asked for it. Call this inside ``Host.run``.
"""

from __future__ import annotations

import errno
import socket
import struct

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import attribute

_HEADER = struct.Struct("=IHHII")
_REQUEST, _ACKNOWLEDGE, _CREATE = 1, 4, 0x400
_ERROR, _BEGIN = 2, 16
_SUBSYSTEM = 10
_NEW_TABLE, _NEW_CHAIN = _SUBSYSTEM << 8 | 0, _SUBSYSTEM << 8 | 3
_TYPE, _PRIORITY = 7, 2
_NAME = attribute(1, b"linuxnet-question\0")
_LACKING = (errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ENOENT)


def takes(family: str) -> bool:
    """Whether tables of the family can be made, with chains that see packets before anybody else."""
    number = nftables_chains.NUMBERS[family]
    hook = attribute(nftables_chains.HOOK_NUMBER, struct.pack("!I", 0)) + attribute(_PRIORITY, struct.pack("!i", -300))
    chain = _NAME + attribute(nftables_chains.CHAIN, b"question\0") + attribute(nftables_chains.HOOK, hook)
    # A batch without an end is checked, and then undone.
    batch = _message(_BEGIN, 0, 0, struct.pack("!BBH", 0, 0, _SUBSYSTEM))
    batch += _message(_NEW_TABLE, _CREATE, 1, nftables_chains.NFGENMSG.pack(number, 0, 0) + _NAME)
    batch += _message(
        _NEW_CHAIN,
        _CREATE | _ACKNOWLEDGE,
        2,
        nftables_chains.NFGENMSG.pack(number, 0, 0) + chain + attribute(_TYPE, b"filter\0"),
    )
    try:
        with socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, nftables_chains.NETFILTER
        ) as asking:
            asking.send(batch)
            return _reply(asking.recv(65536)) not in _LACKING
    except OSError as error:
        return error.errno not in _LACKING


def _message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, sequence, 0) + body


def _reply(data: bytes) -> int:
    """The number of the first error, 0 for none."""
    _length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data)
    return -int(struct.unpack_from("=i", data, _HEADER.size)[0]) if kind == _ERROR else 0
