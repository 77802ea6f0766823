# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads ``ipam_config``, and validates each subnet by itself and against the others."""

from __future__ import annotations

import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Subnet
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section

_OPTIONS = ("subnet", "gateway", "iprange", "aux_addresses")


#: Loopback, link-local and multicast, which the kernel does not route like other networks.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
)


def read_subnets(section: Section) -> tuple[Subnet, ...]:
    """The subnets in the user's order; at least one."""
    external = section.flag("external", False)
    found: list[Subnet] = []
    for path, raw in section.elements("ipam_config"):
        subnet = _read_subnet(path, raw, external)
        for other in found:
            if other.family == subnet.family and other.network.overlaps(subnet.network):
                raise Invalid(
                    f"{path}.subnet",
                    str(subnet.network),
                    f"a network that does not overlap {other.path}.subnet, {other.network}",
                )
        found.append(subnet)
    if not found:
        raise Invalid(
            section.path("ipam_config"),
            section.raw("ipam_config"),
            'at least one subnet of the external bridge, such as [{subnet: "172.18.0.0/16"}]',
        )
    return tuple(found)


def _read_subnet(path: str, raw: object, external: bool) -> Subnet:
    section = Section(f"{path}.", raw, _OPTIONS)
    if not section.given("subnet"):
        raise Missing(section.path("subnet"), "a network such as 172.18.0.0/16")
    network = section.read("subnet", _subnet_network)
    plain = Subnet(path, network, None, None, {})
    gateway = section.read("gateway", addresses.address)
    if gateway is not None:
        _refuse_unusable(section.path("gateway"), gateway, plain)
    elif not external:
        gateway = plain.first_usable
    iprange = section.read("iprange", addresses.network)
    if iprange is not None and not (iprange.version == network.version and iprange.subnet_of(network)):
        raise Invalid(section.path("iprange"), str(iprange), f"a part of the subnet {network}")
    return Subnet(path, network, gateway, iprange, _aux_addresses(section, plain, gateway))


def _subnet_network(option: str, value: object) -> IPNetwork:
    found = addresses.network(option, value)
    if found.num_addresses < 2:
        raise Invalid(option, value, "a network of at least two addresses")
    special = (one for one in _SPECIAL if one.version == found.version)
    if found.network_address.is_unspecified or any(one.overlaps(found) for one in special):
        raise Invalid(option, value, "a network of unicast addresses that are neither loopback nor link-local")
    return found


def _refuse_unusable(option: str, address: IPAddress, subnet: Subnet) -> None:
    if address not in subnet.network:
        raise Invalid(option, str(address), f"an address of the subnet {subnet.network}")
    if not subnet.usable(address):
        raise Invalid(
            option, str(address), f"neither the network address nor the broadcast address of {subnet.network}"
        )


def _aux_addresses(section: Section, subnet: Subnet, gateway: IPAddress | None) -> dict[str, IPAddress]:
    """Addresses of other machines on the segment, by name."""
    found = {}
    for path, name, value in section.pairs("aux_addresses"):
        address = addresses.address(path, value)
        if address not in subnet.network:
            raise Invalid(path, str(address), f"an address of the subnet {subnet.network}")
        if address == gateway:
            raise Invalid(path, str(address), "an address other than the gateway's")
        found[name] = address
    return found
