# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The MAC addresses of a network. They are fixed, so that the guard of an endpoint can rely on them in advance."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Endpoint, Network

Key = tuple[str, str]

#: A bridge without its own MAC address uses the lowest of its ports', which one with this prefix never is.
_LAST = "fe"


def endpoint_mac(network: Network, endpoint: Endpoint, view: HostView) -> str:
    """The given MAC address, or one derived from the names of network, namespace and interface and from the machine."""
    return endpoint.mac_address or addresses.derived_mac("endpoint", view.machine_id, network.name, *endpoint.key)


def host_end_mac(network: Network, endpoint: Endpoint, view: HostView) -> str:
    """The MAC address of the host end."""
    return _LAST + addresses.derived_mac("host end", view.machine_id, network.name, *endpoint.key)[2:]


def bridge_holder(network: Network, names: t.Mapping[Key, str], view: HostView) -> tuple[Key, str] | None:
    """The endpoint whose host end has the MAC address of a foreign bridge, and that address.

    A bridge without other ports uses the lowest MAC address of our host ends, and a different one whenever an endpoint
    comes or goes. So one of the host ends keeps the bridge's current address.

    :param names: the wanted names of the host ends
    """
    bridge = view.interfaces.get(network.name)
    if not network.external or not bridge or not names:
        return None
    ends = {str(end["name"]) for end in view.our_ends()}
    ports = view.ports_of(network.name)
    holders = {str(port["name"]) for port in ports if port["mac_address"] == bridge["mac_address"]}
    kept = [key for key, name in names.items() if name in holders & ends]
    if not kept and ((network.appends and holders) or not {str(port["name"]) for port in ports} <= ends):
        return None
    return (kept or list(names))[0], str(bridge["mac_address"])


def bridge_mac(network: Network, view: HostView) -> str:
    """The MAC address of the network's bridge, which module ``bridge`` would derive too."""
    return addresses.derived_mac("bridge", view.machine_id, network.name)
