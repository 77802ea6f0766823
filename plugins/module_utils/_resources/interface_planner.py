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

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
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
    RouteWant,
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


class Want(Value):
    """None means not managed. Settings are keyed by path below /proc/sys with IFNAME, as users write them."""

    state: str
    owner: str
    netns: str | None
    name: str
    enabled: bool = True
    mtu: int | None = None
    mac_address: str | None = None
    addresses: tuple[IPInterface, ...] | None = None
    routes: tuple[RouteWant, ...] | None = None
    purge_addresses: bool = False
    purge_routes: bool = False
    neighbours: Bindings | None = None
    purge_neighbours: bool = False
    proxies: tuple[IPAddress, ...] | None = None
    purge_proxies: tuple[IPNetwork, ...] = ()
    settings: t.Mapping[str, str] = NOTHING

    def __str__(self) -> str:
        return f"interface {self.name}" + (f" in namespace {self.netns}" if self.netns else "")

    def path(self, setting: str) -> str:
        """The path of a setting of this interface."""
        return sysctls.of_interface(setting, self.name)


class Found(Value):
    """What was read beside the stack.

    ``settings`` are the current values of the wanted ones, and ``tables`` the numbers of routing tables by name.
    ``quiet`` is whether the interface has no IPv6 address from the kernel. ``neighbours`` are the managed permanent
    ones, and ``liars`` others with a wrong MAC address. ``proxies`` are the proxy neighbours of the interface, each
    with whether this module added it.
    """

    settings: t.Mapping[str, str | None]
    tables: t.Mapping[str, int]
    quiet: bool = False
    neighbours: Bindings = NOTHING
    liars: t.Sequence[IPAddress] = ()
    proxies: t.Mapping[IPAddress, bool] = NOTHING


class InterfacePlanner:
    """Plans one interface and applies each step to the simulated stack of its namespace."""

    def __init__(self, want: Want, stack: Stack, found: Found) -> None:
        self._want = want
        self._stack = stack
        self._settings = found.settings
        self._index = stack.links[want.name].index
        self._routes = [one.route(found.tables, self._index) for one in want.routes or ()]
        wanted = want.addresses or () if want.enabled else ()
        self._lost = Lost(self._link, wanted, stack, found.quiet, found.liars)
        self._neighbours = interface_neighbours.managed(want.neighbours or {}, found.neighbours, want.purge_neighbours)
        self._answered = interface_proxies.managed(want.proxies, want.purge_proxies, found.proxies)
        #: These stay without a route when they are replaced.
        self._routeless = {one.address for one in stack.addresses_of(self._index) if one.routeless}
        self.steps: list[Step] = []

    @property
    def _link(self) -> Link:
        return self._stack.links[self._want.name]

    def present(self) -> Change:
        want = self._want
        before, after = self._before(), self._after()
        if before != after:
            self._set_link()
            if self._lost.mute:
                self.steps.append(SpeakArp(want.netns, want.name))
                self._stack.change(want.name, arp=True)
            if not want.enabled:
                self._turn(False)
            self._write_settings()
            self._place_addresses()
            if want.enabled:
                self._turn(True)
            self._place_connected()
            self._place_routes()
            if want.neighbours is not None:
                self.steps += interface_neighbours.steps(want.netns, want.name, want.neighbours, self._neighbours)
            if want.proxies is not None:
                self.steps += interface_proxies.steps(want.netns, want.name, want.proxies, self._answered)
            self._announce()
        return Change(before, after)

    def absent(self) -> Change:
        """Remove what is listed, addresses of any prefix length, and nothing else."""
        routes = [
            route
            for wanted in self._routes
            for route in self._mine(wanted.key)
            if (route.type in NOWHERE) == (wanted.type in NOWHERE)
        ]
        addresses = self._listed()
        before: dict[str, t.Any] = {}
        if addresses:
            before["addresses"] = interface_words.texts(one.address for one in addresses)
        if routes:
            before["routes"] = interface_words.views(routes)
        listed = interface_neighbours.managed(self._want.neighbours or {}, self._neighbours, purge=False)
        if listed:
            before["neighbours"] = bindings.views(listed.items())
        self.steps += interface_neighbours.steps(self._want.netns, self._want.name, {}, listed)
        if self._answered:
            before["proxy_neighbours"] = interface_words.plain(self._answered)
            self.steps += interface_proxies.steps(self._want.netns, self._want.name, (), self._answered)
        for route in routes:
            self._delete_route(route)
        for one in addresses:
            self._delete_address(one.address)
        return Change(before, {})

    # What exists and what is wanted, in the same form.

    def _before(self) -> dict[str, t.Any]:
        want = self._want
        view: dict[str, t.Any] = {"enabled": self._link.up}
        view.update({word: getattr(self._link, word) for word in self._link_values()})
        if self._lost.words():
            view["lost"] = self._lost.words()
        if want.addresses is not None:
            view["addresses"] = interface_words.words(
                [one for one in self._listed() + self._surplus_addresses() if not one.failed]
            )
        if want.routes is not None:
            kept = [route for wanted in self._routes for route in self._mine(wanted.key)]
            view["routes"] = interface_words.views(kept + self._surplus_routes())
        if want.neighbours is not None:
            view["neighbours"] = bindings.views(self._neighbours.items())
        if want.proxies is not None:
            view["proxy_neighbours"] = interface_words.plain(self._answered)
        if want.settings:
            view["sysctls"] = sysctls.by_name(self._settings)
        return view

    def _after(self) -> dict[str, t.Any]:
        want = self._want
        view: dict[str, t.Any] = {"enabled": want.enabled, **self._link_values()}
        if want.addresses is not None:
            view["addresses"] = interface_words.texts(want.addresses)
        if want.routes is not None:
            view["routes"] = interface_words.views(self._routes)
        if want.neighbours is not None:
            view["neighbours"] = bindings.views(want.neighbours.items())
        if want.proxies is not None:
            view["proxy_neighbours"] = interface_words.plain(want.proxies)
        if want.settings:
            view["sysctls"] = sysctls.by_name(want.settings)
        return view

    def _link_values(self) -> dict[str, t.Any]:
        values = {"mtu": self._want.mtu, "mac_address": self._want.mac_address}
        return {word: value for word, value in values.items() if value is not None}

    # The link itself.

    def _set_link(self) -> None:
        drifted = {word: value for word, value in self._link_values().items() if getattr(self._link, word) != value}
        if drifted:
            self.steps.append(SetLink(self._want.netns, self._want.name, drifted))
            self._stack.change(self._want.name, **drifted)

    def _turn(self, up: bool) -> None:
        if self._link.up != up:
            self.steps.append(Turn(self._want.netns, self._want.name, up))
            self._stack.turn(self._want.name, up)

    def _write_settings(self) -> None:
        drifted = {
            self._want.path(word): value for word, value in self._want.settings.items() if self._settings[word] != value
        }
        if drifted:
            self.steps.append(WriteSettings(self._want.netns, self._want.name, drifted))

    def _announce(self) -> None:
        """If the kernel announces the interface to its neighbours, make sure that it is received."""
        want = self._want
        told = any(want.settings.get(word) == "1" for word in _NOTIFY)
        news = any(isinstance(step, (SetLink, AddAddress, Turn)) for step in self.steps)
        if told and news and want.enabled:
            # Even behind a new interface, a bridge inside may connect machines with neighbour caches.
            came_up = any(isinstance(step, Turn) for step in self.steps) and self._link.master is None
            addresses = tuple(text(address.ip) for address in want.addresses or ())
            self.steps.append(Announce(want.netns, want.name, self._index, came_up, addresses))

    # Addresses.

    def _listed(self) -> list[Address]:
        """Addresses of the interface that the want names, with any prefix length."""
        named = {address.ip for address in self._want.addresses or ()}
        return [one for one in self._stack.addresses_of(self._index) if one.address.ip in named]

    def _surplus_addresses(self) -> list[Address]:
        if not self._want.purge_addresses:
            return []
        named = {address.ip for address in self._want.addresses or ()}
        return [
            one for one in self._stack.addresses_of(self._index) if one.administered and one.address.ip not in named
        ]

    def _place_addresses(self) -> None:
        """Add new IPv4 addresses before removing old ones: an interface without any would lose its routes.

        IPv6 does not accept one address with two prefix lengths, so the old one goes first.
        """
        if self._want.addresses is None:
            return
        for one in self._listed():
            if one.misses_all and one.address in self._want.addresses:
                self._renew(one)
        wrong = [
            one
            for one in self._listed()
            if one.address not in self._want.addresses or one.failed or one in self._lost.unheard
        ]
        surplus = self._surplus_addresses()
        for one in wrong:
            if one.address.version == 6:
                self._delete_address(one.address)
        present = {one.address for one in self._stack.addresses_of(self._index)}
        for address in self._want.addresses:
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
        self.steps.append(AddAddress(self._want.netns, self._want.name, address, routeless))
        self._stack.add_address(self._index, address, routeless)

    def _delete_address(self, address: IPInterface) -> None:
        mine = self._stack.addresses_of(self._index)
        if not any(one.address == address for one in mine):
            return
        keep_others = any(same_subnet(one.address, address) and one.address != address for one in mine)
        self.steps.append(DeleteAddress(self._want.netns, self._want.name, address, keep_others))
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
            self.steps.append(PutConnected(self._want.netns, self._want.name, route))
            self._stack.put_connected(route)
        if self._lost.neighbours:
            self.steps.append(SetNeighbours(self._want.netns, self._want.name, self._lost.neighbours, ()))

    # Routes.

    def _mine(self, key: Key) -> list[Route]:
        """Routes with a key over this interface only, or without an interface."""
        return [route for route in self._stack.routes if route.key == key and belongs(route, self._index)]

    def _surplus_routes(self) -> list[Route]:
        if not self._want.purge_routes or self._want.routes is None:
            return []
        wanted = {route.key for route in self._routes}
        return [
            route
            for route in self._stack.routes
            if route.indexes == {self._index}
            and route.type == "unicast"
            and route.protocol in ADMINISTERED
            and route.key not in wanted
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
            self.steps.append(PutRoute(self._want.netns, self._want.name, route))
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
                    f"{self._want}: a route to {route.to} with metric {route.metric} in table {view['table']} "
                    f"leads over interface {self._stack.name_of(min(strangers))}; "
                    f"give one of them another metric or table, or remove that one"
                )

    def _delete_route(self, route: Route) -> None:
        self.steps.append(DeleteRoute(self._want.netns, self._want.name, route))
        self._stack.delete_route(route)


def _alike(wanted: Route, found: Route) -> bool:
    """Whether they are equal in everything that users can set."""
    return wanted.view() == found.view() and wanted.index == found.index
