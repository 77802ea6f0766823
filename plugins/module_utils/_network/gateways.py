# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The gateway of each subnet, which may have to be read from an external bridge."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, addresses_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network, Subnet


def with_gateways(network: Network, view: HostView) -> Network:
    """The network with the gateways taken from the external bridge's addresses; others stay as they are."""
    bridge = view.interfaces.get(network.name)
    if not network.external or bridge is None:
        return network

    def completed(subnet: Subnet) -> Subnet:
        if subnet.gateway is not None:
            return subnet
        address = next((address for address in addresses_of(bridge) if address in subnet.network), None)
        return subnet.but(gateway=address)

    return network.but(subnets=tuple(completed(subnet) for subnet in network.subnets))
