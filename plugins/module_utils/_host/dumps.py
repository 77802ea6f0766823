# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads a namespace as plain values: one dump per table, with only the needed attributes."""

from __future__ import annotations

import contextlib
import errno
import functools
import ipaddress
import os
import pathlib
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import (
    Reader,
    attribute,
    attributes,
    each_attribute,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import SCOPES, Address, Neighbour, Proxy
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import (
    BRIDGE,
    BRIDGE_PORT,
    DEFAULT_PVID,
    FORWARDING,
    LINK,
    PORT_STATE,
    Table,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import KERNEL_TYPES, TABLES, TYPES, Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.vlans import Vlans

_GETLINK, _GETADDR, _GETROUTE, _GETNEIGH, _GETNSID = 18, 22, 26, 30, 90
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_PROXY, _STATIC = 8, 4
_NEXT_HOP = struct.Struct("=HBBi")
_U8, _U16, _U32, _I32 = struct.Struct("=B"), struct.Struct("=H"), struct.Struct("=I"), struct.Struct("=i")

_IFF_UP, _IFF_RUNNING, _IFF_NOARP = 1, 0x40, 0x80
_XDP_ATTACHED = 2
_IFNAME = 3
_EXT_MASK, _WITHOUT_STATISTICS, _WITH_VLANS = 29, 8, 2
_WITHOUT = attribute(_EXT_MASK, _U32.pack(_WITHOUT_STATISTICS))
_VLAN = struct.Struct("=HH")
_VLAN_PVID = 2
_ADDRESS_PERMANENT, _ADDRESS_TENTATIVE, _ADDRESS_FAILED, _ADDRESS_ROUTELESS = 0x80, 0x40, 0x08, 0x200
_ROUTE_CACHED, _ROUTE_ON_LINK = 0x200, 4
_TYPE_NAMES = {number: name for name, number in {**TYPES, **KERNEL_TYPES}.items()}
_NEIGHBOUR_STATES = {
    1: "incomplete",
    2: "reachable",
    4: "stale",
    8: "delay",
    16: "probe",
    32: "failed",
    64: "noarp",
    128: "permanent",
}
_FAMILIES = {socket.AF_INET: 4, socket.AF_INET6: 6}
_UNASSIGNED = -1
#: More routes than this are returned in brief.
_MANY = 1000


_BRIDGE = (*BRIDGE, DEFAULT_PVID)
_PORT = (*BRIDGE_PORT, PORT_STATE)


def links(reader: Reader) -> Links:
    """Every interface, by name."""
    rows = reader.dump(_GETLINK, _LINK.pack(0, 0, 0, 0, 0) + _WITHOUT)
    return {link.name: link for link in map(_link, rows)}


def link(reader: Reader, index: int) -> Link:
    """One interface; OSError if it does not exist."""
    return _link(reader.ask(_GETLINK, _LINK.pack(0, 0, index, 0, 0) + _WITHOUT))


def named(reader: Reader, name: str) -> Link | None:
    """One interface by its real or alternative name, which is cheaper than all."""
    named = attribute(_IFNAME, os.fsencode(name) + b"\0")
    try:
        return _link(reader.ask(_GETLINK, _LINK.pack(0, 0, 0, 0, 0) + named + _WITHOUT))
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
        return None


def real_names(wanted: t.Iterable[str]) -> dict[str, str]:
    """The real names of interfaces given by real or alternative names."""
    found = {}
    for name in wanted:
        with contextlib.suppress(OSError):
            found[name] = socket.if_indextoname(socket.if_nametoindex(name))
    return found


def _link(row: bytes) -> Link:
    _family, _hardware, index, flags, _change = _LINK.unpack_from(row)
    found = attributes(row, _LINK.size)
    info = attributes(found[18]) if 18 in found else {}
    found_xdp = attributes(found[43]) if 43 in found else {}
    kind = _text(info[1]) if 1 in info else None
    return Link(
        index=index,
        name=_text(found[3]),
        kind=kind,
        up=bool(flags & _IFF_UP),
        mac_address=found[1].hex(":") if len(found.get(1, b"")) == 6 else None,
        alias=_text(found[20]) if 20 in found else None,
        alternatives=tuple(_text(value) for kind, value in each_attribute(found.get(52, b"")) if kind == 53),
        group=_number(found, 27) or 0,
        arp=not flags & _IFF_NOARP,
        master=_number(found, 10),
        peer_index=_number(found, 5) if kind == "veth" else None,
        peer_nsid=_I32.unpack_from(found[37])[0] if 37 in found else None,
        bridge=_values(info.get(2), _BRIDGE) if kind == "bridge" else None,
        port=_port(info.get(5)) if info.get(4, b"").rstrip(b"\0") == b"bridge" else None,
        families=found.get(26, b""),
        running=bool(flags & _IFF_RUNNING),
        qdisc=_text(found[6]) if 6 in found else None,
        xdp=any(found_xdp.get(_XDP_ATTACHED, b"\0")),
        **{row.name: row.read(found[row.number]) for row in LINK if row.number in found},
    )


def vlans(reader: Reader) -> dict[int, Vlans]:
    """The VLANs of each bridge port, by index; none if the kernel has no VLAN filtering."""
    request = _LINK.pack(socket.AF_BRIDGE, 0, 0, 0, 0) + attribute(
        _EXT_MASK, _U32.pack(_WITHOUT_STATISTICS | _WITH_VLANS)
    )
    found: dict[int, Vlans] = {}
    for row in reader.dump(_GETLINK, request):
        index = _LINK.unpack_from(row)[2]
        entries = [
            _VLAN.unpack_from(value)
            for kind, value in each_attribute(attributes(row, _LINK.size).get(26, b""))
            if kind == 2
        ]
        pvid = next((number for flags, number in entries if flags & _VLAN_PVID), None)
        found[index] = Vlans(frozenset(number for _flags, number in entries if number != pvid), pvid)
    return found


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "surrogateescape")


def _number(found: t.Mapping[int, bytes], kind: int) -> int | None:
    return _U32.unpack_from(found[kind])[0] if kind in found else None


def _values(data: bytes | None, table: Table) -> dict[str, t.Any]:
    found = attributes(data or b"")
    return {row.name: row.read(found[row.number]) for row in table if row.number in found}


def _port(data: bytes | None) -> dict[str, t.Any]:
    values = _values(data, _PORT)
    state = values.pop(PORT_STATE.name, None)
    return values if state is None else {**values, "forwarding": state == FORWARDING}


def addresses(reader: Reader) -> list[Address]:
    """Every address of both families in the kernel's order, in which the first IPv4 address of a subnet is primary."""
    return [address for address in map(_address, reader.dump(_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0))) if address]


def _address(row: bytes) -> Address | None:
    family, length, flags, scope, index = _ADDRESS.unpack_from(row)
    found = attributes(row, _ADDRESS.size)
    packed = found.get(2) or found.get(1)
    if family not in _FAMILIES or packed is None:
        return None
    flags = _number(found, 8) or flags
    return Address(
        index=index,
        address=(ipaddress.IPv4Interface if family == socket.AF_INET else ipaddress.IPv6Interface)((packed, length)),
        scope=SCOPES.get(scope, str(scope)),
        dynamic=not flags & _ADDRESS_PERMANENT,
        failed=bool(flags & _ADDRESS_FAILED),
        tentative=bool(flags & _ADDRESS_TENTATIVE),
        routeless=bool(flags & _ADDRESS_ROUTELESS),
        broadcast=socket.inet_ntop(family, found[4]) if 4 in found else None,
    )


def all_routes(reader: Reader, about: About | None = None) -> list[Route]:
    """The routes of all tables.

    :param about: leave out unrelated ones, of which there may be very many
    """
    rows = _route_rows(reader)
    some = rows if about is None else filter(about.may_mean, rows)
    return [route for route in map(_route, some) if route]


class About:
    """Interfaces by index, and prefix lengths by family, 4 or 6.

    It is a quick filter, which may let unrelated routes pass.
    """

    def __init__(self, indexes: t.Iterable[int], lengths: t.Collection[tuple[int, int]]) -> None:
        self._indexes = [_U32.pack(index) for index in indexes]
        numbers = {version: number for number, version in _FAMILIES.items()}
        self._lengths = {(int(numbers[version]), length) for version, length in lengths}

    def may_mean(self, row: bytes) -> bool:
        """Whether a route may use one of the interfaces, or have such a prefix length."""
        return (row[0], row[1]) in self._lengths or any(index in row for index in self._indexes)


def brief_routes(reader: Reader) -> tuple[list[Route], bool]:
    """The default routes and, unless there are very many, the others; and whether that is all."""
    rows = _route_rows(reader)
    complete = len(rows) <= _MANY
    some = rows if complete else [row for row in rows if row[1] == 0][:_MANY]
    return [route for route in map(_route, some) if route], complete


def _route_rows(reader: Reader) -> list[bytes]:
    return reader.dump(_GETROUTE, _ROUTE.pack(0, 0, 0, 0, 0, 0, 0, 0, 0))


# Many namespaces have most of their routes in common.
@functools.lru_cache(maxsize=256)
def _route(row: bytes) -> Route | None:
    family, length, _src_length, tos, table, protocol, scope, kind, flags = _ROUTE.unpack_from(row)
    if family not in _FAMILIES or flags & _ROUTE_CACHED or tos:
        return None
    found = attributes(row, _ROUTE.size)
    name = _TYPE_NAMES.get(kind, str(kind))
    leads_nowhere = name not in KERNEL_TYPES and name != "unicast"
    return Route(
        family=_FAMILIES[family],
        to=f"{socket.inet_ntop(family, found[1])}/{length}" if length else "default",
        table=_number(found, 15) or table,
        metric=_number(found, 6) or 0,
        type=name,
        via=_gateway(family, found),
        src=socket.inet_ntop(family, found[7]) if 7 in found else None,
        on_link=bool(flags & _ROUTE_ON_LINK),
        # IPv6 reports lo if IPv4 reports no interface.
        index=None if leads_nowhere else _number(found, 4),
        protocol=protocol,
        scope=SCOPES.get(scope, str(scope)),
        hops=tuple(_hops(family, found[9])) if 9 in found else (),
    )


def _gateway(family: int, found: t.Mapping[int, bytes]) -> str | None:
    if 5 in found:
        return socket.inet_ntop(family, found[5])
    if 18 in found:
        other = _U16.unpack_from(found[18])[0]
        return socket.inet_ntop(other, found[18][2:]) if other in _FAMILIES else None
    return None


def _hops(family: int, data: bytes) -> t.Iterator[tuple[int, str | None]]:
    """The next hops of a multipath route."""
    offset = 0
    while offset + _NEXT_HOP.size <= len(data):
        length, _flags, _weight, index = _NEXT_HOP.unpack_from(data, offset)
        if length < _NEXT_HOP.size:
            return
        yield index, _gateway(family, attributes(data[offset : offset + length], _NEXT_HOP.size))
        offset += (length + 3) & ~3


def neighbours(reader: Reader) -> list[Neighbour]:
    """The ARP and NDP entries, without those that need no resolution, such as multicast."""
    return [found for found in map(_neighbour, reader.dump(_GETNEIGH, _NEIGHBOUR.pack(0, 0, 0, 0, 0))) if found]


def _neighbour(row: bytes) -> Neighbour | None:
    family, index, state, _flags, _kind = _NEIGHBOUR.unpack_from(row)
    if family not in _FAMILIES or state in (0, 64):
        return None
    found = attributes(row, _NEIGHBOUR.size)
    if 1 not in found:
        return None
    return Neighbour(
        index=index,
        address=socket.inet_ntop(family, found[1]),
        mac_address=found[2].hex(":") if 2 in found else None,
        state=_NEIGHBOUR_STATES.get(state, str(state)),
    )


def proxies(reader: Reader) -> list[Proxy]:
    """The proxy neighbour entries."""
    found = []
    for row in reader.dump(_GETNEIGH, _NEIGHBOUR.pack(0, 0, 0, _PROXY, 0)):
        family, index, _state, flags, _kind = _NEIGHBOUR.unpack_from(row)
        values = attributes(row, _NEIGHBOUR.size)
        if family in _FAMILIES and flags & _PROXY and 1 in values:
            found.append(Proxy(index, socket.inet_ntop(family, values[1]), values.get(12, b"") == bytes([_STATIC])))
    return found


def nsid(reader: Reader, fd: int) -> int | None:
    """The number of another namespace in this one; None if it has none, as for itself."""
    answer = attributes(reader.ask(_GETNSID, b"\0\0\0\0" + attribute(3, _U32.pack(fd))), 4)
    number = _I32.unpack_from(answer[1])[0]
    return None if number == _UNASSIGNED else number


def table_names() -> dict[str, int]:
    """The names of routing tables in this host's files, in addition to the standard ones."""
    names = dict(TABLES)
    places = [
        path
        for base in ("/usr/lib/iproute2", "/usr/share/iproute2", "/etc/iproute2")
        for path in _table_files(pathlib.Path(base))
    ]
    for path in places:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.partition("#")[0].split()
            if len(words) == 2 and words[0].isascii() and words[0].isdigit() and len(words[0]) <= 10:
                names[words[1]] = int(words[0])
    return names


def _table_files(base: pathlib.Path) -> list[pathlib.Path]:
    return [path for path in (base / "rt_tables", *sorted(base.glob("rt_tables.d/*.conf"))) if path.is_file()]
