# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Planning for what the kernel adds to an interface's addresses, and what it never adds again once it is lost. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import connected
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.simulated_namespace import Stack

#: Kinds of links that are Ethernet and speak ARP unless somebody forbade it.
_ETHERNET = ("veth", "bridge")


class Lost:
    """What one interface has lost, as it was before anything is planned.

    :param wanted: the addresses that are to be there
    :param quiet: whether it has no IPv6 address of its own for a reason
    :param liars: addresses of neighbours for which somebody wrote down a wrong MAC address
    """

    def __init__(
        self, link: Link, wanted: t.Collection[IPInterface], stack: Stack, quiet: bool, liars: t.Sequence[IPAddress]
    ) -> None:
        mine = stack.addresses_of(link.index)
        listed = [one for one in mine if one.address in wanted and not one.failed]
        alive = bool(wanted) and link.up
        #: Whose true MAC address is not asked for.
        self.neighbours = tuple(liars) if alive else ()
        #: Whether it asks nobody for a MAC address.
        self.mute = alive and link.kind in _ETHERNET and not link.arp
        speaks_6 = alive and any(address.version == 6 for address in wanted)
        #: Addresses whose traffic the host does not take for its own; given anew.
        self.unheard: list[Address] = []
        if speaks_6:
            ours = [one for one in mine if one in listed or one.scope == "link"]
            self.unheard = connected.unheard(ours, stack.routes)
        #: The link's own IPv6 address, where it is gone.
        self.link_local = connected.link_local(link, mine) if speaks_6 and not quiet else None
        #: Of each lost route the address that the kernel kept it by.
        self.routes: list[tuple[Route, IPInterface]] = []
        if alive and not _in_vrf(link, stack):
            whole = [one for one in listed if not one.misses_all and one not in self.unheard]
            self.routes = [(route, _keeper(route, mine)) for route in connected.lost(link, whole, mine, stack.routes)]

    def words(self) -> list[str]:
        """What is to come back, for people."""
        found = ["ARP"] if self.mute else []
        found += [f"neighbour {address}" for address in self.neighbours]
        found += [f"local {one.address.ip}" for one in self.unheard]
        if self.link_local:
            found.append(str(self.link_local))
        return found + [connected.words(route) for route, _keeper in self.routes]

    def still(self, mine: t.Sequence[Address]) -> list[Route]:
        """The routes that are still to be put when the addresses are these.

        Where another address became the first of its subnet, the kernel has written its routes.
        """
        there = {one.address for one in mine}
        return [
            route
            for route, keeper in self.routes
            if keeper in there and (keeper.version == 6 or connected.primary(keeper, mine) == keeper)
        ]


def _keeper(route: Route, mine: t.Sequence[Address]) -> IPInterface:
    """The address that a route is of."""
    if route.src:
        return next(one.address for one in mine if str(one.address.ip) == route.src)
    return next(
        (one.address for one in mine if str(one.address.network) == route.to),
        next(one.address for one in mine if one.address.version == 6),
    )


def _in_vrf(link: Link, stack: Stack) -> bool:
    """Where a link is part of a VRF, its routes are in the VRF's table."""
    return link.master is not None and any(
        other.index == link.master and other.kind == "vrf" for other in stack.links.values()
    )
