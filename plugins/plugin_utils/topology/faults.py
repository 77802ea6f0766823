# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds what is wrong with a network, as far as it shows from outside, and says why, a sentence each."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.model import (
    Interface,
    Port,
    Space,
    Topology,
    View,
    Where,
    spelled,
)

_NO_WAY = ("blackhole", "prohibit", "unreachable")


def find(topology: Topology, host: View) -> None:
    """Add its faults to each part of the model."""
    ends = {one.where: one for space in (topology.host, *topology.namespaces) for one in space.interfaces}
    known = {None, *(one.name for one in topology.namespaces)}
    bridges = {one.name for one in topology.bridges}
    segments = _Segments(topology, ends)
    for space in (topology.host, *topology.namespaces):
        if not space.live:
            space.faults.append("the namespace does not exist any more")
        for interface in space.interfaces:
            interface.faults += _of_link(interface, ends)
            interface.faults += _of_addresses(interface, space.leases.get(interface.name, []))
            if space is topology.host:
                interface.faults += _of_end(interface, known, bridges)
        space.faults += _of_missing(space)
        for route in space.defaults():
            space.faults += _of_default(route, space, segments)
    for port in topology.ports:
        port.faults += _of_port(port, host, segments)
    topology.faults += _of_host(topology, host)


def _of_link(one: Interface, ends: t.Mapping[Where, Interface]) -> list[str]:
    """An interface that carries nothing although it has a part in a network."""
    if one.name == "lo" or not (one.bridge or one.owner or one.peer or one.addresses):
        return []
    if not one.enabled:
        return [f"{one.name} is down"]
    other = ends.get(one.peer) if one.peer else None
    if one.carrier or one.kind == "bridge" or (other and not other.enabled):
        return []
    return [f"{one.name} has no carrier"]


def _of_end(one: Interface, known: t.Container[str | None], bridges: t.Container[str]) -> list[str]:
    """An end of ours that does not lead where its mark says, or is no port of its bridge."""
    found = []
    if one.kind == "veth" and one.endpoint:
        if one.peer is None:
            found.append(
                f"{one.name} should lead to namespace {one.endpoint}, but no namespace with a name has the other end"
            )
        elif one.peer[0] != one.endpoint and one.peer[0] in known:
            other = "the host" if one.peer[0] is None else f"namespace {one.peer[0]}"
            found.append(f"{one.name} should lead to namespace {one.endpoint}, but leads to {other}")
        if not one.bridge and one.owner in bridges:
            found.append(f"{one.name} is no port of {one.owner}")
    return found


def _of_addresses(one: Interface, wanted: t.Sequence[str]) -> list[str]:
    """What an interface with recorded addresses lacks or has beyond them."""
    if not wanted:
        return []
    lost = [f"{address} is missing from {one.name}" for address in wanted if address not in one.addresses]
    return lost + [f"{address} on {one.name} was not asked for" for address in one.fixed if address not in wanted]


def _of_missing(space: Space) -> list[str]:
    """Interfaces with recorded addresses that a live namespace does not have."""
    there = {one.name for one in space.interfaces}
    return [
        f"{name} is missing, and with it {', '.join(addresses)}"
        for name, addresses in space.leases.items()
        if space.live and name not in there
    ]


class _Segments:
    """Which addresses there are behind an interface, where that is known."""

    def __init__(self, topology: Topology, ends: t.Mapping[Where, Interface]) -> None:
        self._ends = ends
        self._known: dict[str, set[str] | None] = {
            bridge.name: self._of_bridge(bridge, topology.ports_of(bridge.name)) for bridge in topology.bridges
        }
        self._subnets = [
            (bridge.name, ipaddress.ip_interface(address).network)
            for bridge in topology.bridges
            for address in bridge.addresses
        ]

    def _of_bridge(self, bridge: Interface, ports: t.Iterable[Interface]) -> set[str] | None:
        """None if a port leads out of sight."""
        found = _ips(bridge)
        for port in ports:
            other = self._ends.get(port.peer) if port.peer else None
            if other is None:
                return None
            found |= _ips(other)
        return found

    def behind(self, space: Space, name: str | None) -> tuple[str, set[str]] | None:
        """The addresses on the bridge that an interface of a namespace leads to, with the bridge's name."""
        interface = space.interface(name)
        end = self._ends.get(interface.peer) if interface and interface.peer else None
        found = self._known.get(end.bridge) if end and end.bridge and end.namespace is None else None
        return None if found is None or end is None else (t.cast(str, end.bridge), found)

    def lacks(self, address: str) -> str | None:
        """The bridge whose network an address is in, if everybody there is known and nobody has it."""
        ip = ipaddress.ip_address(address)
        for bridge, subnet in self._subnets:
            if ip.version == subnet.version and ip in subnet:
                known = self._known[bridge]
                return None if known is None or str(ip) in known else bridge
        return None


def _ips(interface: Interface) -> set[str]:
    return {str(ipaddress.ip_interface(address).ip) for address in interface.addresses}


def _of_default(route: View, space: Space, segments: _Segments) -> list[str]:
    """A default route that leads nowhere."""
    name = f"the {spelled(route['ip_version'])} default route"
    if route["type"] in _NO_WAY:
        return [f"{name} is {route['type']}"] if route["protocol"] != "kernel" else []
    via = route["via"]
    if not via:
        return []
    around = segments.behind(space, route["interface"])
    if around and via not in around[1] and not ipaddress.ip_address(via).is_link_local:
        return [f"{name} leads to {via}, which nobody on {around[0]} has"]
    states = {
        one["state"] for one in space.neighbours if (one["address"], one["interface"]) == (via, route["interface"])
    }
    if "failed" in states:
        return [f"{name} leads to {via}, which does not answer on {route['interface']}"]
    return []


def _of_port(port: Port, host: View, segments: _Segments) -> list[str]:
    versions = " and ".join(spelled(version) for version in port.versions)
    if not port.rules:
        return [f"the rule that publishes it ({versions}) is missing"] if host["rules_complete"] else []
    found = []
    for rule in port.rules:
        if bridge := segments.lacks(rule["to_address"]):
            found.append(f"it leads to {rule['to_address']}, which nobody on {bridge} has")
        if not port.routed:
            found += [
                f"a rule of another tool comes first ({spelled(rule['ip_version'])}): {text}"
                for text in _before(rule, host["other_rules"])
            ]
    return found


def _before(rule: View, others: View) -> list[str]:
    """Rules of other tools that take the packets of a published port before ours does."""
    found = []
    for other in others["translations"]:
        if other["first"] and other["ip_version"] == rule["ip_version"] and _overlap(rule, other):
            found.append(f"{other['chain']} {other['text']}")
    for other in others["native_translations"]:
        if other["first"] and _overlap(rule, other) and rule["ip_version"] in _versions(other["family"]):
            found.append(f"table {other['family']} {other['table']}, chain {other['chain']}")
    return sorted(set(found))


def _versions(family: str) -> tuple[str, ...]:
    return {"ip": ("ipv4",), "ip6": ("ipv6",)}.get(family, ("ipv4", "ipv6"))


def _overlap(rule: View, other: View) -> bool:
    first, _dash, last = rule["host_port"].partition("-")
    low, high = int(first), int(last or first)
    return (
        other["protocol"] in (None, rule["protocol"])
        and any(low <= end and start <= high for start, end in other["ports"])
        and _same_host(rule["host_ip"], other["destination"])
    )


def _same_host(host_ip: str | None, destination: str | None) -> bool:
    """Whether packets to an address of the host may be among those to a destination."""
    if host_ip is None or destination is None:
        return True
    try:
        return ipaddress.ip_address(host_ip) in ipaddress.ip_network(destination, strict=False)
    except ValueError:
        return True


def _of_host(topology: Topology, host: View) -> list[str]:
    found = [f"rules could not be read completely: {sentence}" for sentence in host["rules_unread"]]
    used = _forwarded(topology)
    found += [
        f"{spelled(version)} is not forwarded, so nothing passes between networks"
        for version, on in sorted(host["ip_forward"].items())
        if on is False and version in used
    ]
    if "masquerade" in host["emptied"]:
        found.append("the rules that masquerade were removed by hand")
    return found


def _forwarded(topology: Topology) -> set[str]:
    """The IP versions of which packets are to pass between networks: not for internal ones, nor without a gateway."""
    internal = {rule["bridge"] for rule in topology.rules if rule.get("internal")}
    routers = {
        (bridge.name, f"ipv{ipaddress.ip_interface(address).version}")
        for bridge in topology.bridges
        if bridge.name not in internal
        for address in bridge.addresses
    }
    return {
        rule["ip_version"]
        for rule in topology.rules
        if rule["kind"] == "dnat" or (rule.get("bridge"), rule["ip_version"]) in routers
    }
