# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Copies interfaces, addresses, routes and settings of a namespace into another one, over netlink.

Call this inside ``Host.run``. Interfaces become ends of veth pairs with the same name, index and MAC address. What the
kernel said about addresses, routes and policy rules is sent as it came.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    Writer,
    attribute,
    each_attribute,
)

_NEW_LINK, _NEW_ADDRESS, _GET_ADDRESS = 16, 20, 22
_NEW_ROUTE, _DELETE_ROUTE, _GET_ROUTE = 24, 25, 26
_NEW_RULE, _DELETE_RULE, _GET_RULE = 32, 33, 34
_CREATE, _EXCLUSIVE, _REPLACE = 0x400, 0x200, 0x100
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_U32 = struct.Struct("=I")
_UP = 1
_NESTED = 0x8000
_LINK_ADDRESS, _NAME, _MTU, _INFO, _FD = 1, 3, 4, 18, 28
_KIND, _DATA, _PEER = 1, 2, 1
_FLAGS_OF_ADDRESS, _NODAD = 8, 0x02
_IPV6 = 10
_LOCAL = 255
_TARGET, _OUT, _GATEWAY, _CACHE, _VIA, _NEXTHOP = 1, 4, 5, 12, 18, 30
_LOOPBACK = 1
_CLONED = 0x200

_SETTINGS = {
    "ipv4": ("disable_policy", "rp_filter", "accept_local", "route_localnet", "src_valid_mark", "forwarding"),
    "ipv6": ("disable_ipv6", "forwarding"),
}
_SWITCHES = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")


class Card(t.NamedTuple):
    """An interface to copy; ``number`` is its index."""

    name: str
    number: int
    mac_address: str | None
    mtu: int
    up: bool


class Content(t.NamedTuple):
    """What the kernel said, row by row, and settings by path."""

    addresses: list[bytes]
    routes: list[bytes]
    rules: list[bytes]
    settings: dict[str, str]


def read(cards: t.Sequence[Card]) -> Content:
    """The content of the calling thread's namespace."""
    indexes = {card.number for card in cards} | {_LOOPBACK}
    with Reader() as reader:
        addresses = [
            row
            for row in reader.dump(_GET_ADDRESS, _ADDRESS.pack(0, 0, 0, 0, 0))
            if _ADDRESS.unpack_from(row)[4] in indexes
        ]
        # No packet takes those of ports, which are not copied.
        routes = [row for row in _routes(reader) if _out(row) in (None, *indexes)]
        rules = _rules(reader)
    names = ("all", "default", "lo", *(card.name for card in cards))
    paths = [
        *(f"net/{family}/conf/{name}/{key}" for family, keys in _SETTINGS.items() for name in names for key in keys),
        *_SWITCHES,
    ]
    settings = {path: sysctl.read(path) for path in paths}
    return Content(addresses, routes, rules, {path: value for path, value in settings.items() if value is not None})


def _routes(reader: Reader) -> list[bytes]:
    """All but those of the table local, which come with the addresses; those without a gateway first."""
    found = []
    for row in reader.dump(_GET_ROUTE, _ROUTE.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)):
        head = _ROUTE.unpack_from(row)
        if head[4] != _LOCAL and not head[8] & _CLONED:
            found.append(row)
    return sorted(found, key=lambda row: any(kind in (_GATEWAY, _VIA) for kind, _v in each_attribute(row, _ROUTE.size)))


def _out(row: bytes) -> int | None:
    """The index of the interface that a route leads to; None if it says none, or several."""
    found = dict(each_attribute(row, _ROUTE.size)).get(_OUT)
    return int(_U32.unpack(found)[0]) if found else None


def _rules(reader: Reader) -> list[bytes]:
    try:
        return reader.dump(_GET_RULE, _ROUTE.pack(0, 0, 0, 0, 0, 0, 0, 0, 0))
    except OSError:
        # A kernel without policy routing.
        return []


def make(cards: t.Sequence[Card], outer: int) -> None:
    """Create the interfaces in the calling thread's namespace, down; the other ends, pNUMBER, are in ``outer``."""
    with Writer() as writer:
        for card in cards:
            other = (
                _LINK.pack(0, 0, 0, 0, 0)
                + attribute(_NAME, f"p{card.number}".encode() + b"\0")
                + attribute(_FD, _U32.pack(outer))
            )
            info = attribute(_KIND, b"veth\0") + attribute(_DATA | _NESTED, attribute(_PEER | _NESTED, other))
            body = _LINK.pack(0, 0, card.number, 0, 0) + attribute(_NAME, card.name.encode() + b"\0")
            if card.mac_address:
                body += attribute(_LINK_ADDRESS, bytes.fromhex(card.mac_address.replace(":", "")))
            if card.mtu:
                body += attribute(_MTU, _U32.pack(min(card.mtu, 65535)))
            writer.change(_NEW_LINK, body + attribute(_INFO | _NESTED, info), _CREATE | _EXCLUSIVE)


def enable(names: t.Iterable[str]) -> None:
    """Have interfaces of the calling thread's namespace up."""
    with Writer() as writer:
        for name in names:
            writer.change(_NEW_LINK, _LINK.pack(0, 0, 0, _UP, _UP) + attribute(_NAME, name.encode() + b"\0"))


def fill(content: Content) -> list[str]:
    """Give the calling thread's namespace this content, and return what the kernel refuses.

    What it does not take twice, it has already.
    """
    refused: list[str] = []
    for path, value in content.settings.items():
        with contextlib.suppress(OSError):
            sysctl.write(path, value)
    with Writer() as writer:
        for row in content.addresses:
            with _noting(refused, f"the address {_target(row, _ADDRESS.size)}"):
                writer.change(_NEW_ADDRESS, _address(row), _CREATE | _REPLACE)
        for row in _routes(writer):
            with contextlib.suppress(OSError):
                writer.change(_DELETE_ROUTE, _without(row, _ROUTE.size, (_CACHE, _NEXTHOP)))
        for row in content.routes:
            with _noting(refused, f"the route to {_target(row, _ROUTE.size)}"):
                writer.change(_NEW_ROUTE, _without(row, _ROUTE.size, (_CACHE, _NEXTHOP)), _CREATE)
        there = _rules(writer)
        for row in content.rules:
            if row not in there:
                with _noting(refused, "a policy rule"):
                    writer.change(_NEW_RULE, row, _CREATE)
        for row in there:
            if row not in content.rules:
                with contextlib.suppress(OSError):
                    writer.change(_DELETE_RULE, row)
    return refused


@contextlib.contextmanager
def _noting(refused: list[str], what: str) -> t.Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EEXIST:
            refused.append(f"{what} ({error.strerror})")


def _target(row: bytes, size: int) -> str:
    """The address or the network that a row is about."""
    found = dict(each_attribute(row, size)).get(_TARGET)
    return f"{ipaddress.ip_address(found)}/{row[1]}" if found else "everywhere"


def _address(row: bytes) -> bytes:
    """An address without duplicate address detection, which would take a second."""
    family, length, flags, scope, index = _ADDRESS.unpack_from(row)
    if family == _IPV6:
        flags |= _NODAD
    rest = _without(row, _ADDRESS.size, (_FLAGS_OF_ADDRESS,))[_ADDRESS.size :]
    return _ADDRESS.pack(family, length, flags & ~0x40 & 0xFF, scope, index) + rest


def _without(row: bytes, size: int, kinds: t.Container[int]) -> bytes:
    rest = b"".join(attribute(kind, value) for kind, value in each_attribute(row, size) if kind not in kinds)
    return row[:size] + rest
