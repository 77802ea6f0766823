# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a network left on the host and is not wished any more, as absent elements.

Only what carries our mark on the host's side is removed. Every object has one remover: a namespace that we made and
that nobody else claims takes its links along, otherwise the module ``veth`` removes the pair.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t
from collections.abc import Collection, Iterable, Mapping

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View, networks_of

Element = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Teardown:
    """Taking a network away: the absent elements of each module, and sentences for people.

    ``persistent`` tells whether something would bring the network back after a reboot.
    """

    modules: dict[str, list[Element]]
    warnings: list[str]
    summary: list[str]
    persistent: bool


class Published(t.Protocol):
    """A port that is wished: the key of the module ``dnat``, and where nothing is translated its target."""

    @property
    def key(self) -> tuple[str, str, str, str]: ...

    @property
    def to_address(self) -> str: ...

    @property
    def routed(self) -> bool: ...


def teardown(view: HostView) -> Teardown:
    """The end of the network that is called like its owner."""
    return Teardown(
        {**everything(view), "ip_forward": forgotten_switches(view)},
        _warnings(view),
        _summary(view),
        view.persistent,
    )


def _warnings(view: HostView) -> list[str]:
    name = view.owner
    strangers = sorted(
        str(port["name"]) for bridge in view.our_bridges() for port in view.ports_of(bridge) if view.is_foreign(port)
    )
    found = view.odd_links()
    if strangers:
        found.append(f"{', '.join(strangers)}: on the bridge {name} and not ours, left standing without it")
    if name in view.interfaces and view.owner_of(view.interfaces[name]) is None and view.our_rules("forward"):
        found.append(f"{name}: the bridge has lost the mark of this network and is left standing, without its rules")
    return found


def _summary(view: HostView) -> list[str]:
    """That the network is no more, and what is left on purpose."""
    forwarding = [word.replace("ip", "IP") for word in FAMILIES if view.forwards(word)]
    stays = f"{' and '.join(forwarding)} forwarding stays on, because others may rely on it"
    return [f"{view.owner}: absent", *([stays] if forwarding else [])]


def everything(view: HostView) -> dict[str, list[Element]]:
    """All that the network has, by the module that removes it, in the order in which a network is taken down.

    Links go before what protects them. Forwarding stays on, because others may rely on it.
    """
    ends = sorted(str(end["name"]) for end in view.our_ends())
    return {
        "interface": without_proxies(stale_proxies(view, (), ())),
        "dnat": stale_dnat(view, ()),
        "veth": stale_veth(view, ends, ()),
        "bridge_port": stale_ports(view, ()),
        "netns": stale_netns(view, ()),
        "bridge": stale_bridge(view, ()),
        "masquerade": stale_masquerade(view, ()),
        "bridge_forward": stale_bridge_forward(view, ()) or _emptied(view),
        "unmanaged_links": stale_unmanaged_links(view),
    }


def stale_netns(view: HostView, wished: Collection[str]) -> list[Element]:
    """Our claims on namespaces that no endpoint names; the module removes a namespace with its last claim."""
    return [
        {"name": namespace["name"], "state": "absent"}
        for namespace in view.our_namespaces()
        if namespace["name"] not in wished
    ]


def stale_veth(view: HostView, stale: Iterable[str], wished: Collection[str]) -> list[Element]:
    """Host ends left over, by name, but for those that go with their namespace."""
    falling = {
        namespace["name"]
        for namespace in view.our_namespaces()
        if namespace["name"] not in wished and not namespace["attached"] and list(namespace["owners"]) == [view.owner]
    }
    return [{"name": name, "state": "absent"} for name in stale if not _leads_into(view.interfaces[name], falling)]


def _leads_into(end: View, namespaces: Collection[str]) -> bool:
    """Whether the other end is in one of these namespaces now, whatever the mark says."""
    peer = end["peer"]
    return bool(peer) and peer["netns"] in namespaces


def stale_ports(view: HostView, wished: Collection[str]) -> list[Element]:
    """Interfaces of the host that we put on a bridge, such as a network card."""
    return [
        {"interface": port["name"], "bridge": port["bridge"], "state": "absent"}
        for port in view.our_ports()
        if port["name"] not in wished
    ]


def stale_dnat(view: HostView, wished: Iterable[Published]) -> list[Element]:
    """Ports that we published; a key that is wished again is the module's to change.

    Where nothing is translated, several endpoints may open the same port, so the target's address is part of the key.
    """
    wanted = {entry.key for entry in wished}
    translated = {entry.key for entry in wished if not entry.routed}
    targets = {(entry.key, entry.to_address) for entry in wished if entry.routed}
    found: dict[t.Any, Element] = {}
    for rule in view.our_rules("dnat"):
        if "host_port" not in rule:
            # Damaged by hand: it has no key any more, so the module repairs or leaves it.
            continue
        key = (rule["ip_version"], rule["protocol"], rule["host_ip"] or "", str(rule["host_port"]))
        element = unpublished(key)
        if rule["gateway_mode"] != "routed":
            if key not in wanted:
                found[key] = element
        elif key not in translated and (key, rule["to_address"]) not in targets:
            found[key, rule["to_address"]] = {**element, "gateway_mode": "routed", "to_address": rule["to_address"]}
    return list(found.values())


def forgotten_dnat(view: HostView, wished: Iterable[Published]) -> list[Element]:
    """Ports that are published no more and whose rules somebody had deleted: what is remembered of them goes."""
    there = {
        (rule["ip_version"], rule["protocol"], rule["host_ip"] or "", str(rule["host_port"]))
        for rule in view.our_rules("dnat")
        if "host_port" in rule and rule["gateway_mode"] != "routed"
    }
    kept = there | {entry.key for entry in wished}
    return [unpublished(port) for port in view.remembered_ports if port not in kept]


def unpublished(key: tuple[str, ...]) -> Element:
    """That nothing is published under this key any more."""
    element: Element = {"ip_version": key[0], "protocol": key[1], "host_port": key[3], "state": "absent"}
    return {**element, "host_ip": key[2]} if key[2] else element


def stale_masquerade(view: HostView, wished: Collection[tuple[str, str]]) -> list[Element]:
    """Source NAT that we set up; a rule whose source was taken away by hand is one for everything."""
    found: dict[tuple[str, str], Element] = {}
    for rule in view.our_rules("masquerade"):
        source = rule["source"] or ("0.0.0.0/0" if rule["ip_version"] == "ipv4" else "::/0")
        key = (source, rule["out_interface"] or "")
        if key not in wished:
            found[key] = {"source": source, "state": "absent"}
            if rule["out_interface"]:
                found[key]["out_interface"] = rule["out_interface"]
    return list(found.values())


def stale_bridge_forward(view: HostView, wished: Collection[str]) -> list[Element]:
    bridges = {str(rule["bridge"]) for rule in view.our_rules("forward") if rule.get("bridge")}
    return [{"bridge": name, "state": "absent"} for name in sorted(bridges - set(wished))]


def _emptied(view: HostView) -> list[Element]:
    """The chains that somebody emptied, whose last network this is."""
    if not view.empty_chains or any(rule["owner"] != view.owner for rule in view.rules):
        return []
    return [{"bridge": view.owner, "state": "absent"}]


def stale_proxies(
    view: HostView, wished: Collection[tuple[str, str]], networks: Iterable[IPNetwork]
) -> dict[str, list[str]]:
    """By interface the addresses of ours that the host answers for there and shall not any more.

    They have no owner. Ours are those in the network, as it is or is wished, and those that we gave.

    :param wished: pairs of the interface and the address
    """
    ours = [*networks, *(found for name in view.our_bridges() for found in networks_of(view.interfaces[name]))]
    leased = {address for _namespace, _interface, address in view.all_leases()}
    stale: dict[str, list[str]] = {}
    for proxy in view.proxies:
        address = ipaddress.ip_address(proxy["address"])
        if not (proxy["managed"] and proxy["interface"]) or (proxy["interface"], str(address)) in wished:
            continue
        if address in leased or any(address in network for network in ours):
            stale.setdefault(proxy["interface"], []).append(str(address))
    return stale


def without_proxies(stale: Mapping[str, list[str]]) -> list[Element]:
    """What takes them away where nothing else is to be done to the interface."""
    return [
        {"name": name, "state": "absent", "enabled": True, "proxy_neighbours": found}
        for name, found in sorted(stale.items())
    ]


def stale_bridge(view: HostView, wished: Collection[str]) -> list[Element]:
    """Our bridges under any name, one that was renamed by hand included."""
    return [{"name": name, "state": "absent"} for name in sorted(view.our_bridges()) if name not in wished]


def stale_unmanaged_links(view: HostView) -> list[Element]:
    """What tells others that our links are not theirs."""
    return [{"owner": view.owner, "state": "absent"}] if view.unmanaged_links is not None else []


def forgotten_switches(view: HostView, wished: Collection[str] = ()) -> list[Element]:
    """The switches that a file throws after a reboot and shall not any more; now they stay as they are."""
    return [
        {"ip_version": word, "state": "enabled" if view.forwards(word) else "disabled", "persistent": False}
        for word in view.persistent_switches
        if word not in wished
    ]
