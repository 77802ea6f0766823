# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Addresses on interfaces and what is known of neighbours, as the kernel has them."""

from __future__ import annotations

import dataclasses
import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPInterface

#: The broadcast address that is right on every network.
_EVERYBODY = "255.255.255.255"
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}


@dataclasses.dataclass(frozen=True)
class Address:
    """An address of an interface.

    ``dynamic`` is what ends by itself: leases of DHCP, addresses by router advertisement. ``failed`` is one that
    another host turned out to have, ``tentative`` one of which the kernel does not know that yet. ``broadcast`` is the
    address by which programs that ask reach all of the subnet; the kernel itself knows that of the subnet in any case.
    ``routeless`` is one for which the kernel was told to make no route to its subnet (``noprefixroute``).
    """

    index: int
    address: IPInterface
    scope: str = "global"
    dynamic: bool = False
    failed: bool = False
    tentative: bool = False
    broadcast: str | None = None
    routeless: bool = False

    @property
    def administered(self) -> bool:
        """Whether somebody gave it by hand or by tool, rather than the kernel, a lease or a router."""
        return self.scope in ("global", "site") and not self.dynamic

    @property
    def misses_all(self) -> bool:
        """Whether programs that ask are told another address than the one that reaches all of the subnet."""
        right = broadcast_of(self.address)
        return right is not None and not self.dynamic and self.broadcast not in (right, _EVERYBODY)


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """An address on the wire beside us and the MAC address that answers for it."""

    index: int
    address: str
    mac_address: str | None
    state: str


@dataclasses.dataclass(frozen=True)
class Proxy:
    """An address that is answered for on an interface. ``marked`` ones were not written by hand."""

    index: int
    address: str
    marked: bool


def same_subnet(one: IPInterface, other: IPInterface) -> bool:
    """Whether the kernel counts both IPv4 addresses to one subnet, of which the first is primary."""
    return isinstance(one, ipaddress.IPv4Interface) and one.network == other.network


def broadcast_of(address: IPInterface) -> str | None:
    """The address that reaches all of an IPv4 address's subnet; a subnet of one or two has none, and lo neither."""
    if not isinstance(address, ipaddress.IPv4Interface) or address.network.prefixlen > 30 or address.ip.is_loopback:
        return None
    return str(address.network.broadcast_address)
