# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The kinds of objects that networks consist of. Everything else about a kind is in its resource."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.bridge_forward import BridgeForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.dnat import Dnat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.masquerade import Masquerade
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import rules
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth import Bandwidth
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge import Bridge
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port import BridgePort
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface import Interface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.ip_forward import IpForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns import Netns
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_names import NetnsNames
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.port_guard import PortGuard
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.unmanaged_links import UnmanagedLinks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth import Veth

_FIREWALL = rules.chosen()
_KINDS: tuple[Resource, ...] = (
    Bandwidth(),
    Bridge(),
    BridgeForward(_FIREWALL),
    BridgePort(),
    Dnat(_FIREWALL),
    Interface(),
    IpForward(),
    Masquerade(_FIREWALL),
    Netns(),
    NetnsNames(),
    PortGuard(),
    UnmanagedLinks(),
    Veth(),
)
RESOURCES: dict[str, Resource] = {kind.name: kind for kind in _KINDS}
#: The options of each kind that are strings in every definition of a network's document.
NEEDED = {kind.name: kind.needed for kind in _KINDS}


def in_order(kinds: t.Iterable[Resource]) -> dict[str, tuple[str, ...]]:
    """The names of kinds by state of a network, in the order of processing.

    Network managers are told to leave interfaces alone before those are created, and until they are gone. Rules come
    before interfaces, so that nothing is open in between. Published ports come before them too, so that a freed address
    is not published for whoever gets it next. On removal, interfaces go before what protects them. Forwarding comes
    last and stays on, because others may rely on it, but is no longer persistent.
    """
    places = {kind.name: kind.order for kind in kinds if kind.order}
    return {
        "present": tuple(sorted(places, key=lambda name: places[name].present)),
        "absent": tuple(sorted(places, key=lambda name: places[name].absent)),
    }


ORDER = in_order(_KINDS)
