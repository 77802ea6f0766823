# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The options of bridge_forward, validated."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import (
    FIREWALL,
    NETNS,
    OWNER,
    STATE,
    Options,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import egress, guard
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    GATEWAY_MODES,
    Answer,
    Isolation,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings

_ANSWERS: Options = {
    "interface": {"type": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "mac_address": {"type": "str"},
}
_MODES = list(GATEWAY_MODES)
OPTIONS: Options = {
    "bridge": {"type": "str"},
    "subnets": {"type": "list", "elements": "str"},
    "gateway_mode": {"type": "str", "choices": _MODES, "default": "nat"},
    "gateway_mode_ipv6": {"type": "str", "choices": _MODES},
    "internal": {"type": "bool", "default": False},
    "icc": {"type": "bool", "default": True},
    "trusted_interfaces": {"type": "list", "elements": "str"},
    "masquerade": {"type": "bool", "default": True},
    "masquerade_protocols": {"type": "str", "choices": ["common", "all"], "default": "common"},
    "answers_by": {"type": "list", "elements": "dict", "options": _ANSWERS},
    "gateways": {"type": "list", "elements": "str"},
    "inhibit_gateway": {"type": "bool", "default": False},
    "neighbours": {"type": "list", "elements": "dict", "options": bindings.SPEC},
    "purge_neighbours": {"type": "bool", "default": False},
    "egress": {"type": "str", "choices": list(egress.CHOICES), "default": "allow"},
    "senders": {"type": "list", "elements": "dict", "options": egress.SPEC},
    "purge_senders": {"type": "bool", "default": False},
    "forward_policy": {"type": "str", "choices": ["keep", "drop"], "default": "keep"},
    "ip_version": {"type": "str", "choices": ["ipv4", "ipv6", "both"], "default": "both"},
    **FIREWALL,
    "state": STATE,
    **NETNS,
    **OWNER,
}
#: No subnet may overlap these, which all hosts use: rules drop packets with a source in a subnet from elsewhere.
_NOBODYS = [
    ipaddress.ip_network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "fe80::/10", "ff00::/8")
]
#: Subnets with shorter prefixes would cover too much of the address space.
_SHORTEST = {4: 8, 6: 16}


class Want(Value):
    state: str
    netns: str | None
    network: Isolation
    forward_policy: str
    families: tuple[str, ...]
    #: Families that ip_version or a subnet names; the others are closed if the host supports them.
    asks_for: tuple[str, ...]
    purge_neighbours: bool = False
    #: Whether the option ``neighbours`` was given.
    guards: bool = False
    #: The MAC addresses whose lists are as the option ``senders`` says; None if it was not given.
    listed: frozenset[str] | None = None
    purge_senders: bool = False
    firewall: str = "auto"

    @property
    def owner(self) -> str:
        return self.network.owner


def want(options: t.Mapping[str, t.Any]) -> Want:
    families = FAMILIES if options["ip_version"] == "both" else (options["ip_version"],)
    subnets = _subnets(options["subnets"] or (), families)
    bridge = names.one_interface("bridge", options["bridge"])
    trusted = tuple(
        names.interface_name(f"trusted_interfaces[{n}]", value)
        for n, value in enumerate(options["trusted_interfaces"] or ())
    )
    if bridge in trusted:
        raise Invalid("trusted_interfaces", bridge, "interfaces other than the bridge itself")
    answers_by = _answers_by(options["answers_by"] or (), bridge, subnets)
    if answers_by and options["internal"]:
        raise Invalid("answers_by", options["answers_by"], "no value together with internal, which publishes nothing")
    if trusted and options["internal"]:
        raise Invalid("trusted_interfaces", list(trusted), "no value together with internal, which lets nobody in")
    if options["state"] == "present" and not subnets:
        raise Missing("subnets", "at least one subnet, unless state is absent")
    mode = options["gateway_mode"]
    return Want(
        state=options["state"],
        netns=names.namespace_ref("netns", options["netns"]),
        network=Isolation(
            bridge=bridge,
            owner=names.owner_name("owner", options["owner"]),
            subnets=subnets,
            gateway_mode={"ipv4": mode, "ipv6": options["gateway_mode_ipv6"] or mode},
            internal=options["internal"],
            icc=options["icc"],
            trusted_interfaces=trusted,
            masquerade=options["masquerade"],
            masquerade_protocols=options["masquerade_protocols"],
            answers_by=answers_by,
            gateways=_gateways(options, subnets),
            inhibit_gateway=options["inhibit_gateway"],
            neighbours=guard.read(options, families),
            egress=egress.read_default(options),
            senders=egress.read(options, families, subnets),
        ),
        forward_policy=options["forward_policy"],
        families=families,
        asks_for=_asked(subnets, families) if options["state"] == "present" else (),
        purge_neighbours=options["purge_neighbours"],
        guards=options["neighbours"] is not None,
        listed=egress.listed(options),
        purge_senders=options["purge_senders"],
        firewall=options["firewall"],
    )


def _subnets(given: t.Sequence[str], families: t.Sequence[str]) -> tuple[addresses.IPNetwork, ...]:
    """The option ``subnets``. No subnet may contain addresses that others use: packets from those would be dropped."""
    subnets = tuple(addresses.network(f"subnets[{number}]", value) for number, value in enumerate(given))
    for number, subnet in enumerate(subnets):
        option = f"subnets[{number}]"
        if family_of(subnet) not in families:
            raise Invalid(option, str(subnet), f"a subnet of {families[0]}, as ip_version says")
        if subnet.prefixlen < _SHORTEST[subnet.version]:
            shortest = _SHORTEST[subnet.version]
            raise Invalid(
                option, str(subnet), f"the network of the endpoints, with a prefix length of {shortest} or more"
            )
        if any(subnet.version == other.version and subnet.overlaps(other) for other in _NOBODYS):
            raise Invalid(
                option, str(subnet), "a network of unicast addresses that are neither link-local nor loopback"
            )
    return subnets


def _gateways(
    options: t.Mapping[str, t.Any], subnets: t.Sequence[addresses.IPNetwork]
) -> tuple[addresses.IPAddress, ...]:
    """The host's own addresses in the subnets, by default the first of each."""
    if options["gateways"] is None:
        if options["inhibit_gateway"]:
            return ()
        return tuple(subnet.network_address + (1 if subnet.num_addresses > 2 else 0) for subnet in subnets)
    found = []
    for number, value in enumerate(options["gateways"]):
        address = addresses.address(f"gateways[{number}]", value)
        if not any(address in subnet for subnet in subnets):
            raise Invalid(f"gateways[{number}]", value, f"an address of the host in {', '.join(map(str, subnets))}")
        found.append(address)
    return tuple(dict.fromkeys(found))


def _asked(subnets: t.Sequence[addresses.IPNetwork], families: tuple[str, ...]) -> tuple[str, ...]:
    if len(families) == 1:
        return families
    return tuple(dict.fromkeys(family_of(subnet) for subnet in subnets))


def _answers_by(
    given: t.Sequence[t.Mapping[str, t.Any]], bridge: str, subnets: t.Sequence[addresses.IPNetwork]
) -> tuple[Answer, ...]:
    """The option ``answers_by``: addresses of endpoints, with interfaces other than the bridge."""
    found: dict[Answer, None] = {}
    for number, entry in enumerate(given):
        option = f"answers_by[{number}]"
        interface = names.interface_name(f"{option}.interface", entry["interface"])
        if interface == bridge:
            raise Invalid(f"{option}.interface", interface, "an interface other than the bridge itself")
        told_mac = entry.get("mac_address")
        mac_address = None if told_mac is None else addresses.mac(f"{option}.mac_address", told_mac)
        if not entry["addresses"]:
            raise Invalid(f"{option}.addresses", entry["addresses"], "at least one address of an endpoint")
        for place, value in enumerate(entry["addresses"]):
            address = addresses.address(f"{option}.addresses[{place}]", value)
            if not any(address in subnet for subnet in subnets):
                told = ", ".join(map(str, subnets))
                raise Invalid(f"{option}.addresses[{place}]", value, f"the address of an endpoint in {told}")
            found[Answer(interface, address, mac_address)] = None
    return tuple(found)
