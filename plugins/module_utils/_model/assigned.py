# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Addresses, neighbours and proxy neighbours of interfaces, as in the kernel."""

from __future__ import annotations

import functools
import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

#: The limited broadcast address, which is valid on every network.
_EVERYBODY = "255.255.255.255"
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}


class Address(Value):
    """An address of an interface.

    ``dynamic``: has a lifetime, such as a DHCP lease or an autoconfigured address. ``failed``: duplicate address
    detection found another user; ``tentative``: it has not finished. ``broadcast``: the broadcast address that programs
    are told; the kernel itself always knows the subnet's. ``routeless``: the kernel made no route to the subnet
    (``noprefixroute``).
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
        """Whether it was configured by hand or by a tool, rather than by the kernel, DHCP or router advertisement."""
        return self.scope in ("global", "site") and not self.dynamic

    @functools.cached_property
    def misses_all(self) -> bool:
        """Whether programs are told a broadcast address that does not reach all of the subnet."""
        right = broadcast_of(self.address)
        return right is not None and not self.dynamic and self.broadcast not in (right, _EVERYBODY)


class Neighbour(Value):
    """A neighbour: an address and the MAC address it resolves to."""

    index: int
    address: str
    mac_address: str | None
    state: str


class Proxy(Value):
    """A proxy neighbour: an address that the interface answers for. Those added by hand are not ``marked``."""

    index: int
    address: str
    marked: bool


def same_subnet(one: IPInterface, other: IPInterface) -> bool:
    """Whether these are IPv4 addresses of the same subnet to the kernel, where the first one is primary."""
    return isinstance(one, ipaddress.IPv4Interface) and one.network == other.network


def broadcast_of(address: IPInterface) -> str | None:
    """The broadcast address of an IPv4 address's subnet; None for /31, /32 and loopback addresses."""
    if not isinstance(address, ipaddress.IPv4Interface) or address.network.prefixlen > 30 or address.ip.is_loopback:
        return None
    return str(address.network.broadcast_address)
