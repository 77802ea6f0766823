# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds nftables chains that drop forwarded packets, other than those of iptables, without the nft program.

Call this inside ``Host.run``.
"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    attribute,
    attributes,
    each_attribute,
)

NETFILTER = 12
#: The table of this collection.
OURS = "linuxnet"
_GET_TABLE, GET_CHAIN, GET_RULE = 10 << 8 | 1, 10 << 8 | 4, 10 << 8 | 7
NFGENMSG = struct.Struct("=BBH")
_U32 = struct.Struct("!I")
FAMILIES = {1: "inet", 2: "ip", 7: "bridge", 10: "ip6"}
_NUMBERS = {"ipv4": 2, "ipv6": 10}
#: Attributes of a chain, of its hook, of a rule and of an expression in it.
TABLE, CHAIN, HOOK, _POLICY = 1, 3, 4, 5
HOOK_NUMBER = 1
EXPRESSIONS = 4
NAME, DATA, _COMPARED, _VALUE = 1, 2, 3, 1
_FORWARD, _DROP = 2, 0
_INTERFACE = re.compile(r"([!-~]{1,15})\0+", re.ASCII)


class Chain(t.NamedTuple):
    """A base chain, with the interfaces that appear in rules of its table."""

    family: str
    table: str
    chain: str
    interfaces: tuple[str, ...]


def dropping() -> list[Chain]:
    """The chains that drop forwarded packets unless one of their rules accepts them, without those of iptables."""
    with Reader(protocol=NETFILTER) as reader:
        found = []
        for row in dump(reader, GET_CHAIN, 0):
            family = FAMILIES.get(row[0])
            told = attributes(row, NFGENMSG.size)
            table = text(told.get(TABLE, b""))
            if family and _drops(told) and table != OURS and not (row[0] in _NUMBERS.values() and table in TABLES):
                interfaces = _interfaces(reader, row[0], table)
                found.append(Chain(family, table, text(told.get(CHAIN, b"")), interfaces))
        return sorted(found)


def ours_drops() -> bool:
    """Whether this collection's own table drops forwarded packets that no network accepts."""
    with Reader(protocol=NETFILTER) as reader:
        told = [attributes(row, NFGENMSG.size) for row in dump(reader, GET_CHAIN, 0)]
    return any(_drops(one) and text(one.get(TABLE, b"")) == OURS for one in told)


def _drops(told: t.Mapping[int, bytes]) -> bool:
    if HOOK not in told or _POLICY not in told:
        return False
    number = attributes(told[HOOK]).get(HOOK_NUMBER)
    return number is not None and _U32.unpack(number) == (_FORWARD,) and _U32.unpack(told[_POLICY]) == (_DROP,)


def _interfaces(reader: Reader, family: int, table: str) -> tuple[str, ...]:
    found = set()
    for row in dump(reader, GET_RULE, family, table):
        for _kind, expression in each_attribute(attributes(row, NFGENMSG.size).get(EXPRESSIONS, b"")):
            told = attributes(expression)
            if text(told.get(NAME, b"")) == "cmp":
                value = attributes(attributes(told.get(DATA, b"")).get(_COMPARED, b"")).get(_VALUE, b"")
                name = _INTERFACE.fullmatch(value.decode("latin-1")) if len(value) == 16 else None
                if name:
                    found.add(name.group(1))
    return tuple(sorted(found))


def iptables_rules(family: str) -> bool:
    """Whether the nft backend of iptables has rules for this family."""
    with Reader(protocol=NETFILTER) as reader:
        return any(dump(reader, GET_RULE, _NUMBERS[family], table) for table in TABLES)


def has_table(name: str) -> bool:
    """Whether nftables has a table of this name, of any family."""
    with Reader(protocol=NETFILTER) as reader:
        rows = dump(reader, _GET_TABLE, 0)
    return any(text(attributes(row, NFGENMSG.size).get(TABLE, b"")) == name for row in rows)


def dump(reader: Reader, kind: int, family: int, table: str | None = None, more: bytes = b"") -> list[bytes]:
    """The rows, optionally of one table; empty if the kernel has no nf_tables.

    :param more: further attributes of the question
    """
    body = NFGENMSG.pack(family, 0, 0)
    if table is not None:
        body += attribute(TABLE, table.encode("latin-1") + b"\0")
    body += more
    try:
        return reader.dump(kind, body)
    except OSError:
        return []


def text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("latin-1")
