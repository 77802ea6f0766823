# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Makes the model of what M(netplumb.linuxnet.netns_info) returned."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable, printable_all
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology import faults
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.model import (
    Interface,
    Port,
    Space,
    Topology,
    View,
    Where,
)


class NotInfo(Exception):
    """The input is not a result of netns_info; the text is a sentence."""


def build(info: t.Any, title: str) -> Topology:
    """The model with everything that is wrong; raises NotInfo."""
    if isinstance(info, t.Mapping) and isinstance(info.get("text"), str):
        try:
            info = json.loads(info["text"])
        except ValueError as error:
            raise NotInfo(f"the text of the input is not JSON: {error}") from None
    if not isinstance(info, t.Mapping) or not isinstance(info.get("host"), t.Mapping) or "namespaces" not in info:
        raise NotInfo(
            "the input must be what netplumb.linuxnet.netns_info returns without aggregate, a dictionary with host and"
            " namespaces"
        )
    try:
        topology = _topology(printable_all(info), printable(title))
        faults.find(topology, printable_all(info["host"]))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        wrong = f"{type(error).__name__}: {error}"
        raise NotInfo(f"the input is not what netplumb.linuxnet.netns_info returns: {wrong}") from None
    return topology


def _topology(info: View, title: str) -> Topology:
    spaces = [_space(view) for view in info["namespaces"]]
    host = _space(info["host"])
    topology = Topology(title, host, sorted(spaces, key=lambda one: str(one.name)), [], info["host"]["rules"])
    topology.ports = _merged(_ports(info["host"], _holders(topology)))
    return topology


def _space(view: View) -> Space:
    """The host has no name, and no record."""
    name = view.get("name")
    leases: dict[str, list[str]] = {}
    for of_owner in view.get("leases", {}).values():
        for interface, addresses in of_owner.items():
            leases.setdefault(interface, []).extend(addresses)
    interfaces = [_interface(one, name) for one in view["interfaces"]]
    return Space(
        name=name,
        live=view.get("live", True),
        owners=list(view.get("owners", ())),
        interfaces=sorted(interfaces, key=lambda one: one.name),
        routes=list(view["routes"]),
        neighbours=list(view["neighbours"]),
        leases={interface: sorted(set(addresses)) for interface, addresses in sorted(leases.items())},
    )


def _interface(view: View, namespace: str | None) -> Interface:
    peer = view["peer"]
    shown = [one for one in view["addresses"] if one["scope"] != "link"]
    return Interface(
        name=view["name"],
        namespace=namespace,
        kind=view["kind"],
        enabled=view["enabled"],
        carrier=view.get("carrier", True),
        mtu=view["mtu"],
        mac_address=view["mac_address"],
        alias=view["alias"],
        addresses=[one["address"] for one in shown],
        fixed=[one["address"] for one in shown if not one["dynamic"]],
        bridge=view["bridge"],
        peer=(peer["netns"], peer["name"]) if peer and peer["name"] else None,
        owner=view.get("owner") or view.get("port_owner"),
        endpoint=view.get("endpoint"),
    )


def _holders(topology: Topology) -> dict[str, Where]:
    """Who has an address: interfaces of the host first, then of namespaces by name, then who should have it."""
    found: dict[str, Where] = {}
    for space in (topology.host, *topology.namespaces):
        for interface in space.interfaces:
            for address in interface.addresses if interface.name != "lo" else ():
                found.setdefault(_ip(address), interface.where)
    for space in topology.namespaces:
        for name, addresses in space.leases.items():
            for address in addresses:
                found.setdefault(_ip(address), (space.name, name))
    return found


def _ip(address: str) -> str:
    return str(ipaddress.ip_interface(address).ip)


def _ports(host: View, holders: t.Mapping[str, Where]) -> list[Port]:
    """A port for each rule that publishes one, and for each record without a rule."""
    found: dict[tuple[str, ...], Port] = {}
    for rule in host["rules"]:
        if rule["kind"] == "dnat" and "host_port" in rule:
            routed = rule.get("gateway_mode") == "routed"
            key = (rule["ip_version"], rule["protocol"], rule["host_ip"] or "", rule["host_port"])
            named = (*key, rule["to_address"] if routed else "")
            port = found.setdefault(
                named,
                Port(
                    protocol=rule["protocol"],
                    host_ip=rule["host_ip"],
                    host_port=rule["host_port"],
                    owner=rule["owner"],
                    versions=[rule["ip_version"]],
                    to_address=rule["to_address"],
                    to_port=rule["to_port"],
                    to=holders.get(rule["to_address"]),
                    routed=routed,
                ),
            )
            port.rules.append(rule)
    _add_lost(found, host["published"])
    return list(found.values())


def _add_lost(found: dict[tuple[str, ...], Port], published: View) -> None:
    """Ports that are recorded and have no rule. The target is not recorded; it is that of the other IP version."""
    standing = {(port.owner, port.protocol, port.host_port): port for port in found.values()}
    for owner, recorded in sorted(published.items()):
        for version, protocol, host_ip, host_port in recorded:
            key = (version, protocol, host_ip, host_port, "")
            if key not in found:
                lost = found[key] = Port(protocol, host_ip or None, host_port, owner, [version])
                if other := standing.get((owner, protocol, host_port)):
                    lost.to, lost.to_port = other.to, other.to_port


def _merged(ports: t.Iterable[Port]) -> list[Port]:
    """What is published the same way for both IP versions, once; sorted by port."""
    found: dict[tuple[t.Any, ...], Port] = {}
    for port in sorted(ports, key=_rank):
        to = port.to_address if port.routed or not port.to else port.to
        key = (port.protocol, port.host_ip, port.host_port, port.owner, to, port.to_port, port.routed, bool(port.rules))
        known = found.setdefault(key, port)
        if known is not port:
            known.versions += port.versions
            known.rules += port.rules
    return list(found.values())


def _rank(port: Port) -> tuple[t.Any, ...]:
    first = port.host_port.split("-")[0]
    return (
        int(first) if first.isdecimal() else 0,
        port.protocol,
        port.host_ip or "",
        port.to_address or "",
        *port.versions,
    )
