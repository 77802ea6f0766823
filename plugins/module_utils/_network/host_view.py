# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The host as ``netns_info`` describes it, with the planner's queries."""

from __future__ import annotations

import typing as t
from collections.abc import Container, Iterator, Mapping, Sequence

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    IPNetwork,
    parse_address,
    parse_interface,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused, kind_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import networks_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import NOWHERE

View = Mapping[str, t.Any]

_MAIN_TABLE = ("main", 254, "254", None)


class HostView:
    """A host as one owner sees it."""

    def __init__(self, info: object, owner: str) -> None:
        if not isinstance(info, Mapping) or "host" not in info or "namespaces" not in info:
            raise Invalid("netns_info", kind_of(info), "the result of the module netns_info, with host and namespaces")
        self.owner = owner
        host: View = info["host"]
        _refuse_unread(host["rules_unread"])
        self.interfaces: dict[str, View] = {str(interface["name"]): interface for interface in host["interfaces"]}
        self.all_routes: list[View] = list(host["routes"])
        self.policy_rules: list[View] = list(host["policy_rules"])
        self.routes: list[View] = [route for route in host["routes"] if is_plain(route)]
        #: Routes of the main table that drop packets, or end the lookup in it.
        self.dead_routes: list[View] = [
            route for route in host["routes"] if route["table"] in _MAIN_TABLE and route["type"] in NOWHERE
        ]
        self.rules: list[View] = list(host["rules"])
        #: The proxy neighbours of the host.
        self.proxies: list[View] = list(host.get("proxy_neighbours", ()))
        self.empty_chains: list[str] = list(host["empty_chains"])
        #: The kinds of rules that belong in flushed chains.
        self._emptied: list[str] = list(host["emptied"])
        self.listeners: list[View] = list(host["listeners"])
        self._neighbours: Sequence[View] = host["neighbours"]
        self.namespaces: dict[str, View] = {str(namespace["name"]): namespace for namespace in info["namespaces"]}
        self._ends = {
            (interface["peer"]["netns"], interface["peer"]["name"]): interface
            for interface in reversed(self.interfaces.values())
            if interface["peer"]
        }
        self.settings_writable = bool(host["settings_writable"])
        self._forwarding: View = host["ip_forward"]
        self._bridge_nf: View = host["bridge_nf"]
        self._limits: View = host["limits"]
        #: The owner's recorded ports, as keys of module ``dnat``.
        self.remembered_ports = [tuple(map(str, port)) for port in host.get("published", {}).get(owner, ())]
        self._persistent: View = host["persistent"]
        self.machine_id = str(host["machine_id"])
        self._unmanaged_links: View = host["unmanaged_links"]
        #: The installed ones; without rules, a network gets the first one.
        self.firewalls: list[str] = list(host["firewalls"])
        #: Why the files of some namespaces are left alone.
        self.names_left_alone: Mapping[str, str] = host["names_left_alone"]
        #: The namespaces with a resolver file that no other owner may change, each with its owner or None.
        self.resolvers: Mapping[str, str | None] = host["resolvers"]
        self.resolver: View = host["resolver"]
        self.names: list[View] = list(host["names"].get(owner, ()))
        #: What other tools have in the packet filter, for the firewall to judge.
        self.other_rules: View = host["other_rules"]

    @property
    def lacks_nft(self) -> bool:
        """Whether the program is missing that filters what endpoints send to each other."""
        return "nftables" not in self.firewalls

    @property
    def firewall(self) -> str | None:
        """The firewall that has the network's rules, otherwise the one that it gets; None if none is installed."""
        tables = {rule["table"] for rule in self.rules if rule["owner"] == self.owner and rule["kind"] != "port_guard"}
        if tables:
            return "nftables" if any(table.startswith("inet ") for table in tables) else "iptables"
        return next(iter(self.firewalls), None)

    @property
    def has_ipv6(self) -> bool:
        """Whether the host has IPv6."""
        return self._forwarding["ipv6"] is not None

    def forwards(self, family: str) -> bool:
        """Whether the host forwards packets of a family."""
        return bool(self._forwarding[family])

    def ways_out(self, families: t.Collection[str]) -> tuple[str, ...]:
        """The interfaces that default routes lead to."""
        ways = (
            route["interface"] for route in self.routes if route["to"] == "default" and route["ip_version"] in families
        )
        return tuple(sorted({way for way in ways if way}))

    def bridge_nf(self, family: str) -> bool:
        """Whether iptables sees bridged frames of a family."""
        return bool(self._bridge_nf[family])

    def neighbour_limit(self, family: str) -> int | None:
        """The size limit of the machine's neighbour table for a family; None if unknown."""
        limit: int | None = self._limits["neighbours"].get(family)
        return limit

    @property
    def backlog(self) -> int | None:
        """How many packets may be queued per CPU (netdev_max_backlog); None if unknown."""
        limit: int | None = self._limits["backlog"]
        return limit

    @property
    def persistent(self) -> bool:
        """Whether this network is persistent."""
        return self.owner in self._persistent

    def is_filed(self, namespace: str, interface: str) -> bool:
        """Whether an endpoint is in the file of this network for the boot."""
        return interface in self._persistent.get(self.owner, {}).get("leases", {}).get(namespace, {})

    @property
    def persistent_switches(self) -> list[str]:
        """The families for which a file of this network switches forwarding on at boot."""
        return list(self._persistent[self.owner]["switches"]) if self.persistent else []

    @property
    def unmanaged_links(self) -> list[str] | None:
        """The interfaces that network managers were told to leave alone; None if there is no such list."""
        found: Mapping[str, list[str]] | None = self._unmanaged_links.get(self.owner)
        return None if found is None else sorted({name for listed in found.values() for name in listed})

    def owner_of(self, interface: View) -> str | None:
        """The owner of an interface of the host, by its mark.

        If the alias was edited by hand or never written, the link group counts, provided that something else confirms
        it, since anybody can set a group.
        """
        if marks.parse_alias(interface["alias"]):
            return marks.link_owner(interface["alias"], 0, ())
        candidates = (self.owner,) if self._bears_witness(interface) else ()
        return marks.link_owner(interface["alias"], int(interface["group"] or 0), candidates)

    def _bears_witness(self, interface: View) -> bool:
        """Whether something besides the group shows that a link is the owner's.

        For a bridge that is its name or its rules, for an ifb device its name, for another link a bridge or namespace
        of the owner that it leads to.
        """
        if interface["kind"] == "ifb":
            return self._limited_by(interface["name"]) is not None
        if interface["kind"] == "bridge":
            name = interface["name"]
            return name == self.owner or any(rule.get("bridge") == name for rule in self.our_rules("forward"))
        bridge, peer = self.interfaces.get(interface["bridge"] or ""), interface["peer"]
        if bridge is not None and self.owner_of(bridge) == self.owner:
            return True
        namespace = self.namespaces.get(peer["netns"] or "") if peer else None
        return namespace is not None and self.owner in namespace["owners"]

    def endpoint_of(self, interface: View) -> str | None:
        """The namespace of a host end, by its mark or otherwise its peer."""
        mark = marks.parse_alias(interface["alias"])
        if mark:
            return mark.namespace or None
        peer = interface["peer"]
        return str(peer["netns"]) if peer and peer["netns"] else None

    def our_bridges(self) -> list[str]:
        """The bridges of the owner, including renamed ones."""
        return [
            name
            for name, interface in self.interfaces.items()
            if interface["kind"] == "bridge" and self.owner_of(interface) == self.owner
        ]

    def our_ends(self) -> list[View]:
        """The host ends of the owner's veth pairs."""
        return [
            interface
            for interface in self.interfaces.values()
            if interface["kind"] == "veth" and self.owner_of(interface) == self.owner
        ]

    def is_network(self, owner: str) -> bool:
        """Whether an owner is a network of this host rather than just a label that was given to a module."""
        named = self.interfaces.get(owner)
        return (
            owner in self._persistent
            or (named is not None and named["kind"] == "bridge" and named["owner"] == owner)
            or any(rule["owner"] == owner and rule["kind"] == "forward" for rule in self.rules)
        )

    def odd_links(self, ports: Container[str] = ()) -> list[str]:
        """Sentences about links with our mark that are of a kind we never create, except for ``ports``."""
        return [
            f"{name}: has the mark of network {self.owner}, but was not created for it; it is left alone"
            for name, interface in self.interfaces.items()
            if name not in ports
            and interface["kind"] not in ("bridge", "veth", "ifb")
            and self.owner_of(interface) == self.owner
        ]

    @property
    def stands(self) -> bool:
        """Whether anything of the network exists, so that there is something to repair."""
        return bool(self.our_bridges() or self.our_ends())

    def limited(self) -> list[str]:
        """The interfaces with limits of the owner, and those whose limiting device is left."""
        found = {str(end["name"]) for end in self.our_ends() if end["bandwidth"]}
        for name, interface in self.interfaces.items():
            if interface["kind"] == "ifb" and self.owner_of(interface) == self.owner:
                mark = marks.parse_alias(interface["alias"])
                found.add(mark.namespace if mark else str(self._limited_by(name)))
        return sorted(found)

    def limits_somebody(self, direction: str) -> bool:
        """Whether an interface has a limit of this collection, as the kernel then can set more."""
        shown = (interface["bandwidth"] for interface in self.interfaces.values())
        return any(limits and limits[f"{direction}_rate"] for limits in shown)

    def _limited_by(self, device: str) -> str | None:
        """The interface whose limiting device would have this name."""
        return next((name for name in self.interfaces if names.limiting_device(name) == device), None)

    def our_ports(self) -> list[View]:
        """Other interfaces of the host that the owner added to a bridge."""
        return [interface for interface in self.interfaces.values() if interface["port_owner"] == self.owner]

    def is_foreign(self, port: View) -> bool:
        """Whether a port of the bridge is neither a host end of the owner nor added by it."""
        return self.owner not in (self.owner_of(port), port["port_owner"])

    def known_neighbours(self, interface: str) -> dict[IPAddress, str]:
        """The permanent neighbours on an interface. Learned ones are hearsay."""
        return {
            parse_address(one["address"]): str(one["mac_address"])
            for one in self._neighbours
            if (one["interface"], one["state"]) == (interface, "permanent") and one["mac_address"]
        }

    def our_namespaces(self) -> list[View]:
        """The namespaces that the owner claims."""
        return [namespace for namespace in self.namespaces.values() if self.owner in namespace["owners"]]

    def our_rules(self, kind: str) -> list[View]:
        return [rule for rule in self.rules if rule["kind"] == kind and rule["owner"] == self.owner]

    @property
    def is_internal(self) -> bool:
        """Whether the network is internal now, according to its rules."""
        return any(rule.get("internal") for rule in self.our_rules("forward"))

    def foreign_rules(self, kind: str) -> list[View]:
        return [rule for rule in self.rules if rule["kind"] == kind and rule["owner"] != self.owner]

    def lost_published_ports(self, family: str) -> bool:
        """Whether the network exists but its published ports were flushed, in whole or in part.

        Then it has no rule in the table, or there is an empty chain, which this collection never leaves. Only root can
        do this.
        """
        flushed = "dnat" in self._emptied
        there = any(
            rule["owner"] == self.owner and (rule.get("table", "nat"), rule["ip_version"]) == ("nat", family)
            for rule in self.rules
        )
        return (flushed or not there) and self.stands

    def ports_of(self, bridge: str) -> list[View]:
        """The ports of a bridge."""
        return [interface for interface in self.interfaces.values() if interface["bridge"] == bridge]

    def inner_interface(self, namespace: str, name: str) -> View | None:
        """An interface inside a namespace."""
        return next((interface for interface in self.inner_interfaces(namespace) if interface["name"] == name), None)

    def inner_interfaces(self, namespace: str) -> list[View]:
        return list(self.namespaces.get(namespace, {}).get("interfaces", ()))

    def inner_default_routes(self, namespace: str) -> list[View]:
        """The default routes of a namespace's main table."""
        found = self.namespaces.get(namespace, {}).get("routes", ())
        return [route for route in found if route["to"] == "default" and is_plain(route)]

    def leases(self, namespace: str, interface: str) -> list[IPAddress]:
        """The recorded addresses of an interface. Those in a persistent network's file count less."""
        kept = self._persistent.get(self.owner, {}).get("leases", {}).get(namespace, {}).get(interface, ())
        found = self.namespaces.get(namespace, {}).get("leases", {}).get(self.owner, {}).get(interface, kept)
        return [parse_interface(text).ip for text in found]

    def all_leases(self) -> Iterator[tuple[str, str, IPAddress]]:
        """Every recorded address, with its namespace and interface."""
        for name, namespace in self.namespaces.items():
            for interface, found in namespace.get("leases", {}).get(self.owner, {}).items():
                for text in found:
                    yield name, interface, parse_interface(text).ip

    def has_had(self, subnet: IPNetwork) -> bool:
        """Whether this subnet was the network's before: by addresses of the bridge, recorded addresses, or rules.

        A flush removes one of these, and not every network has all of them.
        """
        bridges = (self.interfaces[name] for name in self.our_bridges())
        given = (
            parse_interface(text).network
            for namespace in self.namespaces.values()
            for found in namespace.get("leases", {}).get(self.owner, {}).values()
            for text in found
        )
        return (
            any(subnet in networks_of(bridge) for bridge in bridges)
            or subnet in given
            or any(rule["owner"] == self.owner and str(subnet) in rule.get("text", "").split() for rule in self.rules)
        )

    def host_end_at(self, namespace: str, interface: str) -> View | None:
        """The host's end of the veth pair whose other end is this interface in a namespace."""
        return self._ends.get((namespace, interface))


def _refuse_unread(unread: Sequence[str]) -> None:
    """Refuse to work with part of the rules: one that was not seen would stay, and with it an open port."""
    if unread:
        more = f" (and {len(unread) - 1} more like this)" if len(unread) > 1 else ""
        raise Refused(f"the rules of this host could not be read completely, so nothing is changed: {unread[0]}{more}")


def is_plain(route: View) -> bool:
    """Whether it is a unicast route of the main table."""
    return route["table"] in _MAIN_TABLE and (route["type"] or "unicast") == "unicast"


def peer_is(end: View, namespace: str, interface: str) -> bool:
    """Whether the peer of a veth end is this interface in a namespace."""
    peer = end["peer"]
    return bool(peer) and peer["netns"] == namespace and peer["name"] == interface


def addresses_of(interface: View) -> Iterator[IPAddress]:
    """The addresses of an interface, without IPv6 link-local ones."""
    for entry in interface["addresses"]:
        found = parse_interface(entry["address"]).ip
        if not (found.version == 6 and found.is_link_local):
            yield found
