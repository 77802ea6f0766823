# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Links and settings of an owner that are no longer wanted, as absent definitions.

Only what carries our mark on the host's side is removed. Every object is removed by one module: a namespace that we
created and nobody else claims takes its links along; otherwise ``veth`` removes the pair.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Mapping

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Element, Marked, View, networks_of


def netns(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    """Our claims on namespaces without a wanted endpoint. The module removes a namespace with its last claim."""
    return [
        {"name": namespace["name"], "state": "absent"}
        for namespace in view.our_namespaces()
        if namespace["name"] not in wanted
    ]


def veth(view: Marked, stale: Iterable[str], wanted: Collection[str]) -> list[Element]:
    """Leftover host ends, by name, except for those that go with their namespace."""
    falling = {
        namespace["name"]
        for namespace in view.our_namespaces()
        if namespace["name"] not in wanted and not namespace["attached"] and list(namespace["owners"]) == [view.owner]
    }
    return [{"name": name, "state": "absent"} for name in stale if not _leads_into(view.interfaces[name], falling)]


def _leads_into(end: View, namespaces: Collection[str]) -> bool:
    """Whether the peer is in one of these namespaces now, whatever the mark says."""
    peer = end["peer"]
    return bool(peer) and peer["netns"] in namespaces


def bridge_port(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    """Interfaces of the host that we put on a bridge, such as network cards."""
    return [
        {"interface": port["name"], "bridge": port["bridge"], "state": "absent"}
        for port in view.our_ports()
        if port["name"] not in wanted
    ]


def bandwidth(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    """Interfaces with limits of ours, and those whose limiting device is left."""
    return [{"interface": name, "state": "absent"} for name in view.limited() if name not in wanted]


def port_guard(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    """What guards ports that are no endpoint's any more."""
    ports = {str(rule["interface"]) for rule in view.our_rules("guard")}
    return [{"interface": name, "state": "absent"} for name in sorted(ports) if name not in wanted]


def proxies(view: Marked, wanted: Collection[tuple[str, str]], networks: Iterable[IPNetwork]) -> dict[str, list[str]]:
    """By interface, our addresses that the host still answers for but should not.

    Proxy entries have no owner. Ours are those in the network, as it is or as wanted, and those of recorded addresses.

    :param wanted: pairs of interface and address
    """
    ours = [*networks, *(found for name in view.our_bridges() for found in networks_of(view.interfaces[name]))]
    leased = {address for _namespace, _interface, address in view.all_leases()}
    stale: dict[str, list[str]] = {}
    for proxy in view.proxies:
        address = ipaddress.ip_address(proxy["address"])
        if not (proxy["managed"] and proxy["interface"]) or (proxy["interface"], str(address)) in wanted:
            continue
        if address in leased or any(address in network for network in ours):
            stale.setdefault(proxy["interface"], []).append(str(address))
    return stale


def without_proxies(stale: Mapping[str, list[str]]) -> list[Element]:
    """Definitions that remove the entries of interfaces that are not otherwise configured."""
    return [
        {"name": name, "state": "absent", "enabled": True, "proxy_neighbours": found}
        for name, found in sorted(stale.items())
    ]


def bridge(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    """Our bridges, including renamed ones."""
    return [{"name": name, "state": "absent"} for name in sorted(view.our_bridges()) if name not in wanted]


def unmanaged_links(view: Marked) -> list[Element]:
    """The files that keep network managers away from our links."""
    return [{"owner": view.owner, "state": "absent"}] if view.unmanaged_links is not None else []


def netns_names(view: Marked) -> list[Element]:
    """What namespaces find each other by."""
    return [{"owner": view.owner, "state": "absent"}] if view.names else []


def ip_forward(view: Marked, wanted: Collection[str] = ()) -> list[Element]:
    """The forwarding switches that a file sets at boot but should not any more. Their current values stay."""
    return [
        {"ip_version": word, "state": "enabled" if view.forwards(word) else "disabled", "persistent": False}
        for word in view.persistent_switches
        if word not in wanted
    ]
