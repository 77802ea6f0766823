# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""All decisions about a network, before its definitions are written."""

from __future__ import annotations

import functools

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.allocation import Addresses, Key
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_ends import HostEnds
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.moving import Moves
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network, Subnet
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import Published


class Draft(Value):
    """The network and the decisions about it: addresses, names of host ends, published ports, MTU."""

    network: Network
    addresses: dict[Key, Addresses]
    ends: HostEnds
    published: list[Published]
    mtu: int
    moves: Moves

    def host_end(self, endpoint: Endpoint) -> str:
        return self.ends.names[endpoint.key]

    def subnets(self, endpoint: Endpoint) -> list[tuple[Subnet, IPAddress]]:
        """The endpoint's addresses with their subnets, IPv4 first."""
        return self._placed[endpoint.key]

    @functools.cached_property
    def _placed(self) -> dict[Key, list[tuple[Subnet, IPAddress]]]:
        families, holding = self.network.families, self.network.subnet_holding
        placed = {key: [(holding(own[word]), own[word]) for word in families] for key, own in self.addresses.items()}
        return {key: [(subnet, address) for subnet, address in own if subnet] for key, own in placed.items()}

    def all_addresses(self, endpoint: Endpoint) -> list[tuple[Subnet, IPAddress]]:
        """Also the additional addresses, which come last, so that outgoing packets use the endpoint's own."""
        further = ((self.network.subnet_holding(address), address) for address in endpoint.further)
        return self.subnets(endpoint) + [(subnet, address) for subnet, address in further if subnet]

    def cidrs(self, endpoint: Endpoint) -> list[str]:
        """The endpoint's addresses with their prefix lengths."""
        return [with_prefix(address, subnet) for subnet, address in self.all_addresses(endpoint)]


def with_prefix(address: IPAddress, subnet: Subnet) -> str:
    """An address with the prefix length of its subnet."""
    return f"{address}/{subnet.network.prefixlen}"
