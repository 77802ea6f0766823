# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Moves what refers to the old address of an endpoint, when endpoints are only added and one gets a new address.

With a complete list of endpoints, this is not needed.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import left_over
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.allocation import Addresses, Key
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import Published, from_rule

Element = dict[str, t.Any]
#: Endpoints and their new addresses, by old address.
Moves = t.Mapping[IPAddress, tuple[Endpoint, IPAddress]]


def moves(network: Network, view: HostView, given: t.Mapping[Key, Addresses]) -> Moves:
    """The listed endpoints whose address changes."""
    found: dict[IPAddress, tuple[Endpoint, IPAddress]] = {}
    for endpoint in network.endpoints if network.appends else ():
        own = given[endpoint.key]
        kept = {*own.values(), *endpoint.further}
        for former in view.leases(*endpoint.key):
            if former not in kept and network.subnet_holding(former) and family_of(former) in own:
                found[former] = (endpoint, own[family_of(former)])
    return found


def ports(view: HostView, wanted: t.Iterable[Published], moved: Moves) -> list[Published]:
    """The published ports of such endpoints that the list does not mention."""
    taken = {entry.key for entry in wanted if not entry.routed}
    opened = {(entry.key, entry.to_address) for entry in wanted if entry.routed}
    found: dict[Published, None] = {}
    for rule, (endpoint, address) in _moving(view, moved):
        former = from_rule(rule, f"{endpoint.path}.published_ports")
        entry = former.but(wanted=True, to_address=str(address))
        if entry.key not in taken and (entry.key, entry.to_address) not in opened:
            found[entry] = None
    return list(found)


def former_openings(view: HostView, moved: Moves) -> list[Element]:
    """Ports opened on old addresses, which have to be removed if nothing is translated."""
    found: dict[t.Any, Element] = {}
    for rule, _target in _moving(view, moved):
        if rule["gateway_mode"] == "routed":
            key = (rule["ip_version"], rule["protocol"], rule["host_ip"] or "", str(rule["host_port"]))
            opening = {**left_over.unpublished(key), "gateway_mode": "routed", "to_address": rule["to_address"]}
            found[key, rule["to_address"]] = opening
    return list(found.values())


def _moving(view: HostView, moved: Moves) -> t.Iterator[tuple[View, tuple[Endpoint, IPAddress]]]:
    """The rules of published ports that refer to old addresses. A port that is only opened has several."""
    targets = {str(former): target for former, target in moved.items()}
    for rule in view.our_rules("dnat") if moved else ():
        if "host_port" in rule and rule["to_address"] in targets:
            yield rule, targets[rule["to_address"]]
