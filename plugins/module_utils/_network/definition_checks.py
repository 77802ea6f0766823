# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds what module ``interface`` would refuse about an endpoint's interface, before anything is changed."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    parse_address,
    parse_network,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import routes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import NOWHERE, TABLES, RouteWant
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.decisions import Draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface import Interface

#: Options of the module that endpoints never use.
_UNUSED = {
    "mtu": None,
    "mac_address": None,
    "neighbours": None,
    "purge_neighbours": False,
    "proxy_neighbours": None,
    "purge_proxy_neighbours": None,
}


def check_inner(draft: Draft, endpoint: Endpoint, element: dict[str, t.Any]) -> None:
    """Refuse contradictory definitions, by the module's own checks, and unreachable gateways.

    Without routes or settings from the user, the whole definition is our own.
    """
    if not endpoint.routes and not endpoint.interface_sysctls:
        return
    try:
        Interface().want({**_UNUSED, **element, "owner": draft.network.name})
    except Invalid as error:
        raise error.at(_path(endpoint, element, error.option)) from None
    wants = routes.wants(f"{endpoint.path}.routes", endpoint.routes)
    for route in wants:
        if route.via and not route.on_link:
            _check_reach(draft, endpoint, route, wants)


def _path(endpoint: Endpoint, element: dict[str, t.Any], option: str) -> str:
    """The option as the user knows it: default routes of the role come before the user's routes."""
    own = len(element["routes"]) - len(endpoint.routes)
    number = re.match(r"routes\[(\d+)\]", option)
    if number is None:
        return f"{endpoint.path}.{option}"
    if int(number[1]) < own:
        return f"{endpoint.path}.default_route"
    return f"{endpoint.path}.routes[{int(number[1]) - own}]{option[number.end() :]}"


def _check_reach(draft: Draft, endpoint: Endpoint, route: RouteWant, others: t.Sequence[RouteWant]) -> None:
    """Refuse gateways that no address, and no route without a gateway, shows to be on the link, as the kernel does."""
    gateway = parse_address(str(route.via))
    subnets = [subnet.network for subnet, _address in draft.subnets(endpoint)]
    on_link = gateway.version == 6 and gateway.is_link_local
    if on_link or any(gateway in subnet for subnet in subnets) or any(_leads_to(gateway, route, one) for one in others):
        return
    raise Invalid(
        f"{route.option}.via",
        route.via,
        f"an address of {' or '.join(map(str, subnets))}; set on_link: true if the gateway is on the link nevertheless",
    )


def _leads_to(gateway: IPAddress, route: RouteWant, other: RouteWant) -> bool:
    """Whether another route, in the main table or the route's own, puts the gateway on the link."""
    if other.via or other.type in NOWHERE or other.family != route.family:
        return False
    if other.table not in (route.table, str(TABLES["main"])):
        return False
    return other.to == "default" or gateway in parse_network(other.to)
