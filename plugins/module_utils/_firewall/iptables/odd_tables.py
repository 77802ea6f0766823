# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Find nftables tables that have the names of iptables' tables but cannot hold our rules.

iptables shows them as empty and fails only when it writes. Call this inside ``Host.run``.
"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import (
    HOOKS,
    base_chain,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attributes

_NETFILTER = 12
_GET_TABLE, _GET_CHAIN = 10 << 8 | 1, 10 << 8 | 4
_NFGENMSG = struct.Struct("=BBH")
_U32, _I32 = struct.Struct("!I"), struct.Struct("!i")
_FAMILIES = {"ipv4": (2, "ip"), "ipv6": (10, "ip6")}
#: Netlink attributes of a table, a chain and the hook of a chain.
_TABLE_NAME, _TABLE_FLAGS = 1, 2
_TABLE, _CHAIN, _HOOK, _TYPE = 1, 3, 4, 7
_HOOK_NUMBER, _HOOK_PRIORITY = 1, 2
_DORMANT, _OWNED = 1, 2

_CURE = "delete it, or move its content to a table of another name"


def read(family: str) -> dict[str, str]:
    """The tables that cannot hold our rules, each with a sentence that includes the remedy."""
    number, word = _FAMILIES[family]
    request = _NFGENMSG.pack(number, 0, 0)
    found: dict[str, str] = {}
    with Reader(protocol=_NETFILTER) as reader:
        try:
            rows = [reader.dump(kind, request) for kind in (_GET_TABLE, _GET_CHAIN)]
        except OSError:
            # A kernel without nf_tables.
            return {}
    for told in (attributes(row, _NFGENMSG.size) for row in rows[0]):
        name, flags = _text(told.get(_TABLE_NAME)), _U32.unpack(told.get(_TABLE_FLAGS, b"\0\0\0\0"))[0]
        if name in TABLES and flags & _DORMANT:
            found[name] = (
                f"table {word} {name} is dormant, so that its rules have no effect; wake it with nft, or {_CURE}"
            )
        elif name in TABLES and flags & _OWNED:
            found[name] = (
                f"table {word} {name} belongs to a program that lets nobody else change it; end that program, or "
                f"{_CURE}"
            )
    for told in (attributes(row, _NFGENMSG.size) for row in rows[1]):
        name = _text(told.get(_TABLE))
        reason = _oddity(name, told) if name in TABLES else None
        if reason:
            made = f"table {word} {name} was created by nft, and iptables cannot extend it"
            found.setdefault(name, f"{made}: {reason}; {_CURE}")
    return found


def _oddity(table: str, told: t.Mapping[int, bytes]) -> str | None:
    """What is wrong with a chain that has the name of one that we need, None if nothing is."""
    chain = _text(told.get(_CHAIN))
    if chain.startswith(chains.PREFIX):
        return f"its chain {chain} has a hook" if _HOOK in told else None
    if chain not in chains.heads(table):
        return None
    if _HOOK not in told:
        return f"its chain {chain} has no hook"
    hook = attributes(told[_HOOK])
    is_so = (
        _text(told.get(_TYPE)),
        _U32.unpack(hook[_HOOK_NUMBER])[0],
        _I32.unpack(hook[_HOOK_PRIORITY])[0],
    )
    kind, priority = base_chain(table, chain)
    if is_so == (kind, HOOKS.index(chain), priority):
        return None
    return f"its chain {chain} is not of type {kind} at hook {chain.lower()} with priority {priority}"


def _text(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode("latin-1")
