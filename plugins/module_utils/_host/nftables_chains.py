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
GET_TABLE, GET_CHAIN, GET_RULE = 10 << 8 | 1, 10 << 8 | 4, 10 << 8 | 7
NFGENMSG = struct.Struct("=BBH")
_U32, _I32 = struct.Struct("!I"), struct.Struct("!i")
FAMILIES = {1: "inet", 2: "ip", 7: "bridge", 10: "ip6"}
NUMBERS = {name: number for number, name in FAMILIES.items()}
_NUMBERS = {"ipv4": 2, "ipv6": 10}
#: Attributes of a chain, of its hook, of a rule and of an expression in it.
TABLE, CHAIN, HOOK, _POLICY = 1, 3, 4, 5
HOOK_NUMBER = 1
EXPRESSIONS = 4
NAME, DATA, _COMPARED, _VALUE = 1, 2, 3, 1
#: The chain of a rule.
_OF_CHAIN = 2
_FORWARD, _DROP = 2, 0
_INTERFACE = re.compile(r"([!-~]{1,15})\0+", re.ASCII)
_PREFIX = re.compile(r"[!-~]{1,15}", re.ASCII)
#: The attributes of the expressions immediate and meta, the keys of meta for interfaces, and a verdict.
_IMMEDIATE_DATA, _META_KEY, _BY_INTERFACE = 2, 2, (6, 7)
_IN, _OUT = _BY_INTERFACE
_OPERATOR, _EQUAL = 2, 0
#: What becomes of packets.
_SOME, _REFUSED, _DROPPED = "some are accepted", "refused", "dropped"
_IN_DATA, _IN_VERDICT, _TO_CHAIN = 2, 1, 2
_ACCEPT, _JUMP, _GOTO, _RETURN = 1, -3, -4, -5
#: The expressions that only note that a packet came by.
_NOTING = ("counter", "log")
_SET_OF_LOOKUP, _SET, _GET_ELEMENTS, _ELEMENTS, _KEY = 1, 2, 10 << 8 | 13, 3, 1


#: Its name and its attributes.
_Expression = tuple[str, dict[int, bytes]]


class Chain(t.NamedTuple):
    """A base chain, with the interfaces that appear in rules of its table, but for those whose packets it leads to
    where none may leave, and with those by which packets from any other interface may leave; a prefix of several ends
    with ``*``."""

    family: str
    table: str
    chain: str
    interfaces: tuple[str, ...]
    ways_out: tuple[str, ...]


def dropping(beyond: t.Collection[str]) -> list[Chain]:
    """The chains that drop forwarded packets unless one of their rules accepts them, without those of iptables.

    :param beyond: the interfaces by which packets of a network may leave
    """
    with Reader(protocol=NETFILTER) as reader:
        found = []
        for row in dump(reader, GET_CHAIN, 0):
            family = FAMILIES.get(row[0])
            told = attributes(row, NFGENMSG.size)
            table = text(told.get(TABLE, b""))
            if not family or not _forwards(told) or table == OURS or (row[0] in _NUMBERS.values() and table in TABLES):
                continue
            chain = text(told.get(CHAIN, b""))
            rules = [attributes(rule, NFGENMSG.size) for rule in dump(reader, GET_RULE, row[0], table)]
            by_chain = _by_chain(rules)
            end = _end(by_chain, chain)
            if _drops(told) if end is None else end:
                named = sorted(_interfaces(reader, row[0], table, rules))
                kept = (name for name in named if _fate(by_chain, chain, name, beyond) != _REFUSED)
                ways_out: dict[str, bool] = {}
                _note_ways_out(by_chain, chain, ways_out)
                accepted = sorted(name for name, accepts in ways_out.items() if accepts)
                found.append(Chain(family, table, chain, tuple(kept), tuple(accepted)))
        return sorted(found)


def ours_drops() -> bool:
    """Whether this collection's own table drops forwarded packets that no network accepts."""
    with Reader(protocol=NETFILTER) as reader:
        told = [attributes(row, NFGENMSG.size) for row in dump(reader, GET_CHAIN, 0)]
    return any(_drops(one) and text(one.get(TABLE, b"")) == OURS for one in told)


def _forwards(told: t.Mapping[int, bytes]) -> bool:
    number = attributes(told.get(HOOK, b"")).get(HOOK_NUMBER)
    return number is not None and _U32.unpack(number) == (_FORWARD,)


def _drops(told: t.Mapping[int, bytes]) -> bool:
    return _forwards(told) and _POLICY in told and _U32.unpack(told[_POLICY]) == (_DROP,)


def _expressions(rule: t.Mapping[int, bytes]) -> list[_Expression]:
    found = (attributes(data) for _kind, data in each_attribute(rule.get(EXPRESSIONS, b"")))
    return [(text(one.get(NAME, b"")), attributes(one.get(DATA, b""))) for one in found]


def _by_chain(rules: t.Iterable[dict[int, bytes]]) -> dict[str, list[dict[int, bytes]]]:
    found: dict[str, list[dict[int, bytes]]] = {}
    for rule in rules:
        found.setdefault(text(rule.get(_OF_CHAIN, b"")), []).append(rule)
    return found


def _end(chains: t.Mapping[str, list[dict[int, bytes]]], chain: str) -> bool | None:
    """What becomes of a packet that no rule mentions: whether the chain drops it, None if it comes to its end.

    firewalld ends its chain with a rule that rejects, to which no packet comes if the default zone accepts it.
    """
    for rule in chains.get(chain, ()):
        code, target = _verdict(rule)
        if code in (_DROP, _ACCEPT):
            return code == _DROP
        end = _end(chains, target) if code in (_JUMP, _GOTO) else None
        if end is not None or code in (_GOTO, _RETURN):
            return end
    return None


def _verdict(rule: t.Mapping[int, bytes]) -> tuple[int | None, str]:
    """What a rule does with every packet, and the chain that it leads to; None if it does nothing, or not to every
    one."""
    condition, code, target = _parts(rule)
    return (None, "") if condition else (code, target)


def _parts(rule: t.Mapping[int, bytes]) -> tuple[list[_Expression], int | None, str]:
    """The conditions of a rule, its verdict, and the chain that it leads to."""
    *condition, (name, values) = [one for one in _expressions(rule) if one[0] not in _NOTING] or [("", {})]
    if name == "reject":
        return condition, _DROP, ""
    data = attributes(values.get(_IMMEDIATE_DATA, b"")) if name == "immediate" else {}
    verdict = attributes(data.get(_IN_DATA, b""))
    if _IN_VERDICT not in verdict:
        return [*condition, (name, values)], None, ""
    return condition, _I32.unpack(verdict[_IN_VERDICT])[0], text(verdict.get(_TO_CHAIN, b""))


def _fate(
    chains: t.Mapping[str, list[dict[int, bytes]]], chain: str, name: str, beyond: t.Collection[str], led: bool = False
) -> str | None:
    """What becomes of packets from an interface that leave by another one: some are accepted, or all of them refused by
    rules about the interface, or dropped like any others. None if they come back from the chain.

    firewalld leads the packets of each interface to its zone, and lets packets pass from a zone to itself, which may be
    all of our networks.

    :param led: whether rules about the interface have led to this chain
    """
    for rule in chains.get(chain, ()):
        condition, code, target = _parts(rule)
        told, rest = _compared(condition, _IN)
        out, more = _compared(rest, _OUT)
        if (told and not names(told, name)) or (out and not more and not any(names(out, one) for one in beyond)):
            continue
        here = led or bool(told)
        if code is None and here and any(expression == "lookup" for expression, _values in condition):
            return _SOME
        found = _fate(chains, target, name, beyond, here) if code in (_JUMP, _GOTO) else None
        if found == _SOME or (code == _ACCEPT and (here or not rest)):
            return _SOME
        if not rest:
            found = (_REFUSED if here else _DROPPED) if code == _DROP else found
            if found or code in (_GOTO, _RETURN):
                return found
    return None


def _note_ways_out(chains: t.Mapping[str, list[dict[int, bytes]]], chain: str, ways_out: dict[str, bool]) -> bool:
    """Note whether packets that leave by an interface are accepted if no rule is about anything else of them.

    Returns whether no packet comes back from the chain.
    """
    for rule in chains.get(chain, ()):
        condition, code, target = _parts(rule)
        out, rest = _compared(condition, _OUT)
        if out and not rest and code in (_ACCEPT, _DROP):
            ways_out.setdefault(out, code == _ACCEPT)
        if condition:
            continue
        if code in (_ACCEPT, _DROP) or (code in (_JUMP, _GOTO) and _note_ways_out(chains, target, ways_out)):
            return True
        if code in (_GOTO, _RETURN):
            return False
    return False


def _compared(condition: t.Sequence[_Expression], key: int) -> tuple[str | None, t.Sequence[_Expression]]:
    """The interface that a condition begins with, or the prefix of several, and the rest of the condition."""
    if [name for name, _values in condition[:2]] == ["meta", "cmp"] and _meta_key(condition[0][1]) == key:
        told = _named(condition[1][1], by_interface=True)
        if told and _U32.unpack(condition[1][1].get(_OPERATOR, bytes(4))) == (_EQUAL,):
            return told, condition[2:]
    return None, condition


def _meta_key(values: t.Mapping[int, bytes]) -> int:
    return int(_U32.unpack(values.get(_META_KEY, bytes(4)))[0])


def _named(compared: t.Mapping[int, bytes], by_interface: bool) -> str | None:
    """What a comparison has of the name of an interface."""
    value = attributes(compared.get(_COMPARED, b"")).get(_VALUE, b"").decode("latin-1")
    whole = _INTERFACE.fullmatch(value) if len(value) == 16 else None
    if whole:
        return whole.group(1)
    return f"{value}*" if by_interface and _PREFIX.fullmatch(value) else None


def _interfaces(reader: Reader, family: int, table: str, rules: t.Sequence[t.Mapping[int, bytes]]) -> set[str]:
    found: set[str] = set()
    for rule in rules:
        by_interface = False
        for name, values in _expressions(rule):
            if name == "cmp":
                told = _named(values, by_interface)
                found.update([told] if told else [])
            elif name == "lookup" and by_interface:
                found.update(_members(reader, family, table, text(values.get(_SET_OF_LOOKUP, b""))))
            by_interface = name == "meta" and _meta_key(values) in _BY_INTERFACE
    return found


def _members(reader: Reader, family: int, table: str, name: str) -> t.Iterator[str]:
    """The interfaces in a set."""
    for row in dump(reader, _GET_ELEMENTS, family, table, attribute(_SET, name.encode("latin-1") + b"\0")):
        for _kind, element in each_attribute(attributes(row, NFGENMSG.size).get(_ELEMENTS, b"")):
            key = attributes(attributes(element).get(_KEY, b"")).get(_VALUE, b"")
            whole = _INTERFACE.fullmatch(key.decode("latin-1"))
            if whole:
                yield whole.group(1)


def names(told: str, interface: str) -> bool:
    """Whether rules that name this, an interface or a prefix, are about an interface."""
    return interface.startswith(told[:-1]) if told.endswith("*") else interface == told


def iptables_rules(family: str) -> bool:
    """Whether the nft backend of iptables has rules for this family."""
    with Reader(protocol=NETFILTER) as reader:
        return any(dump(reader, GET_RULE, _NUMBERS[family], table) for table in TABLES)


def has_table(name: str, family: str) -> bool:
    """Whether nftables has a table of this name and family."""
    with Reader(protocol=NETFILTER) as reader:
        rows = dump(reader, GET_TABLE, NUMBERS[family])
    return any(text(attributes(row, NFGENMSG.size).get(TABLE, b"")) == name for row in rows)


def has_chain(names: t.Collection[tuple[str, str]]) -> bool:
    """Whether one of these is there, each a table, of any family, and a chain in it."""
    with Reader(protocol=NETFILTER) as reader:
        rows = [attributes(row, NFGENMSG.size) for row in dump(reader, GET_CHAIN, 0)]
    return any((text(row.get(TABLE, b"")), text(row.get(CHAIN, b""))) in names for row in rows)


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
