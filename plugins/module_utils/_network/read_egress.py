# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads where endpoints may send, and refuses what could not be kept or would have no effect."""

from __future__ import annotations

import re

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import destinations
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Allowed, Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section

_FORMS = f"{destinations.FORMS}, or the name of an endpoint's namespace or of a network, such as db:5432/tcp"
_NUMERIC = re.compile(r"[0-9./]+|.*:.*", re.ASCII)


def read_egress(section: Section) -> tuple[Allowed, ...] | None:
    """An endpoint's list, which may be empty; None if it has none."""
    if not section.given("egress"):
        return None
    return tuple(_allowed(path, value) for path, value in section.elements("egress"))


def _allowed(path: str, value: object) -> Allowed:
    told = destinations.target(path, value, _FORMS)
    if destinations.network(told.text) is not None or _NUMERIC.fullmatch(told.text):
        return Allowed(path, told, destinations.parse(path, value))
    try:
        names.namespace_name(path, told.text)
    except Invalid:
        raise Invalid(path, value, _FORMS) from None
    return Allowed(path, told)


def refuse_contradictions(section: Section, network: Network) -> None:
    """Refuse limits that nothing would keep, and destinations that no packet could have."""
    denies = network.egress == "deny"
    listing = [endpoint for endpoint in network.endpoints if endpoint.egress is not None]
    given = [(section.path("egress"), network.egress)] if denies else []
    given += [(f"{endpoint.path}.egress", "a list") for endpoint in listing]
    for option, why in (
        ("external", "the bridge is never changed, so what may cross it is up to its owner"),
        ("inhibit_gateway", "the endpoints' router is another machine, which this host cannot limit"),
    ):
        if given and getattr(network, option):
            raise Invalid(given[0][0], given[0][1], f"no limit while {section.path(option)} is true: {why}")
    for endpoint in network.endpoints:
        if endpoint.guard or not listing or (endpoint.egress is None and not denies):
            continue
        # Without a list or with everything denied to all alike, a borrowed address gains nothing.
        raise Invalid(
            f"{endpoint.path}.guard",
            False,
            "true, since without it the endpoint could send from another MAC address, "
            + ("which its list is not about" if not denies else f"and by the list of {listing[0].path}"),
        )
    for endpoint in listing:
        for allowed in endpoint.egress or ():
            if allowed.destination:
                _refuse_unreachable(section, network, allowed, allowed.destination.network)


def _refuse_unreachable(section: Section, network: Network, allowed: Allowed, wanted: IPNetwork) -> None:
    subnets = [subnet.network for subnet in network.subnets if subnet.network.version == wanted.version]
    if not subnets:
        told = f"no IPv{wanted.version} destination, since the network has no IPv{wanted.version} subnet"
        raise Invalid(allowed.path, str(allowed.destination), told)
    if network.internal and not any(_inside(wanted, subnet) for subnet in subnets):
        raise Invalid(
            allowed.path,
            str(allowed.destination),
            f"the host's address in {' or '.join(map(str, subnets))}, while {section.path('internal')} is true:"
            " an internal network has no way out",
        )


def _inside(one: IPNetwork, other: IPNetwork) -> bool:
    """Whether a network of the same version is part of another one."""
    return one.prefixlen >= other.prefixlen and one.overlaps(other)
