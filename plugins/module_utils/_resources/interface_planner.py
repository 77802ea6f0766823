# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Plans an interface: pure, on a stack that simulates the effect of each step.

The order of the steps makes sure that nothing is lost or open for a moment: MTU and MAC address, settings, addresses,
then up, then routes. An interface that has to be down goes down first, since that removes IPv6 addresses.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings, sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, same_subnet
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.bindings import Bindings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import (
    ADMINISTERED,
    KERNEL,
    NOWHERE,
    TABLES,
    Key,
    Route,
    RouteWish,
    text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.simulated_namespace import Stack, belongs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import (
    interface_neighbours,
    interface_proxies,
    interface_words,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_connected import Lost
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_steps import (
    AddAddress,
    Announce,
    DeleteAddress,
    DeleteRoute,
    PutConnected,
    PutRoute,
    SetLink,
    SetNeighbours,
    SpeakArp,
    Step,
    Turn,
    WriteSettings,
)

#: Settings that make the kernel announce an interface that goes up.
_NOTIFY = ("net/ipv4/conf/IFNAME/arp_notify", "net/ipv6/conf/IFNAME/ndisc_notify")


@dataclasses.dataclass(frozen=True)
class Wish:
    """None means not managed. Settings are keyed by path below /proc/sys with IFNAME, as users write them."""

    state: str
    owner: str
    netns: str | None
    name: str
    enabled: bool = True
    mtu: int | None = None
    mac_address: str | None = None
    addresses: tuple[IPInterface, ...] | None = None
    routes: tuple[RouteWish, ...] | None = None
    purge_addresses: bool = False
    purge_routes: bool = False
    neighbours: Bindings | None = None
    purge_neighbours: bool = False
    proxies: tuple[IPAddress, ...] | None = None
    purge_proxies: tuple[IPNetwork, ...] = ()
    settings: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return f"interface {self.name}" + (f" in namespace {self.netns}" if self.netns else "")

    def path(self, setting: str) -> str:
        """The path of a setting of this interface."""
        return sysctls.of_interface(setting, self.name)


@dataclasses.dataclass(frozen=True)
class Found:
    """What was read beside the stack.

    ``settings`` are the current values of the wanted ones, and ``tables`` the numbers of routing tables by name.
    ``quiet`` is whether the interface has no IPv6 address from the kernel. ``neighbours`` are the managed permanent
    ones, and ``liars`` others with a wrong MAC address. ``proxies`` are the proxy neighbours of the interface, each
    with whether this module added it.
    """

    settings: t.Mapping[str, str | None]
    tables: t.Mapping[str, int]
    quiet: bool = False
    neighbours: Bindings = dataclasses.field(default_factory=dict)
    liars: t.Sequence[IPAddress] = ()
    proxies: t.Mapping[IPAddress, bool] = dataclasses.field(default_factory=dict)


class InterfacePlanner:
    """Plans one interface and applies each step to the simulated stack of its namespace."""

    def __init__(self, wish: Wish, stack: Stack, found: Found) -> None:
        self._wish = wish
        self._stack = stack
        self._settings = found.settings
        self._index = stack.links[wish.name].index
        self._routes = [one.route(found.tables, self._index) for one in wish.routes or ()]
        wished = wish.addresses or () if wish.enabled else ()
        self._lost = Lost(self._link, wished, stack, found.quiet, found.liars)
        self._neighbours = interface_neighbours.managed(wish.neighbours or {}, found.neighbours, wish.purge_neighbours)
        self._answered = interface_proxies.managed(wish.proxies, wish.purge_proxies, found.proxies)
        #: These stay without a route when they are replaced.
        self._routeless = {one.address for one in stack.addresses_of(self._index) if one.routeless}
        self.steps: list[Step] = []

    @property
    def _link(self) -> Link:
        return self._stack.links[self._wish.name]

    def present(self) -> Change:
        wish = self._wish
        before, after = self._before(), self._after()
        if before != after:
            self._set_link()
            if self._lost.mute:
                self.steps.append(SpeakArp(wish.netns, wish.name))
                self._stack.change(wish.name, arp=True)
            if not wish.enabled:
                self._turn(False)
            self._write_settings()
            self._place_addresses()
            if wish.enabled:
                self._turn(True)
            self._place_connected()
            self._place_routes()
            if wish.neighbours is not None:
                self.steps += interface_neighbours.steps(wish.netns, wish.name, wish.neighbours, self._neighbours)
            if wish.proxies is not None:
                self.steps += interface_proxies.steps(wish.netns, wish.name, wish.proxies, self._answered)
            self._announce()
        return Change(before, after)

    def absent(self) -> Change:
        """Remove what is listed, addresses of any prefix length, and nothing else."""
        routes = [
            route
            for wished in self._routes
            for route in self._mine(wished.key)
            if (route.type in NOWHERE) == (wished.type in NOWHERE)
        ]
        addresses = self._listed()
        before: dict[str, t.Any] = {}
        if addresses:
            before["addresses"] = interface_words.texts(one.address for one in addresses)
        if routes:
            before["routes"] = interface_words.views(routes)
        listed = interface_neighbours.managed(self._wish.neighbours or {}, self._neighbours, purge=False)
        if listed:
            before["neighbours"] = bindings.views(listed.items())
        self.steps += interface_neighbours.steps(self._wish.netns, self._wish.name, {}, listed)
        if self._answered:
            before["proxy_neighbours"] = interface_words.plain(self._answered)
            self.steps += interface_proxies.steps(self._wish.netns, self._wish.name, (), self._answered)
        for route in routes:
            self._delete_route(route)
        for one in addresses:
            self._delete_address(one.address)
        return Change(before, {})

    # What exists and what is wanted, in the same form.

    def _before(self) -> dict[str, t.Any]:
        wish = self._wish
        view: dict[str, t.Any] = {"enabled": self._link.up}
        view.update({word: getattr(self._link, word) for word in self._link_values()})
        if self._lost.words():
            view["lost"] = self._lost.words()
        if wish.addresses is not None:
            view["addresses"] = interface_words.words(
                [one for one in self._listed() + self._surplus_addresses() if not one.failed]
            )
        if wish.routes is not None:
            kept = [route for wished in self._routes for route in self._mine(wished.key)]
            view["routes"] = interface_words.views(kept + self._surplus_routes())
        if wish.neighbours is not None:
            view["neighbours"] = bindings.views(self._neighbours.items())
        if wish.proxies is not None:
            view["proxy_neighbours"] = interface_words.plain(self._answered)
        if wish.settings:
            view["sysctls"] = sysctls.by_name(self._settings)
        return view

    def _after(self) -> dict[str, t.Any]:
        wish = self._wish
        view: dict[str, t.Any] = {"enabled": wish.enabled, **self._link_values()}
        if wish.addresses is not None:
            view["addresses"] = interface_words.texts(wish.addresses)
        if wish.routes is not None:
            view["routes"] = interface_words.views(self._routes)
        if wish.neighbours is not None:
            view["neighbours"] = bindings.views(wish.neighbours.items())
        if wish.proxies is not None:
            view["proxy_neighbours"] = interface_words.plain(wish.proxies)
        if wish.settings:
            view["sysctls"] = sysctls.by_name(wish.settings)
        return view

    def _link_values(self) -> dict[str, t.Any]:
        values = {"mtu": self._wish.mtu, "mac_address": self._wish.mac_address}
        return {word: value for word, value in values.items() if value is not None}

    # The link itself.

    def _set_link(self) -> None:
        drifted = {word: value for word, value in self._link_values().items() if getattr(self._link, word) != value}
        if drifted:
            self.steps.append(SetLink(self._wish.netns, self._wish.name, drifted))
            self._stack.change(self._wish.name, **drifted)

    def _turn(self, up: bool) -> None:
        if self._link.up != up:
            self.steps.append(Turn(self._wish.netns, self._wish.name, up))
            self._stack.turn(self._wish.name, up)

    def _write_settings(self) -> None:
        drifted = {
            self._wish.path(word): value for word, value in self._wish.settings.items() if self._settings[word] != value
        }
        if drifted:
            self.steps.append(WriteSettings(self._wish.netns, self._wish.name, drifted))

    def _announce(self) -> None:
        """If the kernel announces the interface to its neighbours, make sure that it is received."""
        wish = self._wish
        told = any(wish.settings.get(word) == "1" for word in _NOTIFY)
        news = any(isinstance(step, (SetLink, AddAddress, Turn)) for step in self.steps)
        if told and news and wish.enabled:
            # Even behind a new interface, a bridge inside may connect machines with neighbour caches.
            came_up = any(isinstance(step, Turn) for step in self.steps) and self._link.master is None
            addresses = tuple(text(address.ip) for address in wish.addresses or ())
            self.steps.append(Announce(wish.netns, wish.name, self._index, came_up, addresses))

    # Addresses.

    def _listed(self) -> list[Address]:
        """Addresses of the interface that the wish names, with any prefix length."""
        named = {address.ip for address in self._wish.addresses or ()}
        return [one for one in self._stack.addresses_of(self._index) if one.address.ip in named]

    def _surplus_addresses(self) -> list[Address]:
        if not self._wish.purge_addresses:
            return []
        named = {address.ip for address in self._wish.addresses or ()}
        return [
            one for one in self._stack.addresses_of(self._index) if one.administered and one.address.ip not in named
        ]

    def _place_addresses(self) -> None:
        """Add new IPv4 addresses before removing old ones: an interface without any would lose its routes.

        IPv6 does not accept one address with two prefix lengths, so the old one goes first.
        """
        if self._wish.addresses is None:
            return
        for one in self._listed():
            if one.misses_all and one.address in self._wish.addresses:
                self._renew(one)
        wrong = [
            one
            for one in self._listed()
            if one.address not in self._wish.addresses or one.failed or one in self._lost.unheard
        ]
        surplus = self._surplus_addresses()
        for one in wrong:
            if one.address.version == 6:
                self._delete_address(one.address)
        present = {one.address for one in self._stack.addresses_of(self._index)}
        for address in self._wish.addresses:
            if address not in present:
                self._add_address(address)
        for one in wrong + surplus:
            if one.address.version == 4 or one in surplus:
                self._delete_address(one.address)

    def _renew(self, one: Address) -> None:
        """Replace an IPv4 address, since the kernel cannot change its broadcast address.

        Meanwhile the address exists with another prefix length, so that no route from it is lost.
        """
        spare = ipaddress.IPv4Interface((str(one.address.ip), 32))
        kept = any(other.address == spare for other in self._stack.addresses_of(self._index))
        if not kept:
            self._add_address(spare)
        self._delete_address(one.address)
        self._add_address(one.address)
        if not kept:
            self._delete_address(spare)

    def _add_address(self, address: IPInterface) -> None:
        routeless = address in self._routeless
        self.steps.append(AddAddress(self._wish.netns, self._wish.name, address, routeless))
        self._stack.add_address(self._index, address, routeless)

    def _delete_address(self, address: IPInterface) -> None:
        mine = self._stack.addresses_of(self._index)
        if not any(one.address == address for one in mine):
            return
        keep_others = any(same_subnet(one.address, address) and one.address != address for one in mine)
        self.steps.append(DeleteAddress(self._wish.netns, self._wish.name, address, keep_others))
        self._stack.delete_address(self._index, address, keep_others)

    def _place_connected(self) -> None:
        """Restore the kernel's routes of addresses that stay, before routes that depend on them."""
        link_locals = [one.address for one in self._lost.unheard if one.scope == "link"]
        for address in link_locals:
            self._delete_address(address)
        for address in (*link_locals, *((self._lost.link_local,) if self._lost.link_local else ())):
            self._add_address(address)
        for route in self._lost.still(self._stack.addresses_of(self._index)):
            self._refuse_stealing(route)
            self.steps.append(PutConnected(self._wish.netns, self._wish.name, route))
            self._stack.put_connected(route)
        if self._lost.neighbours:
            self.steps.append(SetNeighbours(self._wish.netns, self._wish.name, self._lost.neighbours, ()))

    # Routes.

    def _mine(self, key: Key) -> list[Route]:
        """Routes with a key over this interface only, or without an interface."""
        return [route for route in self._stack.routes if route.key == key and belongs(route, self._index)]

    def _surplus_routes(self) -> list[Route]:
        if not self._wish.purge_routes or self._wish.routes is None:
            return []
        wished = {route.key for route in self._routes}
        return [
            route
            for route in self._stack.routes
            if route.indexes == {self._index}
            and route.type == "unicast"
            and route.protocol in ADMINISTERED
            and route.key not in wished
        ]

    def _place_routes(self) -> None:
        # Routes to the link come first, since they make the gateways of others reachable.
        for route in sorted(self._routes, key=lambda one: one.via is not None):
            there = self._mine(route.key)
            kept = next((other for other in there if _alike(route, other)), None)
            # There may be several routes with one key; the kernel replaces only the first.
            for other in there if kept else there[1:]:
                if other is not kept:
                    self._delete_route(other)
            if kept:
                continue
            self._refuse_stealing(route)
            self.steps.append(PutRoute(self._wish.netns, self._wish.name, route))
            self._stack.put_route(route)
        for route in self._surplus_routes():
            self._delete_route(route)

    def _refuse_stealing(self, route: Route) -> None:
        if route.protocol == KERNEL and (route.family == 6 or route.table == TABLES["local"]):
            # There may be one of these per interface.
            return
        for other in self._stack.routes:
            strangers = other.indexes - {self._index}
            if other.key == route.key and strangers:
                view = other.view()
                raise Refused(
                    f"{self._wish}: a route to {route.to} with metric {route.metric} in table {view['table']} "
                    f"leads over interface {self._stack.name_of(min(strangers))}; "
                    f"give one of them another metric or table, or remove that one"
                )

    def _delete_route(self, route: Route) -> None:
        self.steps.append(DeleteRoute(self._wish.netns, self._wish.name, route))
        self._stack.delete_route(route)


def _alike(wished: Route, found: Route) -> bool:
    """Whether they are equal in everything that users can set."""
    return wished.view() == found.view() and wished.index == found.index
