# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The routes that the kernel adds along with an address and that its traffic depends on.

The kernel adds them only once, when the address is added or the link goes up. If a routing table is flushed, it does
not add them again.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, same_subnet
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import (
    KERNEL,
    KERNEL_TYPES,
    TABLES,
    Route,
    text,
)

_MAIN, _LOCAL = TABLES["main"], TABLES["local"]
#: The metric of the kernel's own IPv6 routes.
_METRIC_6 = 256
_LINK_LOCAL = ipaddress.IPv6Network("fe80::/64")
_MULTICAST = "ff00::/8"


def lost(link: Link, listed: t.Sequence[Address], mine: t.Sequence[Address], routes: t.Iterable[Route]) -> list[Route]:
    """The kernel's routes of these addresses that are missing.

    :param listed: the addresses to check
    :param mine: all addresses of the link, in the kernel's order
    """
    expected = [route for one in listed for route in _of_address(one, mine)]
    if _is_ethernet(link) and any(one.address.version == 6 for one in listed):
        expected += _of_link(mine)
    if not expected:
        return []
    there = {_sense(route) for route in routes if link.index in route.indexes}
    gone = dict.fromkeys(route for route in expected if _sense(route) not in there)
    return [route.but(index=link.index) for route in gone]


def link_local(link: Link, mine: t.Iterable[Address]) -> IPInterface | None:
    """The IPv6 link-local address if the link has lost it; without one, neighbour discovery does not work.

    The kernel derives it from the MAC address when a link gets a carrier.
    """
    if not _is_ethernet(link) or any(_is_link_local(one) for one in mine):
        return None
    octets = bytearray.fromhex(str(link.mac_address).replace(":", ""))
    octets[0] ^= 2
    packed = _LINK_LOCAL.network_address.packed[:8] + bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
    return ipaddress.IPv6Interface((packed, 64))


def primary(address: IPInterface, mine: t.Iterable[Address]) -> IPInterface:
    """The first address in an IPv4 address's subnet, which is the source of the subnet's routes."""
    return next((one.address for one in mine if same_subnet(one.address, address)), address)


def words(route: Route) -> str:
    """A short description of a route, for messages."""
    kind = f"{route.type} " if route.type != "unicast" else ""
    return f"{kind}{route.to.removesuffix('/32')}"


def _is_ethernet(link: Link) -> bool:
    """Whether the link has a MAC address and a carrier, so that the kernel adds per-link IPv6 routes."""
    return link.running and link.mac_address not in (None, "00:00:00:00:00:00")


def _is_link_local(one: Address) -> bool:
    return one.address.version == 6 and one.address.ip in _LINK_LOCAL and not one.failed


def _sense(route: Route) -> tuple[t.Any, ...]:
    """What matters about a route, regardless of its origin and metric.

    Older kernels have the multicast route as a unicast one.
    """
    local = route.table == _LOCAL
    kind = route.type if local and route.to != _MULTICAST else "unicast"
    return (route.family, route.to, route.table, kind, route.via)


def _of_address(one: Address, mine: t.Sequence[Address]) -> t.Iterator[Route]:
    address = one.address
    if address.version == 6:
        if address.network.prefixlen < 128 and not one.routeless:
            yield _prefix(address)
        return
    first = primary(address, mine)
    source = text(first.ip)
    network, loopback = address.network, address.ip.is_loopback
    yield Route(4, f"{text(address.ip)}/32", _LOCAL, type="local", src=source, protocol=KERNEL, scope="host")
    if network.prefixlen == 32 or first != address:
        return
    to = f"{text(network.network_address)}/{network.prefixlen}"
    if loopback and not one.routeless:
        yield Route(4, to, _LOCAL, type="local", src=source, protocol=KERNEL, scope="host")
    elif not one.routeless:
        yield Route(4, to, _MAIN, src=source, protocol=KERNEL, scope="link")
    if network.prefixlen < 31:
        everybody = f"{text(network.broadcast_address)}/32"
        yield Route(4, everybody, _LOCAL, type="broadcast", src=source, protocol=KERNEL, scope="link")


def _of_link(mine: t.Iterable[Address]) -> t.Iterator[Route]:
    """The IPv6 routes that every link has."""
    yield Route(6, _MULTICAST, _LOCAL, metric=_METRIC_6, type="multicast", protocol=KERNEL)
    for one in mine:
        if _is_link_local(one) and not one.routeless:
            yield _prefix(one.address)


def _prefix(address: IPInterface) -> Route:
    network = address.network
    return Route(6, f"{text(network.network_address)}/{network.prefixlen}", _MAIN, metric=_METRIC_6, protocol=KERNEL)


def unheard(mine: t.Iterable[Address], routes: t.Iterable[Route]) -> list[Address]:
    """IPv6 addresses without a local route, so that the host does not accept their packets.

    A route that we added in its place would outlive the address, so the address is added anew instead.
    """
    settled = [one for one in mine if one.address.version == 6 and not one.tentative]
    if not settled:
        return []
    own = {route.to for route in routes if route.table == _LOCAL and route.type in KERNEL_TYPES}
    return [one for one in settled if f"{text(one.address.ip)}/128" not in own]
