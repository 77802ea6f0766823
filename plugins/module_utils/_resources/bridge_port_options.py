# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The options of bridge_port, validated."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import link_attributes, vlans
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import (
    BRIDGE_PORT,
)

OPTIONS: Options = {
    "interface": {"type": "str"},
    "interface_owner": {"type": "str"},
    "bridge": {"type": "str"},
    "state": STATE,
    **NETNS,
    **OWNER,
    **link_attributes.options(BRIDGE_PORT),
    "vlans": {"type": "list", "elements": "int"},
    "pvid": {"type": "int"},
    "fdb": {"type": "list", "elements": "raw"},
}


class Want(Value):
    """What is None, or missing in ``flags``, is not managed."""

    state: str
    owner: str
    netns: str | None
    interface: str
    #: The owner that the interface may have, besides ``owner`` and the default owner.
    interface_owner: str | None
    bridge: str
    flags: t.Mapping[str, t.Any]
    tagged: frozenset[int] | None
    pvid: int | None
    fdb: frozenset[str] | None

    def __str__(self) -> str:
        return f"port {self.interface} of bridge {self.bridge}" + (f" in namespace {self.netns}" if self.netns else "")

    @property
    def manages_vlans(self) -> bool:
        return self.tagged is not None or self.pvid is not None


def want(options: t.Mapping[str, t.Any]) -> Want:
    flags = link_attributes.given(BRIDGE_PORT, options)
    tagged, pvid = options["vlans"], options["pvid"]
    if options["bridge"] is None:
        raise Missing("bridge", "the name of the bridge")
    found = Want(
        state=options["state"],
        owner=names.owner_name("owner", options["owner"]),
        netns=names.namespace_ref("netns", options["netns"]),
        interface=names.interface_name("interface", options["interface"]),
        interface_owner=None
        if options["interface_owner"] is None
        else names.owner_name("interface_owner", options["interface_owner"]),
        bridge=names.interface_name("bridge", options["bridge"]),
        flags=flags,
        tagged=None
        if tagged is None
        else frozenset(vlans.number(f"vlans[{place}]", one) for place, one in enumerate(tagged)),
        pvid=None if pvid is None else vlans.number("pvid", pvid),
        fdb=None
        if options["fdb"] is None
        else frozenset(addresses.mac(f"fdb[{place}]", one) for place, one in enumerate(options["fdb"])),
    )
    if found.interface == found.bridge:
        raise Invalid("interface", found.interface, "another interface than the bridge itself")
    if found.pvid in (found.tagged or ()):
        raise Invalid("pvid", found.pvid, "a VLAN that is not among vlans, whose packets carry a tag")
    return found
