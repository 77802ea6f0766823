# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A network's attributes in a form that can be recorded: rules are never parsed for them."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Answer, Isolation


def views(parts: t.Mapping[str, Isolation], drops: bool) -> dict[str, t.Any] | None:
    """A network by family; None for one that is no more.

    :param drops: whether it wants dropped what no network lets pass
    """
    found: dict[str, t.Any] = {family: _view(network) for family, network in parts.items()}
    return {**found, "drops": drops} if found else None


def drops(found: t.Any) -> bool:
    """Whether a recorded network wants that."""
    return isinstance(found, dict) and found.get("drops") is True


def networks(bridge: str, found: t.Any) -> dict[str, Isolation]:
    """The network of a record by family, without what is damaged."""
    told = found if isinstance(found, dict) else {}
    read = ((family, _network(bridge, told[family])) for family in FAMILIES if family in told)
    return {family: network for family, network in read if network}


def _view(network: Isolation) -> dict[str, t.Any]:
    """Without its neighbours and senders, who are elements of sets."""
    return {
        "owner": network.owner,
        "subnets": [str(subnet) for subnet in network.subnets],
        "gateway_mode": dict(network.gateway_mode),
        "internal": network.internal,
        "icc": network.icc,
        "trusted_interfaces": list(network.trusted_interfaces),
        "masquerade": network.masquerade,
        "answers_by": [[one.interface, str(one.address), one.mac_address] for one in network.answers_by],
        "masquerade_protocols": network.masquerade_protocols,
        "gateways": [str(gateway) for gateway in network.gateways],
        "inhibit_gateway": network.inhibit_gateway,
        "egress": network.egress,
    }


def _network(bridge: str, found: t.Any) -> Isolation | None:
    """The network of a record, None for a damaged one."""
    try:
        return Isolation(
            bridge=bridge,
            owner=str(found["owner"]),
            subnets=tuple(ipaddress.ip_network(one) for one in found["subnets"]),
            gateway_mode={family: str(found["gateway_mode"][family]) for family in FAMILIES},
            internal=bool(found["internal"]),
            icc=bool(found["icc"]),
            trusted_interfaces=tuple(map(str, found["trusted_interfaces"])),
            masquerade=bool(found["masquerade"]),
            answers_by=tuple(
                Answer(str(interface), ipaddress.ip_address(address), mac_address)
                for interface, address, mac_address in found["answers_by"]
            ),
            masquerade_protocols=str(found["masquerade_protocols"]),
            gateways=tuple(ipaddress.ip_address(one) for one in found["gateways"]),
            inhibit_gateway=bool(found["inhibit_gateway"]),
            egress=str(found.get("egress", "allow")),
        )
    except (KeyError, TypeError, ValueError):
        return None
