# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is asked of a veth pair, checked."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import link_attributes, marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import VETH
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth_steps import (
    Where,
)

OPTIONS: Options = {
    "name": {"type": "str"},
    "state": STATE,
    **NETNS,
    **OWNER,
    "peer_name": {"type": "str"},
    "peer_netns": {"type": "str"},
    **link_attributes.options(VETH),
    "mac_address": {"type": "raw"},
    "peer_mac_address": {"type": "raw"},
}


class Want(Value):
    state: str
    owner: str
    end: Where
    #: Not given where an absent pair is named by its first end alone.
    peer: Where | None
    #: What is given of what both ends have.
    both: t.Mapping[str, t.Any]
    mac_address: str | None
    peer_mac_address: str | None

    @property
    def second(self) -> Where:
        """The other end, which a pair that is to be present always names."""
        return t.cast(Where, self.peer)


def want(options: t.Mapping[str, t.Any]) -> Want:
    end = Where(names.namespace_ref("netns", options["netns"]), names.interface_name("name", options["name"]))
    peer_mac = options["peer_mac_address"]
    found = Want(
        state=options["state"],
        owner=names.owner_name("owner", options["owner"]),
        end=end,
        peer=_peer(options),
        both=link_attributes.given(VETH, options),
        mac_address=None if options["mac_address"] is None else addresses.mac("mac_address", options["mac_address"]),
        peer_mac_address=None if peer_mac is None else addresses.mac("peer_mac_address", peer_mac),
    )
    if found.peer == end:
        raise Invalid("peer_name", end.name, "another name than the first end's, since both are in one namespace")
    if found.mac_address is not None and found.mac_address == found.peer_mac_address:
        raise Invalid("peer_mac_address", peer_mac, "another one than the first end's")
    if found.peer:
        marks.alias(found.owner, found.peer.netns or "")
    return found


def _peer(options: t.Mapping[str, t.Any]) -> Where | None:
    if options["peer_name"] is None and options["state"] == "absent":
        return None
    if options["peer_name"] is None:
        raise Missing("peer_name", "the name of the other end, unless state is absent")
    return Where(
        names.namespace_ref("peer_netns", options["peer_netns"]),
        names.interface_name("peer_name", options["peer_name"]),
    )
