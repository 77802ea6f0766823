# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds nftables rules that translate packets to single ports, other than those of iptables, without the nft program.

firewalld, netavark and newer Docker engines publish ports like this. Call this inside ``Host.run``.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains as nft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    attribute,
    attributes,
    each_attribute,
)

Ports = tuple[tuple[int, int], ...]

_GET_ELEMENTS = 10 << 8 | 13
_NUMBER = struct.Struct("!I")
_PRIORITY = struct.Struct("!i")
_PORT = struct.Struct("!H")
#: The hooks at which destinations are translated, and the priority of iptables' chains there.
_HOOKS, _OURS = (0, 3), -100
_TYPE, _HOOK_PRIORITY = 7, 2
_ELEMENTS, _OF_SET = 3, 2
_KEY, _ELEMENT_FLAGS, _INTERVAL_END = 1, 3, 1
_NETWORK, _TRANSPORT = 1, 2
_PROTOCOL_OF_NETWORK, _PROTOCOL_OF_TRANSPORT = 15, 16
_EQUAL, _LESS, _AT_MOST, _MORE, _AT_LEAST = 0, 2, 3, 4, 5
_VERSIONS: dict[int, str] = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
_PROTOCOLS: dict[int, str] = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp", socket.IPPROTO_SCTP: "sctp"}
#: Offset and length of the destination address in the network header.
_DESTINATIONS = {(16, 4), (24, 16)}


class Translation(t.NamedTuple):
    """A rule that translates packets to some ports. ``first`` is None if its chain has the same priority as ours."""

    ip_version: str
    family: str
    table: str
    chain: str
    protocol: str | None
    ports: Ports
    destination: str | None
    first: bool | None


def foreign(own: t.Collection[IPAddress]) -> list[Translation]:
    """The rules that may translate packets to one of the host's own addresses.

    Jumps are not followed: a rule counts anywhere in a table that translates, but only if it names ports itself.
    """
    with Reader(protocol=nft.NETFILTER) as reader:
        found = {
            told
            for (number, table), priority in _translating(reader).items()
            for row in nft.dump(reader, nft.GET_RULE, number, table)
            for told in _of_rule(reader, row, number, table, priority)
        }
    return sorted((one for one in found if _is_for(one, own)), key=repr)


def _is_for(one: Translation, own: t.Collection[IPAddress]) -> bool:
    return one.destination is None or parse_address(one.destination) in own


def _translating(reader: Reader) -> dict[tuple[int, str], int]:
    """The tables with chains that translate destinations, and the priority of the first of these chains."""
    found: dict[tuple[int, str], int] = {}
    for row in nft.dump(reader, nft.GET_CHAIN, 0):
        told = attributes(row, nft.NFGENMSG.size)
        table = nft.text(told.get(nft.TABLE, b""))
        if row[0] not in nft.FAMILIES or (table in TABLES and row[0] in _VERSIONS):
            continue
        hook = attributes(told.get(nft.HOOK, b""))
        if nft.text(told.get(_TYPE, b"")) != "nat" or _number(hook.get(nft.HOOK_NUMBER)) not in _HOOKS:
            continue
        (priority,) = _PRIORITY.unpack(hook[_HOOK_PRIORITY])
        found[row[0], table] = min(priority, found.get((row[0], table), priority))
    return found


class _Met:
    """What is known about a packet that gets to an expression of a rule."""

    def __init__(self, versions: set[str]) -> None:
        self.versions = versions
        self.protocols: set[int] | None = None
        self.low, self.high = 0, 65535
        self.listed: Ports | None = None
        self.destination: str | None = None
        #: What the registers contain, as far as it matters.
        self.registers: dict[int | None, str] = {}

    @property
    def ports(self) -> Ports | None:
        """The ports that the rule matches, None if it names none."""
        if self.listed is not None:
            return self.listed
        return ((self.low, self.high),) if (self.low, self.high) != (0, 65535) else None


def _of_rule(reader: Reader, row: bytes, number: int, table: str, priority: int) -> t.Iterator[Translation]:
    told = attributes(row, nft.NFGENMSG.size)
    met = _Met({_VERSIONS[number]} if number in _VERSIONS else set(_VERSIONS.values()))
    expressions = [attributes(data) for _kind, data in each_attribute(told.get(nft.EXPRESSIONS, b""))]
    named = [(nft.text(one.get(nft.NAME, b"")), attributes(one.get(nft.DATA, b""))) for one in expressions]
    if not any(_translates(name, values) for name, values in named):
        return
    for name, values in named:
        if _translates(name, values):
            break
        _narrow(met, name, values, lambda name: _elements(reader, number, table, name))
    # A translation states the IP version of its address.
    to = _VERSIONS.get(_number(values.get(2)) or 0) if name == "nat" else None
    versions = met.versions & {to} if to else met.versions
    protocols = [_PROTOCOLS[one] for one in met.protocols if one in _PROTOCOLS] if met.protocols is not None else [None]
    first = None if priority == _OURS else priority < _OURS
    for version in versions if met.ports else ():
        for protocol in protocols:
            chain = nft.text(told.get(2, b""))
            family = nft.FAMILIES[number]
            yield Translation(version, family, table, chain, protocol, met.ports or (), met.destination, first)


def _translates(name: str, values: t.Mapping[int, bytes]) -> bool:
    return name == "redir" or (name == "nat" and _number(values.get(1)) == 1)


def _narrow(met: _Met, name: str, values: t.Mapping[int, bytes], elements: t.Callable[[str], Ports]) -> None:
    """Evaluate an expression about a port, a protocol or the destination."""
    held = ""
    if name in ("cmp", "range", "lookup"):
        held = met.registers.get(_number(values.get(2 if name == "lookup" else 1)), "")
    if name in ("payload", "meta", "bitwise"):
        register = _number(values.get(2 if name == "bitwise" else 1))
        met.registers[register] = _loaded(name, values)
    elif name == "cmp" and held:
        _compare(met, held, _number(values.get(2)), _value(values.get(3)))
    elif name == "range" and held == "port" and _number(values.get(2)) == _EQUAL:
        met.low, met.high = _port(_value(values.get(3))), _port(_value(values.get(4)))
    elif name == "lookup" and held in ("port", "protocol") and not _number(values.get(5)):
        listed = elements(nft.text(values.get(1, b"")))
        if held == "port":
            met.listed = listed
        else:
            met.protocols = {first for first, _last in listed}


def _loaded(name: str, values: t.Mapping[int, bytes]) -> str:
    """What an expression loads into a register; empty if it does not matter here."""
    if name == "meta":
        return {_PROTOCOL_OF_NETWORK: "version", _PROTOCOL_OF_TRANSPORT: "protocol"}.get(
            _number(values.get(2)) or 0, ""
        )
    if name == "bitwise":
        return ""
    base, offset, length = (_number(values.get(kind)) for kind in (2, 3, 4))
    if (base, offset, length) == (_TRANSPORT, 2, 2):
        return "port"
    return "destination" if base == _NETWORK and (offset, length) in _DESTINATIONS else ""


def _compare(met: _Met, held: str, operator: int | None, value: bytes) -> None:
    if held == "port":
        port = _port(value)
        if operator in (_EQUAL, _AT_LEAST, _MORE):
            met.low = max(met.low, port + (operator == _MORE))
        if operator in (_EQUAL, _AT_MOST, _LESS):
            met.high = min(met.high, port - (operator == _LESS))
    elif operator == _EQUAL and held == "protocol":
        met.protocols = {value[0]}
    elif operator == _EQUAL and held == "version":
        met.versions &= {_VERSIONS.get(value[0], "")}
    elif operator == _EQUAL:
        family = socket.AF_INET if len(value) == 4 else socket.AF_INET6
        met.destination = socket.inet_ntop(family, value)


def _elements(reader: Reader, number: int, table: str, name: str) -> Ports:
    """The numbers in a set, as ranges. The end of a range is an element of its own, and excluded."""
    found: list[tuple[int, bool]] = []
    for row in nft.dump(reader, _GET_ELEMENTS, number, table, attribute(_OF_SET, name.encode("latin-1") + b"\0")):
        for _kind, data in each_attribute(attributes(row, nft.NFGENMSG.size).get(_ELEMENTS, b"")):
            element = attributes(data)
            ends = bool((_number(element.get(_ELEMENT_FLAGS)) or 0) & _INTERVAL_END)
            found.append((int.from_bytes(_value(element.get(_KEY)), "big"), not ends))
    found.sort()
    if all(begins for _key, begins in found):
        return tuple((key, key) for key, _begins in found)
    ranges: list[tuple[int, int]] = []
    for (key, begins), (after, _begins) in zip(found, [*found[1:], (65536, False)]):
        if begins:
            ranges.append((key, after - 1))
    return tuple(ranges)


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(_NUMBER.unpack(value)[0])


def _port(value: bytes) -> int:
    return int(_PORT.unpack(value)[0])


def _value(value: bytes | None) -> bytes:
    """The data of an operand."""
    return attributes(value or b"").get(1, b"")
