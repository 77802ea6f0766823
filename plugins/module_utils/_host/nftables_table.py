# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""One table of nftables, read by netlink and written by the program ``nft``.

Netlink is read for its speed (10,000 elements in a tenth of a second, where ``nft -j list`` takes half a second), and
since the bytes of a rule can be compared whatever version of the program would show it.
"""

from __future__ import annotations

import errno
import hashlib
import re
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains, programs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    attribute,
    attributes,
    each_attribute,
)

_GET_SET, _GET_ELEMENTS = 10 << 8 | 10, 10 << 8 | 13
_U32, _I32, _U64 = struct.Struct("!I"), struct.Struct("!i"), struct.Struct("!Q")
#: Attributes of tables, chains, hooks, rules, sets and elements.
_TABLE_NAME, _TABLE_FLAGS, _DORMANT = 1, 2, 1
_CHAIN_POLICY, _CHAIN_TYPE = 5, 7
_HOOK_PRIORITY = 2
_RULE_CHAIN, _RULE_HANDLE, _RULE_EXPRESSIONS, _RULE_DATA = 2, 3, 4, 7
_SET_NAME, _ELEMENTS, _KEY, _VALUE, _DATA, _KEY_END = 2, 3, 1, 2, 6, 10
_PLAIN, _VERDICT, _VERDICT_CODE, _VERDICT_CHAIN = 1, 2, 1, 2
_HOOKS = {0: "prerouting", 1: "input", 2: "forward", 3: "output", 4: "postrouting"}
_POLICIES = {0: "drop", 1: "accept"}
_VERDICTS = {0: "drop", 1: "accept", -3: "jump", -4: "goto", -5: "return"}
#: The first one whose language has all that is written here.
_OLDEST = (1, 0, 1)


class RawChain(t.NamedTuple):
    """``hook`` is None for a chain that others call: type, hook, priority and policy."""

    name: str
    hook: tuple[str, str, int, str] | None


class RawRule(t.NamedTuple):
    chain: str
    handle: int
    digest: str
    comment: str | None


class RawElement(t.NamedTuple):
    """The bytes of the key, of the end of an interval and of the data; a verdict is text."""

    key: bytes
    end: bytes | None
    data: bytes | str | None
    comment: str | None


class RawTable(t.NamedTuple):
    chains: list[RawChain]
    #: In the order of each chain.
    rules: list[RawRule]
    elements: dict[str, list[RawElement]]
    #: Whether it sleeps: it is there, and no chain of it is called.
    dormant: bool


def read(host: Host, ref: str | None, table: str, family: str = "inet") -> RawTable | None:
    """The content of a table, None if there is no such table."""
    number = nftables_chains.NUMBERS[family]
    return host.run(ref, lambda: _read(table, number))


def _read(table: str, family: int) -> RawTable | None:
    named = attribute(1, table.encode() + b"\0")
    with Reader(protocol=nftables_chains.NETFILTER) as reader:
        there = _rows(reader, family, nftables_chains.GET_CHAIN, b"")
        chains = [_chain(row) for row in there if _text(row[1]) == table]
        if not chains:
            return None
        rules = [_rule(row) for row in _rows(reader, family, nftables_chains.GET_RULE, named)]
        names = [_text(row[_SET_NAME]) for row in _rows(reader, family, _GET_SET, named)]
        elements = {
            name: list(_elements(_rows(reader, family, _GET_ELEMENTS, named + attribute(2, name.encode() + b"\0"))))
            for name in names
        }
        dormant = any(_is_dormant(row, table) for row in _rows(reader, family, nftables_chains.GET_TABLE, b""))
    return RawTable(chains, rules, elements, dormant)


def _is_dormant(row: t.Mapping[int, bytes], table: str) -> bool:
    flags = _U32.unpack(row.get(_TABLE_FLAGS, bytes(_U32.size)))[0]
    return _text(row.get(_TABLE_NAME)) == table and bool(flags & _DORMANT)


def _rows(reader: Reader, family: int, kind: int, body: bytes) -> list[dict[int, bytes]]:
    try:
        rows = reader.dump(kind, nftables_chains.NFGENMSG.pack(family, 0, 0) + body)
    except OSError as error:
        # No nf_tables in this kernel, or nothing of this name any more.
        if error.errno in (errno.ENOENT, errno.EINVAL, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT):
            return []
        raise
    return [attributes(row, nftables_chains.NFGENMSG.size) for row in rows]


def _text(value: bytes | None) -> str:
    return (value or b"").rstrip(b"\0").decode("utf-8", "surrogateescape")


def _chain(row: t.Mapping[int, bytes]) -> RawChain:
    name = _text(row.get(nftables_chains.CHAIN))
    if nftables_chains.HOOK not in row:
        return RawChain(name, None)
    hook = attributes(row[nftables_chains.HOOK])
    number, priority = _U32.unpack(hook[nftables_chains.HOOK_NUMBER])[0], _I32.unpack(hook[_HOOK_PRIORITY])[0]
    policy = _POLICIES.get(_U32.unpack(row[_CHAIN_POLICY])[0], "accept") if _CHAIN_POLICY in row else "accept"
    return RawChain(name, (_text(row.get(_CHAIN_TYPE)), _HOOKS.get(number, str(number)), priority, policy))


def _rule(row: t.Mapping[int, bytes]) -> RawRule:
    data = row.get(_RULE_DATA, b"")
    digest = hashlib.sha256(row.get(_RULE_EXPRESSIONS, b"") + b"\0" + data).hexdigest()[:32]
    return RawRule(_text(row[_RULE_CHAIN]), _U64.unpack(row[_RULE_HANDLE])[0], digest, _comment(data))


def _elements(rows: t.Iterable[t.Mapping[int, bytes]]) -> t.Iterator[RawElement]:
    for row in rows:
        for _number, content in each_attribute(row.get(_ELEMENTS, b"")):
            told = attributes(content)
            if _KEY in told:
                end = attributes(told[_KEY_END])[_PLAIN] if _KEY_END in told else None
                data = _data(attributes(told[_VALUE])) if _VALUE in told else None
                yield RawElement(attributes(told[_KEY])[_PLAIN], end, data, _comment(told.get(_DATA, b"")))


def _data(told: t.Mapping[int, bytes]) -> bytes | str:
    if _VERDICT not in told:
        return told.get(_PLAIN, b"")
    verdict = attributes(told[_VERDICT])
    code = _VERDICTS.get(_I32.unpack(verdict[_VERDICT_CODE])[0], "")
    return f"{code} {_text(verdict[_VERDICT_CHAIN])}" if _VERDICT_CHAIN in verdict else code


def _comment(data: bytes) -> str | None:
    """The comment in what the program keeps with rules and elements: type, length and value, each of a byte."""
    offset = 0
    while offset + 2 <= len(data):
        kind, length = data[offset], data[offset + 1]
        if kind == 0:
            return _text(data[offset + 2 : offset + 2 + length])
        offset += 2 + length
    return None


_SHOWN_CHAIN = re.compile(r"\tchain (\S+) \{")
_SHOWN_RULE = re.compile(r"\t\t(.*?)(?: comment \"[^\"]*\")? # handle ([0-9]+)")


def listed(host: Host, ref: str | None, table: str) -> dict[tuple[str, int], str]:
    """The rules of an inet table as nft shows them, without comments and counters, by chain and handle.

    Empty where nft is not installed or cannot list the table: old versions do not know all that newer ones write.
    """
    try:
        done = host.command(ref, ["nft", "--stateless", "--terse", "--handle", "list", "table", "inet", table])
    except FileNotFoundError:
        return {}
    found, chain = {}, ""
    for line in done.out.splitlines() if not done.rc else ():
        begun, rule = _SHOWN_CHAIN.match(line), _SHOWN_RULE.fullmatch(line)
        if begun:
            chain = begun[1]
        elif rule and chain:
            found[chain, int(rule[2])] = rule[1]
    return found


def installed() -> bool:
    """Whether the program is there."""
    return programs.find("nft") is not None


class TooLong(KernelRefused):
    """The kernel does not accept so many changes at once."""


def write(host: Host, ref: str | None, text: str) -> None:
    """Make one transaction: all of it or nothing."""
    try:
        done = host.command(ref, ["nft", "-f", "-"], text)
    except FileNotFoundError:
        raise Refused("nft is not installed, but is needed to write rules of nftables") from None
    if done.rc:
        _refuse_old(host)
        error = TooLong if "Message too long" in done.err else KernelRefused
        raise error(f"cannot change the rules of nftables: {_reason(done)}")


def write_in_parts(host: Host, ref: str | None, commands: t.Sequence[str]) -> None:
    """Make one transaction, or several where it must be: in a user namespace nft cannot raise the size of its socket's
    buffer, so the kernel refuses thousands of elements at once."""
    try:
        write(host, ref, "".join(f"{command}\n" for command in commands))
    except TooLong:
        if len(commands) < 2:
            raise
        middle = len(commands) // 2
        write_in_parts(host, ref, commands[:middle])
        write_in_parts(host, ref, commands[middle:])


#: So many elements are in one command.
_TOGETHER = 200


def of_elements(command: str, elements: t.Sequence[str]) -> t.Iterator[str]:
    """A command about elements of a set, as often as needed for all of them."""
    for first in range(0, len(elements), _TOGETHER):
        yield f"{command} {{ {', '.join(elements[first : first + _TOGETHER])} }}"


def too_old(host: Host, oldest: tuple[int, ...] = _OLDEST) -> str | None:
    """Why the installed nft cannot write our tables, which need that version; None if it can."""
    place = (__name__, "version")
    if place not in host.memory:
        host.memory[place] = host.command(None, ["nft", "--version"]).out.split()
    words: list[str] = host.memory[place]
    numbers = tuple(int(part) for part in words[1].lstrip("v").split(".") if part.isdigit()) if len(words) > 1 else ()
    if not numbers or numbers >= oldest:
        return None
    return f"nft {'.'.join(map(str, numbers))} is too old: nftables {'.'.join(map(str, oldest))} or newer is needed"


def _refuse_old(host: Host) -> None:
    reason = too_old(host)
    if reason:
        raise Refused(reason)


def _reason(done: programs.Completed) -> str:
    """The first complaint, with what it is about."""
    lines = [line for line in done.err.splitlines() if line.strip()]
    first = next((line for line in lines if "Error:" in line), lines[0] if lines else f"nft ended with {done.rc}")
    where = lines[lines.index(first) + 1].strip() if first in lines[:-1] else ""
    return f"{first.partition('Error:')[2].strip() or first}{f' ({where[:150]})' if where else ''}"
