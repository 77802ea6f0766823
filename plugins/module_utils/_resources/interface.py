# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""State, addresses and routes of an existing interface."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    alternative_names,
    dumps,
    link_settings,
    namespace_records,
    sysctl,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings, routes, sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, Neighbour, Proxy
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links, refuse_others
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import (
    Element,
    with_old_neighbours,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route, RouteWant
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.simulated_namespace import Stack
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import (
    interface_afterwards,
    interface_contradictions,
    interface_foretold,
    interface_hazards,
    interface_late,
    interface_neighbours,
    left_over,
    settings,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_afterwards import Lease
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_planner import (
    Found,
    InterfacePlanner,
    Want,
)


class Space(Value):
    """One namespace.

    ``settings`` are the current values of the wanted ones, by interface and name. ``quiet`` are the interfaces
    without an IPv6 address from the kernel.
    """

    links: Links
    addresses: tuple[Address, ...]
    routes: tuple[Route, ...]
    settings: t.Mapping[str, t.Mapping[str, str | None]]
    quiet: frozenset[str] = frozenset()
    #: Read if some are wanted, and inside namespaces.
    neighbours: tuple[Neighbour, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    #: What may affect the packets of each interface although it is as wanted.
    hazards: t.Mapping[str, t.Sequence[str]] = NOTHING

    @functools.cached_property
    def written(self) -> dict[int, dict[IPAddress, str]]:
        """The neighbours that somebody wrote down, by interface."""
        return interface_neighbours.permanent(self.neighbours)


class State(Value):
    """``refs`` map to ``spaces``; that of an absent want may be missing. ``own`` is the host's own namespace."""

    own: Identity
    refs: t.Mapping[str | None, Identity]
    spaces: t.Mapping[Identity, Space]
    records: t.Mapping[str, namespace_records.Record]
    tables: t.Mapping[str, int]


class Interface(Resource):
    options: t.ClassVar[Options] = {
        "name": {"type": "str"},
        "state": STATE,
        **NETNS,
        **OWNER,
        "enabled": {"type": "bool", "default": True},
        "mtu": {"type": "int"},
        "mac_address": {"type": "raw"},
        "addresses": {"type": "list", "elements": "str"},
        "purge_addresses": {"type": "bool", "default": False},
        "routes": {"type": "list", "elements": "dict", "options": routes.SPEC},
        "purge_routes": {"type": "bool", "default": False},
        "neighbours": {"type": "list", "elements": "dict", "options": bindings.SPEC},
        "purge_neighbours": {"type": "bool", "default": False},
        "proxy_neighbours": {"type": "list", "elements": "str"},
        "purge_proxy_neighbours": {"type": "list", "elements": "str"},
        "sysctls": {"type": "dict"},
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("name",)
    name: t.ClassVar[str] = "interface"
    order: t.ClassVar[Order] = Order(present=90, absent=10)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("name",)

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        want = Want(
            state=options["state"],
            owner=names.owner_name("owner", options["owner"]),
            netns=names.namespace_ref("netns", options["netns"]),
            name=names.interface_name("name", options["name"]),
            enabled=options["enabled"],
            mtu=_mtu(options["mtu"]),
            mac_address=None
            if options["mac_address"] is None
            else addresses.mac("mac_address", options["mac_address"]),
            addresses=_addresses(options["addresses"]),
            routes=None if options["routes"] is None else routes.wants("routes", options["routes"]),
            purge_addresses=options["purge_addresses"],
            purge_routes=options["purge_routes"],
            neighbours=bindings.read("neighbours", options["neighbours"]),
            purge_neighbours=options["purge_neighbours"] and options["neighbours"] is not None,
            proxies=bindings.read_addresses("proxy_neighbours", options["proxy_neighbours"]),
            purge_proxies=_networks("purge_proxy_neighbours", options) if options["state"] == "present" else (),
            settings=_settings(options["sysctls"]),
        )
        if want.state == "present":
            interface_contradictions.refuse(want)
        return want

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "name": want.name}

    def label(self, want: Want) -> str:
        return str(want)

    def identity(self, definition: Element) -> t.Hashable:
        return self.link_of(definition)

    def link_of(self, definition: Element) -> tuple[str | None, str]:
        return (definition.get("netns"), definition["name"])

    def needs(self, definition: Element) -> str | None:
        """Interfaces on which the host answers for endpoints have to exist; they are never the network's own."""
        return str(definition["name"]) if "proxy_neighbours" in definition else None

    def extended(self, definition: Element, old: t.Sequence[Element]) -> Element:
        return with_old_neighbours(definition, "name", old)

    def left(self, view: Marked) -> list[Element]:
        return left_over.without_proxies(left_over.proxies(view, (), ()))

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        refs = {
            want.netns: host.identity(want.netns)
            for want in wants
            if want.state == "present" or host.exists(want.netns)
        }
        by_space: dict[Identity, list[Want]] = {}
        for want in wants:
            if want.netns in refs:
                by_space.setdefault(refs[want.netns], []).append(want)
        led = interface_hazards.peers(wants)
        patience = interface_late.Patience()
        looks = {
            space: functools.partial(_read, there, host.limit, led, host.known(space), host.foretold_links(space))
            for space, there in by_space.items()
        }
        stops = [
            (there[0].netns, functools.partial(patience.look, looks[space], there)) for space, there in by_space.items()
        ]
        spaces = dict(zip(by_space, host.tour(stops)))
        spaces = _in_kernels_words(host, _with_phantoms(host, spaces, by_space), by_space)
        named = {want.netns for want in wants if want.netns and "/" not in want.netns}
        read = ((name, namespace_records.read(host, name)) for name in named)
        records = {name: record for name, record in read if record}
        strange = any(not route.table_is_number for want in wants for route in want.routes or ())
        return State(host.identity(None), refs, spaces, records, dumps.table_names() if strange else {})

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        plan = Plan([], apart=True)
        known = _known(wants, state)
        stacks = {space: Stack(there.links, there.addresses, there.routes) for space, there in state.spaces.items()}
        for want in wants:
            plan.changes.append(_plan(want, state, stacks, known, plan))
        remembered = [lease for lease in (_lease(want, state) for want in wants) if lease]
        plan.steps = interface_afterwards.in_order(plan.steps, remembered)
        return plan


def _known(wants: t.Sequence[Want], state: State) -> dict[IPAddress, str | None]:
    """The MAC addresses of the wanted addresses; none for an address of two interfaces."""
    found: dict[IPAddress, str | None] = {}
    for want in wants:
        space = state.refs.get(want.netns)
        link = state.spaces[space].links.get(want.name) if space is not None else None
        mac = want.mac_address or (link.mac_address if link else None)
        for address in want.addresses or () if want.state == "present" else ():
            found[address.ip] = mac if found.get(address.ip, mac) == mac else None
    return found


def _plan(
    want: Want, state: State, stacks: t.Mapping[Identity, Stack], known: t.Mapping[IPAddress, str | None], plan: Plan
) -> Change:
    space = state.refs.get(want.netns)
    link = state.spaces[space].links.get(want.name) if space is not None else None
    if space is None or link is None:
        return Change({}, {})
    # Marks inside a namespace are not trusted, since its root can write them.
    if space == state.own:
        refuse_others(link, want.owner)
    there = state.spaces[space]
    neighbours = there.written.get(link.index, {})
    found = Found(
        settings=there.settings.get(want.name, {}),
        tables=state.tables,
        quiet=want.name in there.quiet,
        neighbours={} if want.neighbours is None else neighbours,
        proxies={addresses.parse_address(one.address): one.marked for one in there.proxies if one.index == link.index},
        liars=interface_neighbours.wrong(neighbours, known) if want.netns and want.neighbours is None else (),
    )
    planner = InterfacePlanner(want, stacks[space], found)
    change = planner.absent() if want.state == "absent" else planner.present()
    plan.steps.extend(planner.steps)
    if not change.changed:
        plan.warnings += interface_hazards.sentences(want, there.hazards.get(want.name, ()))
    return change


def _lease(want: Want, state: State) -> Lease | None:
    """The record of the wanted addresses, if it has to change."""
    if want.addresses is None and want.state == "present":
        return None
    leased = None if want.state == "absent" else tuple(str(address) for address in want.addresses or ())
    return Lease(want.netns, want.name, want.owner, leased).unless_in(state.records.get(want.netns or ""))


def _read(
    wants: t.Sequence[Want],
    limit: int | None,
    led: interface_hazards.Peers,
    known: Contents | None,
    foretold: Links | None,
    again: bool,
) -> Space:
    """Everything that the wants of one namespace need; called inside it.

    :param known: what was read of it before
    :param foretold: in check mode the interfaces as they would be
    :param again: whether what was read before will not do
    """
    known = None if again else known
    with Reader(None if wants[0].netns is None else limit) as reader:
        real = known.links if known else dumps.links(reader)
        links = real if foretold is None else foretold
        alternative_names.refuse_links(links, [("name", want.name) for want in wants])
        read = {want.name: _read_settings(want, links.get(want.name)) for want in wants if want.state == "present"}
        found = known.addresses if known else tuple(dumps.addresses(reader))
        routes_there = known.routes if known else tuple(_routes(reader, wants, links))
        # Neighbours on the host's own interfaces are up to whoever added them.
        asked = any(want.neighbours is not None or (want.netns and want.addresses) for want in wants)
        neighbours = tuple(dumps.neighbours(reader)) if asked else ()
        if foretold is not None:
            lasting = interface_foretold.Lasting(links, real)
            found = lasting.addresses(found)
            routes_there, neighbours = lasting.routes(routes_there), lasting.neighbours(neighbours)
        hazards = interface_hazards.look(reader, wants, links, found, led)
        proxies = tuple(dumps.proxies(reader)) if any(want.proxies is not None for want in wants) else ()
        quiet = frozenset(_quiet(wants, links, found))
        return Space(links, found, routes_there, read, quiet, neighbours, proxies, hazards)


def _quiet(wants: t.Sequence[Want], links: Links, found: t.Sequence[Address]) -> t.Iterator[str]:
    """The interfaces that have no IPv6 address of their own on purpose; few candidates need a check."""
    own = {one.index for one in found if one.address.version == 6 and one.scope == "link"}
    for want in wants:
        link = links.get(want.name)
        if link and link.index not in own and any(address.version == 6 for address in want.addresses or ()):
            off = link_settings.read(link, "net/ipv6/conf/IFNAME/disable_ipv6")
            if off != "0" or link_settings.read(link, "net/ipv6/conf/IFNAME/addr_gen_mode") in (None, "1"):
                yield link.name


def _in_kernels_words(
    host: Host, spaces: t.Mapping[Identity, Space], wants: t.Mapping[Identity, t.Sequence[Want]]
) -> dict[Identity, Space]:
    """The settings, in the form of the want if they only differ in form."""
    pairs = [(space, want) for space, there in wants.items() for want in there if want.state == "present"]
    differing = [
        (word, value, spaces[space].settings[want.name][word])
        for space, want in pairs
        for word, value in want.settings.items()
        if spaces[space].settings[want.name][word] != value and not link_settings.is_simple(word, value)
    ]
    forms = settings.forms(host, differing)
    if not forms:
        return dict(spaces)
    read: dict[Identity, dict[str, t.Mapping[str, str | None]]] = {space: {} for space in spaces}
    for space, want in pairs:
        read[space][want.name] = {
            word: want.settings[word] if forms.get((word, want.settings[word])) == value else value
            for word, value in spaces[space].settings[want.name].items()
        }
    return {space: there.but(settings=read[space]) for space, there in spaces.items()}


def _routes(reader: Reader, wants: t.Sequence[Want], links: Links) -> list[Route]:
    """The routes over the interfaces, and those that conflict with wanted ones; there may be very many others."""
    if wants[0].netns is None:
        return dumps.all_routes(reader)
    indexes = [links[want.name].index for want in wants if want.name in links]
    lengths = {(route.family, _length(route)) for want in wants for route in want.routes or ()}
    connected = {(one.version, one.network.prefixlen) for want in wants for one in want.addresses or ()}
    return dumps.all_routes(reader, dumps.About(indexes, lengths | connected))


def _length(route: RouteWant) -> int:
    return 0 if route.to == "default" else int(route.to.rpartition("/")[2])


def _read_settings(want: Want, link: Link | None) -> dict[str, str | None]:
    """The current settings; those of an interface that does not exist yet are the namespace's defaults."""
    found: dict[str, str | None] = {}
    for word in want.settings:
        value = link_settings.read(link, word) if link else sysctl.read(sysctls.elsewhere(word))
        if value is None:
            raise Refused(f"{want}: sysctls: this kernel has no setting {sysctls.name_of(word)}")
        found[word] = value
    return found


def _with_phantoms(
    host: Host, spaces: t.Mapping[Identity, Space], wants: t.Mapping[Identity, t.Sequence[Want]]
) -> dict[Identity, Space]:
    """In check mode, treat missing interfaces as just created; otherwise they are an error."""
    told: list[str] = []
    completed = dict(spaces)
    for space, there in spaces.items():
        missing = [want for want in wants[space] if want.state == "present" and want.name not in there.links]
        if missing and not host.check_mode:
            raise Refused(f"{missing[0]} does not exist")
        if not missing:
            continue
        phantoms = {want.name: Link(index=-number, name=want.name) for number, want in enumerate(missing, start=1)}
        completed[space] = there.but(links={**there.links, **phantoms})
        told.extend(str(want).partition(" ")[2] for want in missing)
    if told:
        host.warn(f"check mode: interfaces that do not exist yet are treated as just created: {', '.join(told)}")
    return completed


def _mtu(value: int | None) -> int | None:
    if value is not None and not 68 <= value <= 65536:
        raise Invalid("mtu", value, "68 to 65536 bytes")
    return value


def _addresses(given: t.Sequence[t.Any] | None) -> tuple[IPInterface, ...] | None:
    if given is None:
        return None
    found: dict[t.Any, IPInterface] = {}
    for number, raw in enumerate(given):
        address = addresses.interface_address(f"addresses[{number}]", raw)
        if address.ip in found:
            raise Invalid(f"addresses[{number}]", raw, f"the list already has this address as {found[address.ip]}")
        found[address.ip] = address
    return tuple(found.values())


def _networks(option: str, options: t.Mapping[str, t.Any]) -> tuple[IPNetwork, ...]:
    return tuple(addresses.network(f"{option}[{number}]", raw) for number, raw in enumerate(options[option] or ()))


def _settings(given: t.Mapping[str, t.Any] | None) -> dict[str, str]:
    found = sysctls.settings("sysctls", given)
    for path in found:
        if path.split("/")[1:-1].count("IFNAME") != 1:
            raise Invalid(
                "sysctls",
                sysctls.name_of(path),
                "a setting of the interface with IFNAME for its name, such as net.ipv4.conf.IFNAME.rp_filter",
            )
    return found
