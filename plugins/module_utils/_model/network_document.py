# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The definitions of a persistent network as a document, /etc/linuxnet/NAME.json.

    {"version": 1, "network": "br-shop", "owner": "br-shop", "guests": {"app": null},
     "containers": {"app": {"name": "shop", "engine": null}}, "modules": {"bridge": [...], ...}}

``modules`` are the present definitions of the plan. ``guests`` are foreign namespaces, of a process or a container,
each with its file if that is the same after a reboot. A PID is not: it may belong to another process by then.
``containers`` are the guests that a container has, by the name or ID that it was given by.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

VERSION = 1
#: Where the documents are.
DIRECTORY = "/etc/linuxnet"

Document = dict[str, t.Any]
Element = dict[str, t.Any]
Modules = t.Mapping[str, t.Sequence[Element]]
#: Addresses by namespace and interface.
Leases = dict[str, dict[str, list[str]]]
#: The namespace and the interface of an endpoint.
EndpointKey = tuple[str, str]

#: The options that say which process or file a namespace belongs to.
_ATTACHING = ("pid", "path", "container", "engine", "service")
_OF_A_PROCESS = re.compile(r"/proc/[^/]+/")


class Ends(Value):
    """The endpoints by interface of the host and by address."""

    links: t.Mapping[str, EndpointKey]
    addresses: t.Mapping[str, EndpointKey]

    def of_link(self, netns: str | None, name: str) -> EndpointKey | None:
        """The endpoint of an interface; every interface inside a namespace has one."""
        return self.links.get(name) if netns is None else (netns, name)


class Kind(t.Protocol):
    """The part of ``Resource`` that a document needs."""

    def identity(self, definition: Element, /) -> t.Hashable: ...

    def endpoint_of(self, definition: Element, ends: Ends, /) -> EndpointKey | None: ...

    def makes(self, definition: Element, /) -> str | None: ...

    def needs(self, definition: Element, /) -> str | None: ...

    def extended(self, definition: Element, old: t.Sequence[Element], /) -> Element | None: ...


Kinds = t.Mapping[str, Kind]


def empty(kinds: Kinds) -> Document:
    """What endpoints are added to if there is no document yet."""
    return {"guests": {}, "containers": {}, "modules": {name: [] for name in kinds}}


def document(network: str, owner: str, modules: Modules, before: Document | None, kinds: Kinds) -> Document:
    """The document of a plan.

    :param owner: the owner of all objects
    :param before: the current document, if endpoints are only added to it
    """
    wanted = {
        name: [element for element in elements if element.get("state") != "absent"]
        for name, elements in modules.items()
    }
    # There is nothing to purge after a reboot.
    wanted["interface"] = [
        {word: value for word, value in element.items() if word != "purge_proxy_neighbours"}
        for element in wanted["interface"]
    ]
    # A forwarding switch that is not persistent is left to others.
    wanted["ip_forward"] = [element for element in wanted["ip_forward"] if element.get("persistent")]
    guests = {
        element["name"]: _lasting(element.get("path"))
        for element in wanted["netns"]
        if any(element.get(word) is not None for word in _ATTACHING)
    }
    containers = {
        element["name"]: {"name": element["container"], "engine": element.get("engine")}
        for element in wanted["netns"]
        if element.get("container") is not None
    }
    wanted["netns"] = [
        {word: value for word, value in element.items() if word not in _ATTACHING} for element in wanted["netns"]
    ]
    if before:
        containers = {**_others(before.get("containers", {}), wanted["netns"]), **containers}
        guests = {**before["guests"], **guests}
        port = kinds["dnat"].identity
        gone = {port(element) for element in modules["dnat"] if element.get("state") == "absent"}
        published = [element for element in before["modules"]["dnat"] if port(element) not in gone]
        wanted = _added({**before["modules"], "dnat": published}, wanted, kinds)
        named = {element["name"] for element in wanted["netns"]}
        guests = {name: path for name, path in guests.items() if name in named}
        containers = {name: one for name, one in containers.items() if name in named}
    return {
        "version": VERSION,
        "network": network,
        "owner": owner,
        "guests": guests,
        "containers": containers,
        "modules": wanted,
    }


def _others(containers: Element, given: t.Iterable[Element]) -> Element:
    """The containers of namespaces that are not given again."""
    anew = {element["name"] for element in given}
    return {name: one for name, one in containers.items() if name not in anew}


def _lasting(path: str | None) -> str | None:
    """The file of a namespace that outlasts a reboot; None if it belongs to a process."""
    return None if path is None or _OF_A_PROCESS.match(path) else path


def _added(old: Modules, new: t.Mapping[str, list[Element]], kinds: Kinds) -> dict[str, list[Element]]:
    """The new definitions, and the old ones that concern other endpoints or ports."""
    found = {}
    peers = set(_pairs(new).values())
    # Matched by link only, since ports that an endpoint published before stay open.
    giving_way = Ends({end: peer for end, peer in _pairs(old).items() if peer in peers}, {})
    for name, elements in new.items():
        kind, known = kinds[name], old.get(name, ())
        taken = {kind.identity(element) for element in elements} | {None}
        kept = [
            one for one in known if kind.identity(one) not in taken and kind.endpoint_of(one, giving_way) not in peers
        ]
        extended = [kind.extended(element, known) for element in elements]
        found[name] = _in_their_places(kept + [one for one in extended if one is not None], known, kind)
    found["interface"] = _with_old_proxies(found["interface"], old.get("interface", ()))
    # The bridge comes last, as it goes up when everything on it is configured.
    bridges = {element["name"] for element in new["bridge"]}
    found["interface"].sort(key=lambda element: "netns" not in element and element["name"] in bridges)
    return found


def _in_their_places(elements: list[Element], old: t.Sequence[Element], kind: Kind) -> list[Element]:
    """Keep the order of the old definitions and append the new ones, since another order would be a difference."""
    places = {kind.identity(element): place for place, element in enumerate(old)}
    places.pop(None, None)
    return sorted(elements, key=lambda element: places.get(kind.identity(element), len(old)))


def _pairs(modules: Modules) -> dict[str, EndpointKey]:
    """Endpoints by their interfaces on the host."""
    return {pair["name"]: (pair["peer_netns"], pair["peer_name"]) for pair in modules["veth"]}


def with_old_neighbours(element: Element, identity: str, old: t.Iterable[Element]) -> Element:
    """A definition of a bridge, with existing neighbours added unless their addresses are in use by others now."""
    if "neighbours" not in element or "netns" in element:
        return element
    taken = {value for one in element["neighbours"] for value in one.values()}
    before = [other for other in old if other.get(identity) == element[identity] and "netns" not in other]
    kept = [one for other in before for one in other.get("neighbours", ()) if taken.isdisjoint(one.values())]
    # If an endpoint has another address now, those that stay are listed and the rest is purged, once.
    purged = {"purge_neighbours": False} if "purge_neighbours" in element else {}
    return {**element, "neighbours": in_order(kept + element["neighbours"]), **purged}


def with_old_senders(element: Element, identity: str, old: t.Iterable[Element]) -> Element:
    """A definition of a bridge, with the existing lists of endpoints that it does not name."""
    if "senders" not in element or "netns" in element:
        return element
    named = {one["mac_address"] for one in element["senders"]}
    before = [other for other in old if other.get(identity) == element[identity] and "netns" not in other]
    kept = [one for other in before for one in other.get("senders", ()) if one["mac_address"] not in named]
    both = sorted([*kept, *element["senders"]], key=lambda one: str(one["mac_address"]))
    # An endpoint without a list is only named to have its old one removed.
    return {**element, "senders": [one for one in both if "destinations" in one]}


def in_order(neighbours: t.Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Canonical order, since another order would be a difference."""
    return sorted(neighbours, key=lambda one: one["address"])


def _with_old_proxies(new: t.Sequence[Element], old: t.Iterable[Element]) -> list[Element]:
    """The proxy neighbours, with earlier ones that still belong to an endpoint."""
    given = _inner_addresses(element for element in new if element.get("netns"))
    before = {one["name"]: one.get("proxy_neighbours", ()) for one in old if not one.get("netns")}

    def joined(element: Element) -> Element:
        if "proxy_neighbours" not in element:
            return element
        known = dict.fromkeys([*before.get(element["name"], ()), *element["proxy_neighbours"]])
        return {**element, "proxy_neighbours": [address for address in known if address in given]}

    return [joined(element) for element in new]


def _inner_addresses(inside: t.Iterable[Element]) -> set[str]:
    return {address.partition("/")[0] for element in inside for address in element.get("addresses", ())}


def text(found: Document) -> str:
    """The text of the file."""
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def parse(written: str, where: str, needed: t.Mapping[str, t.Sequence[str]]) -> Document:
    """The document in a file; raises Invalid if it is malformed.

    :param needed: the options of each kind that are strings in all of its definitions
    """
    try:
        found = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise Invalid(where, str(error), "JSON as the role bridge_network writes it") from None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        version = found.get("version") if isinstance(found, dict) else None
        raise Invalid(f"{where}: version", version, str(VERSION))
    for word, kind in (("network", str), ("owner", str), ("guests", dict), ("modules", dict)):
        if not isinstance(found.get(word), kind):
            raise Invalid(f"{where}: {word}", found.get(word), f"a value of the type {kind.__name__}")
    _check_modules(found["modules"], where, needed)
    known = {element["name"] for element in found["modules"].get("netns", ())}
    for name, path in found["guests"].items():
        if name not in known or not isinstance(path, (str, type(None))):
            raise Invalid(f"{where}: guests.{name}", path, "a path or null, for a namespace of modules.netns")
    _check_containers(found, where)
    return found


def _check_containers(found: Document, where: str) -> None:
    """Validate ``containers``, which documents of earlier versions do not have."""
    containers = found.setdefault("containers", {})
    if not isinstance(containers, dict):
        raise Invalid(f"{where}: containers", containers, "a value of the type dict")
    for name, one in containers.items():
        whole = isinstance(one, dict) and isinstance(one.get("name"), str)
        if name not in found["guests"] or not whole or not isinstance(one.get("engine"), (str, type(None))):
            raise Invalid(f"{where}: containers.{name}", one, "the name and the engine of a container, for a guest")


def _check_modules(modules: t.Mapping[str, t.Any], where: str, needed: t.Mapping[str, t.Sequence[str]]) -> None:
    """Validate what is used before the modules validate their own options."""
    for name, listed in modules.items():
        if not isinstance(listed, list):
            raise Invalid(f"{where}: modules.{name}", listed, "a list of definitions")
        for number, element in enumerate(listed):
            place = f"{where}: modules.{name}[{number}]"
            if not isinstance(element, dict):
                raise Invalid(place, element, "a dictionary")
            for word in needed.get(name, ()):
                if not isinstance(element.get(word), str):
                    raise Invalid(f"{place}.{word}", element.get(word), "a string")
            if not isinstance(element.get("addresses", []), list):
                raise Invalid(f"{place}.addresses", element["addresses"], "a list")


def leases(found: Document) -> Leases:
    """The addresses of the network's endpoints."""
    given: Leases = {}
    for element in found["modules"].get("interface", ()):
        if element.get("netns"):
            given.setdefault(element["netns"], {})[element["name"]] = list(element.get("addresses", ()))
    return given


def without(modules: Modules, away: t.Container[str], kinds: Kinds) -> dict[str, list[Element]]:
    """The definitions without those of endpoints in these namespaces."""
    addresses = _inner_addresses(element for element in modules["interface"] if element.get("netns") in away)
    ends = _ends(modules, away)

    def kept(element: Element) -> Element:
        if "proxy_neighbours" not in element:
            return element
        return {**element, "proxy_neighbours": [one for one in element["proxy_neighbours"] if one not in addresses]}

    def stays(name: str, element: Element) -> bool:
        endpoint = kinds[name].endpoint_of(element, ends) if name in kinds else None
        return endpoint is None or endpoint[0] not in away

    return {name: [kept(element) for element in listed if stays(name, element)] for name, listed in modules.items()}


def only(modules: Modules, netns: str, kinds: Kinds) -> dict[str, list[Element]]:
    """The definitions of the endpoints in one namespace, and all definitions with proxy neighbours."""
    ends = _ends(modules, (netns,))

    def belongs(name: str, element: Element) -> bool:
        endpoint = kinds[name].endpoint_of(element, ends)
        return "proxy_neighbours" in element if endpoint is None else endpoint[0] == netns

    return {name: [one for one in listed if belongs(name, one)] for name, listed in modules.items()}


def _ends(modules: Modules, spaces: t.Container[str]) -> Ends:
    """The endpoints in these namespaces."""
    inside = [element for element in modules["interface"] if element.get("netns") in spaces]
    return Ends(
        {end: peer for end, peer in _pairs(modules).items() if peer[0] in spaces},
        {address: (element["netns"], element["name"]) for element in inside for address in _inner_addresses([element])},
    )


def foreign_ports(modules: Modules, kinds: Kinds) -> list[str]:
    """The interfaces of the host that the network needs and does not create: ports, and the proxy interface."""
    each = [(kinds[name], element) for name, listed in modules.items() if name in kinds for element in listed]
    made = {kind.makes(element) for kind, element in each}
    needed = {kind.needs(element) for kind, element in each}
    return sorted(name for name in needed - made if name is not None)
