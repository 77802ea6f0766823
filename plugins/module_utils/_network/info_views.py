# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The contents of a namespace as a module returns them."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netns_files import Files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import resolver_file
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.hosts_file import Block
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import BRIDGE_PORT
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, by_index
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import ResolverFile
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import PROTOCOLS, TABLES, table_name

View = dict[str, t.Any]
_PORT_FLAGS = tuple(row.name for row in BRIDGE_PORT)


def interfaces(contents: Contents, peer: t.Callable[[int], View | None]) -> list[View]:
    """Every interface with its addresses; ``peer`` returns the peer of a veth end by its index."""
    links = by_index(contents.links)
    addresses: dict[int, list[View]] = {}
    for address in contents.addresses:
        addresses.setdefault(address.index, []).append(_address(address))
    return [_interface(link, links, addresses.get(link.index, []), peer(link.index)) for link in links.values()]


def _interface(link: Link, links: t.Mapping[int, Link], addresses: list[View], peer: View | None) -> View:
    master = links.get(link.master or 0)
    return {
        "name": link.name,
        "index": link.index,
        "kind": link.kind,
        "enabled": link.up,
        "carrier": link.running,
        "mtu": link.mtu,
        "mac_address": link.mac_address,
        "alias": link.alias,
        "alternative_names": list(link.alternatives),
        "group": link.group,
        "bridge": master.name if master and master.kind == "bridge" else None,
        "addresses": addresses,
        "peer": peer,
        "port": None if link.port is None else {flag: link.port.get(flag) for flag in _PORT_FLAGS},
    }


def _address(address: Address) -> View:
    return {
        "address": str(address.address),
        "ip_version": f"ipv{address.address.version}",
        "scope": address.scope,
        "dynamic": address.dynamic,
    }


def names(files: t.Mapping[str, Files]) -> dict[str, list[View]]:
    """By owner, the names in hosts files, grouped by namespaces with the same names, and what single ones have."""
    groups: dict[tuple[str, int], View] = {}
    for namespace, one in sorted(files.items()):
        resolver = resolver_file.parse_ours(one.resolver) if one.resolver else None
        blocks = dict(one.hosts.blocks) if one.hosts else {}
        for owner in resolver.owners if resolver else ():
            blocks.setdefault(owner, Block())
        for owner, block in blocks.items():
            group = groups.setdefault((owner, id(block.common)), {"namespaces": [], "hosts": block.common, "own": {}})
            group["namespaces"].append(namespace)
            asked = resolver if resolver and resolver.asked and owner in resolver.owners else None
            if block.own or asked:
                group["own"][namespace] = {"hosts": list(block.own), **(_resolver(asked) if asked else {})}
    found: dict[str, list[View]] = {}
    for (owner, _common), group in groups.items():
        found.setdefault(owner, []).append({**group, "hosts": list(group["hosts"])})
    return found


def _resolver(file: ResolverFile) -> View:
    found = resolver_file.parse(file.text.decode("utf-8", "surrogateescape"))
    return {
        "dns_servers": list(found.servers),
        "dns_search": list(found.search),
        "dns_options": list(found.options),
    }


def resolvers(files: t.Mapping[str, Files]) -> dict[str, str | None]:
    """The namespaces whose resolver file only one owner may change, with that owner; None if it is foreign."""
    found: dict[str, str | None] = {}
    for namespace, one in sorted(files.items()):
        if one.resolver is not None:
            ours = resolver_file.parse_ours(one.resolver)
            if ours is None or ours.asked:
                found[namespace] = ours.owners[0] if ours else None
    return found


def routes(contents: Contents) -> list[View]:
    """All routes except the kernel's own in table ``local``. A multipath route is listed once per interface."""
    names = {link.index: link.name for link in contents.links.values()}
    return [
        {
            "to": route.to,
            "via": via,
            "interface": names.get(index) if index is not None else None,
            "metric": route.metric,
            "table": table_name(route.table),
            "type": route.type,
            "src": route.src,
            "protocol": PROTOCOLS.get(route.protocol, str(route.protocol)),
            "scope": route.scope,
            "ip_version": f"ipv{route.family}",
        }
        for route in contents.routes
        if route.table != TABLES["local"]
        for index, via in route.hops or ((route.index, route.via),)
    ]


def neighbours(contents: Contents) -> list[View]:
    """The neighbour entries."""
    names = {link.index: link.name for link in contents.links.values()}
    return [
        {
            "address": neighbour.address,
            "mac_address": neighbour.mac_address,
            "interface": names.get(neighbour.index),
            "state": neighbour.state,
        }
        for neighbour in contents.neighbours
    ]


def proxies(contents: Contents) -> list[View]:
    """The proxy neighbour entries; "managed" marks those that this collection added."""
    names = {link.index: link.name for link in contents.links.values()}
    return [
        {"address": proxy.address, "interface": names.get(proxy.index), "managed": proxy.marked}
        for proxy in contents.proxies
    ]
