# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Endpoints that are not listed and stay, because endpoints are only added."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View

#: How many namespaces to name at most.
_SHOWN = 5


class Staying(Value):
    """Such an endpoint. Its namespace is not read, since root there could impersonate another endpoint."""

    namespace: str
    interface: str
    host_end: str
    addresses: tuple[IPAddress, ...]
    mac_address: str
    guard: bool


def endpoints(draft: Draft, view: HostView) -> list[Staying]:
    """The endpoints on the network's bridge that stay."""
    network = draft.network
    if not network.appends:
        return []
    wanted = {endpoint.key for endpoint in network.endpoints}
    present = set(draft.ends.existing.values())
    known = view.known_neighbours(network.name)
    found = []
    for end in view.our_ends():
        peer = end["peer"]
        if end["name"] in present or not peer or not peer["netns"] or (peer["netns"], peer["name"]) in wanted:
            continue
        key = (str(peer["netns"]), str(peer["name"]))
        own = tuple(address for address in view.leases(*key) if network.subnet_holding(address))
        told = next((known[address] for address in own if address in known), None)
        mac_address = told or addresses.derived_mac("endpoint", view.machine_id, network.name, *key)
        found.append(Staying(*key, str(end["name"]), own, mac_address, told is not None or _is_locked(end)))
    return found


def published(draft: Draft, view: HostView) -> list[View]:
    """The rules of ports that stay published, including those of endpoints that are listed without them."""
    return [rule for rule in view.our_rules("dnat") if "host_port" in rule] if draft.network.appends else []


def published_addresses(draft: Draft, view: HostView) -> set[IPAddress]:
    """The addresses that the endpoints of these ports will have."""
    found = {parse_address(rule["to_address"]) for rule in published(draft, view)}
    return {draft.moves[address][1] if address in draft.moves else address for address in found}


def shown(names: t.Collection[str]) -> str:
    """A few of the names of namespaces."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(sorted(names)[:_SHOWN]) + more


def _is_locked(end: View) -> bool:
    port: t.Mapping[str, t.Any] = end["port"] or {}
    return bool(port.get("locked"))
