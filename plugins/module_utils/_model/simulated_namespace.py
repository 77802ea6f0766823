# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Simulates the interfaces, addresses and routes of a namespace, including side effects of the kernel.

Bringing an interface down removes its routes and IPv6 addresses, and deleting an address the routes that depend on it.
A plan has to predict that to restore what should stay, and for check mode to be exact.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import (
    Address,
    broadcast_of,
    same_subnet,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import TABLES, Route, text


class Stack:
    """One namespace after the steps planned so far."""

    def __init__(self, links: Links, addresses: t.Iterable[Address], routes: t.Iterable[Route]) -> None:
        self.links = dict(links)
        self.addresses = list(addresses)
        self.routes = list(routes)

    def addresses_of(self, index: int) -> list[Address]:
        return [one for one in self.addresses if one.index == index]

    def name_of(self, index: int) -> str:
        return next((link.name for link in self.links.values() if link.index == index), f"number {index}")

    def change(self, name: str, **values: t.Any) -> None:
        """Set attributes of an interface, by their names in Link."""
        self.links[name] = self.links[name].but(**values)

    def turn(self, name: str, up: bool) -> None:
        """Bring an interface up or down. Down, it keeps only its IPv4 addresses."""
        self.change(name, up=up)
        if not up:
            index = self.links[name].index
            self.addresses = [one for one in self.addresses if one.index != index or one.address.version == 4]
            self._lose_routes(index)

    def add_address(self, index: int, address: IPInterface, routeless: bool = False) -> None:
        self.addresses.append(Address(index, address, broadcast=broadcast_of(address), routeless=routeless))

    def delete_address(self, index: int, address: IPInterface, keep_others: bool) -> None:
        """Delete an address and, unless ``keep_others``, the secondary IPv4 addresses that go with it."""
        mine = self.addresses_of(index)
        gone = [one for one in mine if one.address == address]
        first = next((one for one in mine if same_subnet(one.address, address)), None)
        if not keep_others and first in gone:
            gone = [one for one in mine if one in gone or same_subnet(one.address, address)]
        self.addresses = [one for one in self.addresses if one not in gone]
        for one in gone:
            self._lose_source(index, one.address)
        if address.version == 4 and not any(one.address.version == 4 for one in self.addresses_of(index)):
            self._lose_routes(index, family=4)

    def put_route(self, route: Route) -> None:
        """Add a route in place of those with the same key over the same interface, or over none."""
        self.routes = [one for one in self.routes if one.key != route.key or not belongs(one, route.index)] + [route]

    def put_connected(self, route: Route) -> None:
        """Add a route of the kernel, which may exist over other interfaces as well."""
        if route.family == 4 and route.table == TABLES["main"]:
            self.put_route(route)
        else:
            self.routes.append(route)

    def delete_route(self, route: Route) -> None:
        self.routes.remove(route)

    def _lose_source(self, index: int, address: IPInterface) -> None:
        """Remove IPv4 routes of the main table with their source address; IPv6 ones lose it."""
        if any(one.address.ip == address.ip for one in self.addresses):
            return
        source = text(address.ip)
        if address.version == 4:
            self.routes = [one for one in self.routes if one.src != source or one.table != TABLES["main"]]
        else:
            self.routes = [
                one.but(src=None) if one.src == source and one.index == index else one for one in self.routes
            ]

    def _lose_routes(self, index: int, family: int | None = None) -> None:
        """Remove routes that use only this interface."""
        self.routes = [one for one in self.routes if one.indexes != {index} or family not in (None, one.family)]


def belongs(route: Route, index: int | None) -> bool:
    """Whether a route uses only this interface, or none."""
    return route.indexes <= {index}
