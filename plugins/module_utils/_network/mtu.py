# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The MTU of the network: as given, otherwise that of the default route."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network

_USUAL = 1500
_LARGEST = 65535


def mtu_of(network: Network, view: HostView) -> int:
    """The MTU of an external bridge, otherwise that of the interface of the best default route."""
    if network.mtu is not None:
        return network.mtu
    bridge = view.interfaces.get(network.name)
    if network.external and bridge:
        return int(bridge["mtu"])
    defaults = [
        route
        for route in view.routes
        if route["to"] == "default" and route["interface"] in view.interfaces and route["interface"] != network.name
    ]
    if not defaults:
        return _USUAL
    best = min(defaults, key=lambda route: (FAMILIES.index(route["ip_version"]), route["metric"] or 0))
    return min(int(view.interfaces[best["interface"]]["mtu"]), _LARGEST)
