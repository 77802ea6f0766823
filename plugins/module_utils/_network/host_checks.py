# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds conflicts between the network and the host before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import proxying
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View, addresses_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import MASQUERADE_ADDRESSES, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.subnet_checks import check_overlap

#: The kernel numbers the ports of a bridge with ten bits and does not use 0.
BRIDGE_PORTS = 1023


def check_host(network: Network, view: HostView, check_mode: bool) -> list[str]:
    """Refuse what cannot work on this host. Returns warnings.

    ``missing_cards`` handles what an existing network lacks, since its rules are repaired nevertheless.

    :param check_mode: whether missing objects are only warnings, since an earlier task of the play may create them
    """
    _refuse_alternative_names(network, view)
    missing = list(_check_bridge(network, view))
    _check_ports(network, view)
    cards = missing_cards(network, view)
    if not view.stands or check_mode:
        missing += cards.values()
    if missing and not check_mode:
        raise Refused(missing[0])
    _check_settings(network, view)
    _check_ipv6(network, view)
    _check_limit(network, view)
    return (
        missing
        + view.odd_links(network.ports)
        + _missing_trusted(network, view)
        + _missing_source(network, view)
        + check_overlap(network, view)
        + _forced_ports(network, view)
        + _foreign_ports(network, view)
    )


def _check_bridge(network: Network, view: HostView) -> Iterator[str]:
    bridge = view.interfaces.get(network.name)
    if network.external:
        if bridge is None:
            yield (
                f"{network.option('name')}: there is no bridge {network.name!r} on the host,"
                f" and {network.option('external')}: true does not create one"
            )
        elif bridge["kind"] != "bridge":
            raise Refused(f"{network.option('name')}: {network.name!r} exists on the host and is not a bridge")
        elif network.name in view.our_bridges():
            raise Refused(
                f"{network.option('external')}: {network.name!r} was created by this role and cannot be external"
            )
        return
    if bridge is None:
        return
    owner = view.owner_of(bridge)
    if bridge["kind"] != "bridge":
        raise Refused(
            f"{network.option('name')}: {network.name!r} exists on the host and is not a bridge; choose another name"
        )
    if owner not in (None, view.owner):
        raise Refused(
            f"{network.option('name')}: the bridge {network.name!r} belongs to owner {owner}; choose another name"
        )
    if owner is None:
        raise Refused(
            f"{network.option('name')}: the bridge {network.name!r} exists and was not made by this role;"
            f" join it with {network.option('external')}: true, or choose another name"
        )


def missing_cards(network: Network, view: HostView) -> dict[str, str]:
    """A sentence for each missing interface that should be a port or answer for endpoints."""
    ports = {
        name: f"{network.option('ports')}[{number}]: there is no interface {name!r} on the host"
        for number, name in enumerate(network.ports)
        if name not in view.interfaces
    }
    return {**{str(network.proxy_interface): sentence for sentence in proxying.check(network, view)}, **ports}


def _check_ports(network: Network, view: HostView) -> None:
    """Check that the ports are free, and lose nothing when they join the bridge."""
    for number, name in enumerate(network.ports):
        option = f"{network.option('ports')}[{number}]"
        port = view.interfaces.get(name)
        if port is None:
            continue
        owner = _network_of(port, view)
        if owner and port["port_owner"] != view.owner:
            raise Refused(f"{option}: {name!r} belongs to network {owner}; it cannot be a port here as well")
        if port["kind"] == "bridge":
            raise Refused(f"{option}: {name!r} is a bridge, and a bridge cannot be a port of another")
        if port["bridge"] not in (None, network.name):
            raise Refused(f"{option}: {name!r} is already a port of {port['bridge']}")
        if network.ports_force or port["bridge"] == network.name:
            continue
        if any(addresses_of(port)):
            raise Refused(
                f"{option}: {name!r} has addresses, which stop working on a port; set"
                f" {network.option('ports_force')}: true to do it anyway"
            )
        if _carries_default_route(name, view):
            raise Refused(
                f"{option}: {name!r} has the host's default route; set {network.option('ports_force')}: true to "
                "add it anyway"
            )


def _network_of(port: View, view: HostView) -> str | None:
    """The network that an interface already belongs to.

    Interfaces of the default owner, or of an owner that is not a network, may be put on any bridge.
    """
    taken, owner = port["port_owner"], view.owner_of(port)
    if taken is not None:
        return str(taken)
    if owner == view.owner:
        return owner if port["kind"] == "veth" else None
    return owner if owner is not None and view.is_network(owner) else None


def _forced_ports(network: Network, view: HostView) -> list[str]:
    """Warn about ports with addresses: the kernel passes what arrives there to the bridge."""
    ports = [view.interfaces[name] for name in network.ports if name in view.interfaces]
    return [
        f"{network.option('ports')}: {port['name']!r} keeps its addresses and routes, but the bridge now receives "
        "what arrives there; unless routes lead over the bridge as well, the host is cut off from that segment"
        for port in ports
        if any(addresses_of(port)) or _carries_default_route(port["name"], view)
    ]


def _carries_default_route(name: str, view: HostView) -> bool:
    return any(route["to"] == "default" and route["interface"] == name for route in view.routes)


def _check_settings(network: Network, view: HostView) -> None:
    """Refuse read-only settings, unless everything exists and may need none."""
    anew = [one for one in network.endpoints if view.host_end_at(one.namespace, one.interface) is None]
    if not view.settings_writable and (anew or (network.name not in view.interfaces and not network.external)):
        raise Refused(
            f"{network.name}: /proc/sys/net is mounted read-only on this host, and a network needs kernel settings;"
            " mount it writable, or start this container with a writable mount"
        )


def _check_ipv6(network: Network, view: HostView) -> None:
    for subnet in network.subnets_of("ipv6"):
        if not view.has_ipv6:
            raise Refused(
                f"{subnet.path}.subnet: {subnet.network} is an IPv6 network, and IPv6 is switched off on the host"
            )


def _check_limit(network: Network, view: HostView) -> None:
    wanted = len(network.endpoints) + len(network.ports)
    staying = len(list(_staying_ports(network, view)))
    if wanted + staying > BRIDGE_PORTS:
        others = f" in addition to {staying} foreign ones" if staying else ""
        raise Refused(
            f"{network.option('endpoints')}: {wanted} ports are requested on {network.name}{others}, but the kernel"
            f" allows {BRIDGE_PORTS}"
            " on a bridge; use a second network"
        )


def _staying_ports(network: Network, view: HostView) -> Iterator[View]:
    """Ports of the bridge that this run does not change."""
    wanted = {endpoint.key for endpoint in network.endpoints}
    for port in view.ports_of(network.name):
        if port["name"] in network.ports:
            continue
        if port["port_owner"] == view.owner or (view.owner_of(port) == view.owner and not network.appends):
            continue
        peer = port["peer"] or {}
        if (peer.get("netns"), peer.get("name")) not in wanted:
            yield port


def _foreign_ports(network: Network, view: HostView) -> list[str]:
    if network.external:
        return []
    names = [str(port["name"]) for port in _staying_ports(network, view) if view.is_foreign(port)]
    return [f"{', '.join(sorted(names))}: foreign ports on the bridge {network.name}, left in place"] if names else []


def _refuse_alternative_names(network: Network, view: HostView) -> None:
    """Refuse alternative names: rules only match an interface's real name."""
    real = {other: name for name, one in view.interfaces.items() for other in one.get("alternative_names", ())}
    named = [
        (network.option("name"), network.name),
        *((f"{network.option('trusted_interfaces')}[{n}]", name) for n, name in enumerate(network.trusted_interfaces)),
        *((f"{network.option('ports')}[{n}]", name) for n, name in enumerate(network.ports)),
        *([(network.option("proxy_interface"), network.proxy_interface)] if network.proxy_interface else []),
        *((f"{one.path}.host_interface", one.host_interface) for one in network.endpoints if one.host_interface),
    ]
    for option, name in named:
        if name in real:
            raise Refused(
                f"{option}: {name!r} is an alternative name of the host's interface {real[name]}; use that name"
            )


def _missing_trusted(network: Network, view: HostView) -> list[str]:
    """Warn about missing trusted interfaces, which may appear later, such as those of a VPN."""
    return [
        f"{network.option('trusted_interfaces')}[{number}]: there is no interface {name!r} on the host now"
        for number, name in enumerate(network.trusted_interfaces)
        if name not in view.interfaces
    ]


def _missing_source(network: Network, view: HostView) -> list[str]:
    """Warn about masquerade addresses that the host does not have now, since they may be floating."""
    own = {address for interface in view.interfaces.values() for address in addresses_of(interface)}
    options = {word: network.option(option) for word, option in MASQUERADE_ADDRESSES.items()}
    return [
        f"{options[word]}: the host has no address {address} now, so replies to packets from it do not arrive"
        for word, address in network.masquerade_addresses.items()
        if address not in own
    ]
