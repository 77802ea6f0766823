# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Ask the kernel whether it has tables of iptables at all: it may even if the programs are not installed."""

from __future__ import annotations

import socket
import struct

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attributes

_NETFILTER = 12
_GET_TABLE = 10 << 8 | 1
_NFGENMSG = struct.Struct("=BBH")
_NAME = 1
_FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
#: Not /proc/net, which belongs to the first thread of the process.
_LEGACY = {"ipv4": "/proc/thread-self/net/ip_tables_names", "ipv6": "/proc/thread-self/net/ip6_tables_names"}
_OURS = (b"raw", b"mangle", b"nat", b"filter")


def present(family: str) -> bool:
    """Whether iptables, with either backend, has a table in the calling thread's network namespace."""
    return legacy(family) or _nft(family)


def legacy(family: str) -> bool:
    """Whether the legacy backend has a table."""
    try:
        with open(_LEGACY[family], encoding="ascii") as names:
            return bool(names.read().strip())
    except FileNotFoundError:
        return False


def _nft(family: str) -> bool:
    with Reader(protocol=_NETFILTER) as reader:
        try:
            rows = reader.dump(_GET_TABLE, _NFGENMSG.pack(_FAMILIES[family], 0, 0))
        except OSError:
            # A kernel without nf_tables.
            return False
    return any(attributes(row, _NFGENMSG.size).get(_NAME, b"").rstrip(b"\0") in _OURS for row in rows)
