# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Changes addresses, routes and neighbours. Call this inside ``Host.run``; OSError if the kernel refuses."""

from __future__ import annotations

import socket
import struct

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer, attribute
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import broadcast_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import (
    KERNEL,
    KERNEL_TYPES,
    NOWHERE,
    TABLES,
    TYPES,
    Route,
)

_NEWADDR, _DELADDR, _NEWROUTE, _DELROUTE, _NEWNEIGH, _DELNEIGH = 20, 21, 24, 25, 28, 29
_PUT, _ADD = 0x500, 0xC00
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_U32 = struct.Struct("=I").pack
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
#: Use the address at once: nobody else on the network has it, and a service that starts now can bind to it.
_NO_DUPLICATE_DETECTION = 2
_NO_PREFIX_ROUTE = 0x200
_SCOPE_GLOBAL, _SCOPE_LINK, _SCOPE_HOST, _SCOPE_ANY = 0, 253, 254, 255
_SCOPES = {"global": _SCOPE_GLOBAL, "link": _SCOPE_LINK, "host": _SCOPE_HOST}
_ALL_TYPES = {**TYPES, **KERNEL_TYPES}
_STATIC = 4
_ON_LINK = 4
_PERMANENT = 0x80
_PROXY = 8


def put_address(writer: Writer, index: int, address: IPInterface, routeless: bool = False) -> None:
    """Like ``ip address add`` with ``brd +``, so that programs can find out the broadcast address.

    :param routeless: with ``noprefixroute``
    """
    # All addresses of an IPv4 subnet have the same scope; this is the scope of 127.0.0.1.
    scope = _SCOPE_HOST if address.version == 4 and address.ip.is_loopback else _SCOPE_GLOBAL
    flags = (_NO_DUPLICATE_DETECTION if address.version == 6 else 0) | (_NO_PREFIX_ROUTE if routeless else 0)
    more = attribute(8, _U32(flags)) if flags else b""
    everybody = broadcast_of(address)
    if everybody:
        more += attribute(4, _packed(everybody))
    writer.change(_NEWADDR, _address(index, address, scope) + more, _PUT)


def delete_address(writer: Writer, index: int, address: IPInterface) -> None:
    """Delete the address with exactly this prefix length."""
    writer.change(_DELADDR, _address(index, address, _SCOPE_GLOBAL))


def _address(index: int, address: IPInterface, scope: int) -> bytes:
    header = _ADDRESS.pack(_FAMILIES[address.version], address.network.prefixlen, 0, scope, index)
    return header + attribute(2, address.ip.packed) + attribute(1, address.ip.packed)


def put_route(writer: Writer, index: int, route: Route) -> None:
    """Add a route, over the interface unless its type has none, in place of one with the same key."""
    on_link_itself = route.family == 4 and route.type not in NOWHERE and not route.via
    scope = _SCOPE_LINK if on_link_itself else _SCOPE_GLOBAL
    source = attribute(7, _packed(route.src)) if route.src else b""
    flags = _ON_LINK if route.on_link else 0
    writer.change(_NEWROUTE, _route(index, route, _STATIC, scope, flags) + source, _PUT)


def put_connected(writer: Writer, index: int, route: Route) -> None:
    """Add a route as the kernel does for an address, with which it removes the route again."""
    source = attribute(7, _packed(route.src)) if route.src else b""
    flags = _PUT if route.family == 4 and route.table == TABLES["main"] else _ADD
    writer.change(_NEWROUTE, _route(index, route, KERNEL, _SCOPES[route.scope], 0) + source, flags)


def delete_route(writer: Writer, index: int, route: Route) -> None:
    """Delete exactly this route."""
    writer.change(_DELROUTE, _route(index, route, route.protocol, _SCOPE_ANY, 0))


def _route(index: int, route: Route, protocol: int, scope: int, flags: int) -> bytes:
    destination, _slash, length = route.to.partition("/")
    # The header has one byte for the table; if it is 0, the kernel uses the attribute.
    table = route.table if route.table < 256 else 0
    family = _FAMILIES[route.family]
    body = _ROUTE.pack(family, int(length or 0), 0, 0, table, protocol, scope, _ALL_TYPES[route.type], flags)
    if length:
        body += attribute(1, _packed(destination))
    if route.type not in NOWHERE and not route.hops:
        body += attribute(4, _U32(index))
    # An IPv4 route with an IPv6 gateway would need another attribute; nothing here wants one.
    if route.via and (":" in route.via) == (route.family == 6):
        body += attribute(5, _packed(route.via))
    return body + attribute(15, _U32(route.table)) + attribute(6, _U32(route.metric))


def put_neighbour(writer: Writer, index: int, address: IPAddress, mac_address: str) -> None:
    """Like ``ip neigh replace ... nud permanent``."""
    link_address = attribute(2, bytes.fromhex(mac_address.replace(":", "")))
    writer.change(_NEWNEIGH, _neighbour(index, address, _PERMANENT) + link_address, _PUT)


def delete_neighbour(writer: Writer, index: int, address: IPAddress) -> None:
    """Delete the entry, so that the address is resolved again when needed."""
    writer.change(_DELNEIGH, _neighbour(index, address, 0))


def put_proxy(writer: Writer, index: int, address: IPAddress) -> None:
    """Like ``ip neigh add proxy``, with a protocol as our mark, which kernels support since 5.0."""
    writer.change(_NEWNEIGH, _neighbour(index, address, 0, _PROXY) + attribute(12, bytes([_STATIC])), _PUT)


def delete_proxy(writer: Writer, index: int, address: IPAddress) -> None:
    """Delete the proxy entry."""
    writer.change(_DELNEIGH, _neighbour(index, address, 0, _PROXY))


def _neighbour(index: int, address: IPAddress, state: int, flags: int = 0) -> bytes:
    return _NEIGHBOUR.pack(_FAMILIES[address.version], index, state, flags, 0) + attribute(1, address.packed)


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
