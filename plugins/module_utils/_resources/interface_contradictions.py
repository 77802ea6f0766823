# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is wanted of an interface and no kernel can bring about at once."""

from __future__ import annotations

import ipaddress

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import NOWHERE, RouteWant
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_planner import Want

#: The least MTU with which the kernel runs IPv6 on an interface.
_LEAST_MTU_6 = 1280


def refuse(want: Want) -> None:
    """What no kernel can bring about at once."""
    leading = [route for route in want.routes or () if route.type not in NOWHERE]
    if want.neighbours and not want.enabled:
        raise Invalid("enabled", False, "an interface that is down has no neighbours, but neighbours are given")
    if leading and not want.enabled:
        raise Invalid("enabled", False, "an interface that is down has no routes, but routes are given")
    if any(address.version == 6 for address in want.addresses or ()):
        if want.mtu is not None and want.mtu < _LEAST_MTU_6:
            raise Invalid("mtu", want.mtu, f"{_LEAST_MTU_6} or more, since an IPv6 address is given")
        if want.settings.get("net/ipv6/conf/IFNAME/disable_ipv6") == "1":
            raise Invalid("sysctls.net.ipv6.conf.IFNAME.disable_ipv6", 1, "0, since an IPv6 address is given")
    for route in leading:
        for address in want.addresses or ():
            _refuse_gateway(route, address)


def _refuse_gateway(route: RouteWant, address: IPInterface) -> None:
    if route.via is None:
        return
    gateway, network = ipaddress.ip_address(route.via), address.network
    if gateway == address.ip:
        raise Invalid(f"{route.option}.via", route.via, "another host's address, this one is the interface's own")
    if (
        network.version == 4
        and network.prefixlen < 31
        and gateway in (network.network_address, network.broadcast_address)
    ):
        raise Invalid(
            f"{route.option}.via",
            route.via,
            f"a host's address of {network}, neither the network's own nor its broadcast address",
        )
