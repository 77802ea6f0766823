# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is to come back after a reboot: the definitions of a network as a document, /etc/linuxnet/NAME.json.

    {"version": 1, "network": "br-shop", "owner": "br-shop", "guests": {"app": null}, "modules": {"bridge": [...], ...}}

``modules`` are the definitions of the plan that shall be there. ``guests`` are the namespaces that somebody else
makes, a process or a container, each with the file it is found at where that is known to be the same after a reboot.
A process ID is not: it may be another process's then.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid

VERSION = 1

Document = dict[str, t.Any]
Element = dict[str, t.Any]
Modules = t.Mapping[str, t.Sequence[Element]]
#: By namespace and interface the addresses in it.
Leases = dict[str, dict[str, list[str]]]

#: By module the options that a definition cannot do without.
_NEEDED = {
    "bridge": ("name",),
    "bridge_port": ("interface",),
    "dnat": ("host_port", "ip_version", "protocol", "to_address"),
    "interface": ("name",),
    "netns": ("name",),
    "veth": ("name", "peer_name", "peer_netns"),
}
#: Options by which a namespace is somebody else's.
_ATTACHING = ("pid", "path", "container")
_OF_A_PROCESS = re.compile(r"/proc/[^/]+/")


def document(network: str, owner: str, modules: Modules, before: Document | None) -> Document:
    """The document of a plan.

    :param owner: whose mark everything carries
    :param before: the document as it is, where endpoints are only added to those in it
    """
    wished = {
        name: [element for element in elements if element.get("state") != "absent"]
        for name, elements in modules.items()
    }
    # Whatever is to be purged is not there after a reboot.
    wished["interface"] = [
        {word: value for word, value in element.items() if word != "purge_proxy_neighbours"}
        for element in wished["interface"]
    ]
    # A switch that is not the network's own stays as others leave it.
    wished["ip_forward"] = [element for element in wished["ip_forward"] if element.get("persistent")]
    guests = {
        element["name"]: _lasting(element.get("path"))
        for element in wished["netns"]
        if any(element.get(word) is not None for word in _ATTACHING)
    }
    wished["netns"] = [
        {word: value for word, value in element.items() if word not in _ATTACHING} for element in wished["netns"]
    ]
    if before:
        guests = {**before["guests"], **guests}
        gone = {_port(element) for element in modules["dnat"] if element.get("state") == "absent"}
        published = [element for element in before["modules"]["dnat"] if _port(element) not in gone]
        wished = _added({**before["modules"], "dnat": published}, wished)
        named = {element["name"] for element in wished["netns"]}
        guests = {name: path for name, path in guests.items() if name in named}
    return {"version": VERSION, "network": network, "owner": owner, "guests": guests, "modules": wished}


def _lasting(path: str | None) -> str | None:
    """The file of a namespace, unless it is that of a process."""
    return None if path is None or _OF_A_PROCESS.match(path) else path


def _added(old: Modules, new: t.Mapping[str, list[Element]]) -> dict[str, list[Element]]:
    """The new definitions and those of the old ones that are about other endpoints or ports."""
    peers = {(pair["peer_netns"], pair["peer_name"]) for pair in new["veth"]}
    ends = {pair["name"] for pair in old["veth"] if (pair["peer_netns"], pair["peer_name"]) in peers}
    keys: dict[str, t.Callable[[Element], t.Any]] = {
        "dnat": _port,
        "netns": lambda element: element["name"],
        "veth": lambda element: (element["peer_netns"], element["peer_name"]),
        "bridge_port": lambda element: element["interface"],
        "interface": lambda element: (element.get("netns"), element["name"]),
    }
    found = {}
    for name, elements in new.items():
        if name == "unmanaged_links":
            found[name] = _joined(old.get(name, ()), elements)
            continue
        if name not in keys:
            found[name] = list(elements)
            continue
        taken = {keys[name](element) for element in elements}
        kept = [one for one in old[name] if keys[name](one) not in taken and not _is_end(name, one, ends)]
        found[name] = kept + list(elements)
    for name, identity in (("bridge_forward", "bridge"), ("interface", "name")):
        found[name] = [_with_old_neighbours(element, identity, old.get(name, ())) for element in found[name]]
    found["interface"] = _with_old_proxies(found["interface"], old.get("interface", ()))
    # The bridge comes last, as it goes up when everything on it is configured.
    bridges = {element["name"] for element in new["bridge"]}
    found["interface"].sort(key=lambda element: "netns" not in element and element["name"] in bridges)
    return found


def _joined(old: t.Sequence[Element], new: t.Sequence[Element]) -> list[Element]:
    """The new definitions with the interfaces of the old ones."""
    known = {name for element in old for name in element["interfaces"]}
    return [{**element, "interfaces": sorted(known.union(element["interfaces"]))} for element in new]


def _with_old_neighbours(element: Element, identity: str, old: t.Iterable[Element]) -> Element:
    """What belongs to the whole bridge, with the neighbours who are there already and are not others now."""
    if "neighbours" not in element or "netns" in element:
        return element
    taken = {value for one in element["neighbours"] for value in one.values()}
    kept = [
        one
        for other in old
        if other.get(identity) == element[identity] and "netns" not in other
        for one in other.get("neighbours", ())
        if taken.isdisjoint(one.values())
    ]
    # Where somebody has another address now, those who stay are said again, and whoever is not said goes. Once.
    purged = {"purge_neighbours": False} if "purge_neighbours" in element else {}
    return {**element, "neighbours": kept + element["neighbours"], **purged}


def _with_old_proxies(new: t.Sequence[Element], old: t.Iterable[Element]) -> list[Element]:
    """What is answered for, with what was before and is still an endpoint's."""
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


def _is_end(module: str, element: Element, ends: t.Container[str]) -> bool:
    """Whether it is about a host end that gives way to another one."""
    if module == "bridge_port":
        return element["interface"] in ends
    return module == "interface" and "netns" not in element and element["name"] in ends


def _port(element: Element) -> tuple[t.Any, ...]:
    """The key of a published port; where nothing is translated, several endpoints may open the same one."""
    target = element["to_address"] if element.get("gateway_mode") == "routed" else None
    return (element["ip_version"], element["protocol"], element.get("host_ip"), element["host_port"], target)


def text(found: Document) -> str:
    """What stands in the file."""
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def parse(written: str, where: str) -> Document:
    """The document in a file; raises Invalid where it is none."""
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
    _check_modules(found["modules"], where)
    known = {element["name"] for element in found["modules"].get("netns", ())}
    for name, path in found["guests"].items():
        if name not in known or not isinstance(path, (str, type(None))):
            raise Invalid(f"{where}: guests.{name}", path, "a path or null, for a namespace of modules.netns")
    return found


def _check_modules(modules: t.Mapping[str, t.Any], where: str) -> None:
    """What is looked at before the modules themselves check their definitions."""
    for name, listed in modules.items():
        if not isinstance(listed, list):
            raise Invalid(f"{where}: modules.{name}", listed, "a list of definitions")
        for number, element in enumerate(listed):
            place = f"{where}: modules.{name}[{number}]"
            if not isinstance(element, dict):
                raise Invalid(place, element, "a dictionary")
            for word in _NEEDED.get(name, ()):
                if not isinstance(element.get(word), str):
                    raise Invalid(f"{place}.{word}", element.get(word), "a string")
            if not isinstance(element.get("addresses", []), list):
                raise Invalid(f"{place}.addresses", element["addresses"], "a list")


def leases(found: Document) -> Leases:
    """The addresses that the network's endpoints have."""
    given: Leases = {}
    for element in found["modules"].get("interface", ()):
        if element.get("netns"):
            given.setdefault(element["netns"], {})[element["name"]] = list(element.get("addresses", ()))
    return given


def without(modules: Modules, away: t.Container[str]) -> dict[str, list[Element]]:
    """The definitions without the endpoints in these namespaces, which are not there."""
    ends = {pair["name"] for pair in modules["veth"] if pair["peer_netns"] in away}
    inside = [element for element in modules["interface"] if element.get("netns") in away]
    addresses = _inner_addresses(inside)

    def kept(element: Element) -> Element:
        if "proxy_neighbours" not in element:
            return element
        return {**element, "proxy_neighbours": [one for one in element["proxy_neighbours"] if one not in addresses]}

    def stays(name: str, element: Element) -> bool:
        if name == "netns":
            return element["name"] not in away
        if name == "veth":
            return element["name"] not in ends
        if name == "dnat":
            return element["to_address"] not in addresses
        return element not in inside and not _is_end(name, element, ends)

    return {name: [kept(element) for element in listed if stays(name, element)] for name, listed in modules.items()}


def foreign_ports(modules: Modules) -> list[str]:
    """The interfaces of the host that the network needs and does not make: ports, and where it answers."""
    made = {pair["name"] for pair in modules["veth"]}
    ports = {
        element["interface"]
        for element in modules["bridge_port"]
        if element["interface"] not in made and not element.get("netns")
    }
    return sorted(ports | {element["name"] for element in modules["interface"] if "proxy_neighbours" in element})
