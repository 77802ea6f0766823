# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads raw options into a validated :class:`Network`, regardless of the host."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import FIREWALLS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.published_port import refuse_unpublishable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import read_egress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import MASQUERADE_ADDRESSES, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section, number
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.options import OPTIONS
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_endpoints import read_endpoints
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.read_subnets import read_subnets

GATEWAY_MODES = ("nat", "nat-unprotected", "routed")


def options_of(given: object, prefix: str) -> Section:
    """The options of one network; ``prefix`` precedes their names in errors."""
    return Section(prefix, given, tuple(OPTIONS))


def is_absent(section: Section) -> bool:
    """Whether the network is to be removed, which needs only its name."""
    return section.choice("state", ("present", "absent"), "present") == "absent"


def network_name(section: Section) -> str:
    """The name of the network, its bridge and its owner."""
    if not section.given("name"):
        raise Missing(section.path("name"), "the name of the network, such as br-shop")
    name = str(section.read("name", names.network_name))
    _refuse_reserved(section.path("name"), name)
    return name


def read_network(section: Section) -> Network:
    """The validated network, to be present."""
    name = network_name(section)
    subnets = read_subnets(section)
    external = section.flag("external", False)
    network = Network(
        name=name,
        subnets=subnets,
        external=external,
        gateway_modes=_gateway_modes(section),
        inhibit_gateway=section.flag("inhibit_gateway", False),
        internal=section.flag("internal", False),
        icc=section.flag("icc", True),
        masquerade=section.flag("masquerade", True),
        masquerade_addresses=_masquerade_addresses(section),
        masquerade_protocols=section.choice("masquerade_protocols", ("common", "all"), "common"),
        firewall=section.choice("firewall", FIREWALLS, "auto"),
        trusted_interfaces=_interfaces(section, "trusted_interfaces", name),
        default_host_ip=section.read("default_host_ip", _host_ip),
        egress=section.choice("egress", ("allow", "deny"), "allow"),
        forward_policy=section.choice("forward_policy", ("keep", "drop"), "keep"),
        mtu=_mtu(section, any(subnet.family == "ipv6" for subnet in subnets)),
        ports=_interfaces(section, "ports", name),
        ports_force=section.flag("ports_force", False),
        proxy_interface=section.read("proxy_interface", _interface),
        endpoints=read_endpoints(section, subnets),
        names=section.flag("names", True),
        appends=section.flag("appends", False),
        persistent=section.flag("persistent", False),
        prefix=section.prefix,
    )
    _refuse_contradictions(section, network)
    return network


def _refuse_reserved(option: str, name: str) -> None:
    """Refuse ``all`` and ``default``, which mean something else in /proc/sys/net/ipv4/conf."""
    if name in ("lo", "all", "default"):
        raise Invalid(option, name, "a name other than lo, all and default")


def _gateway_modes(section: Section) -> dict[str, str]:
    first = section.choice("gateway_mode", GATEWAY_MODES, "nat")
    return {"ipv4": first, "ipv6": section.choice("gateway_mode_ipv6", GATEWAY_MODES, first)}


def _masquerade_addresses(section: Section) -> dict[str, IPAddress]:
    found = {}
    for word, option in MASQUERADE_ADDRESSES.items():
        address = section.read(option, addresses.address)
        if address is None:
            continue
        if family_of(address) != word or address.is_loopback or address.is_multicast or address.is_unspecified:
            raise Invalid(section.path(option), str(address), f"an {word.replace('ip', 'IP')} address of the host")
        found[word] = address
    return found


def _host_ip(option: str, value: object) -> IPAddress | None:
    """The address to publish on. The unspecified one means all addresses of its family."""
    found = addresses.address(option, value)
    refuse_unpublishable(option, value, found)
    return found


def _interface(option: str, value: object) -> str:
    found = names.interface_name(option, value)
    _refuse_reserved(option, found)
    return found


def _interfaces(section: Section, option: str, network: str) -> tuple[str, ...]:
    found: list[str] = []
    for path, value in section.elements(option):
        interface = names.interface_name(path, value)
        if interface in found or interface == network:
            raise Invalid(path, interface, "each interface once, and not the bridge itself")
        _refuse_reserved(path, interface)
        found.append(interface)
    return tuple(found)


def _mtu(section: Section, ipv6: bool) -> int | None:
    """The MTU, or None for ``auto``. IPv6 needs at least 1280."""
    if not section.given("mtu") or section.raw("mtu") == "auto":
        return None
    low = 1280 if ipv6 else 68
    try:
        return int(section.read("mtu", number(low, 65535)))
    except Invalid as error:
        raise Invalid(
            error.option, error.value, f"auto, or {error.allowed}{' (IPv6 needs 1280)' if ipv6 else ''}"
        ) from None


def _refuse_contradictions(section: Section, network: Network) -> None:
    """Refuse contradictory options, so that none is accepted and then ignored."""
    for word, option in MASQUERADE_ADDRESSES.items():
        if word in network.masquerade_addresses and not network.masquerade:
            raise Invalid(
                section.path(option), section.raw(option), f"only together with {section.path('masquerade')}: true"
            )
    publishing = next((port for endpoint in network.endpoints for port in endpoint.ports), None)
    for option, why in (
        ("internal", "an internal network has no way in"),
        ("inhibit_gateway", "the endpoints' router is another machine, so replies would not return through this host"),
    ):
        if publishing and getattr(network, option):
            raise Invalid(
                publishing.path,
                str(publishing.publish.host),
                f"nothing can be published while {section.path(option)} is true: {why}",
            )
    if network.internal and network.trusted_interfaces:
        raise Invalid(
            section.path("trusted_interfaces"), list(network.trusted_interfaces), "no value on an internal network"
        )
    read_egress.refuse_contradictions(section, network)
    _refuse_editing_external(section, network)
    _refuse_proxying(section, network)


def _refuse_proxying(section: Section, network: Network) -> None:
    """Refuse proxy neighbours for endpoints whose addresses are not used outside."""
    if network.proxy_interface is None:
        return
    path, name = section.path("proxy_interface"), network.proxy_interface
    if name == network.name or name in network.ports:
        raise Invalid(path, name, "an interface that is not on the bridge")
    for option in ("external", "internal", "inhibit_gateway"):
        if getattr(network, option):
            raise Invalid(
                path, name, f"no value while {section.path(option)} is true, since the host then routes nothing"
            )
    if not any(network.is_proxied(subnet) for subnet in network.subnets):
        raise Invalid(
            path,
            name,
            f"only with a subnet that is routed; set {section.path('gateway_mode')} or"
            f" {section.path('gateway_mode_ipv6')} to routed",
        )


def _refuse_editing_external(section: Section, network: Network) -> None:
    """Refuse options that need rules or settings on an external bridge."""
    if not network.external:
        return
    edits = (
        ("internal", network.internal),
        ("inhibit_gateway", network.inhibit_gateway),
        ("gateway_mode", set(network.gateway_modes.values()) != {"nat"}),
        ("trusted_interfaces", bool(network.trusted_interfaces)),
        ("masquerade_protocols", network.masquerade_protocols != "common"),
        ("forward_policy", network.forward_policy != "keep"),
    )
    for option, wanted in edits:
        if wanted:
            raise Invalid(
                section.path(option),
                section.raw(option),
                f"with {section.path('external')}: true the bridge is never changed, so what may cross it is up to "
                "its owner",
            )
