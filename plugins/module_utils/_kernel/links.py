# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Interfaces out of netlink's dump, as plain values. Called inside ``Host.netlink``.

Times are in seconds here, as in the modules' options; the kernel counts in hundredths. Numbers that pyroute2 gives
no name are read by their netlink names alone where every version that we support has them.
"""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links

_IFF_UP = 1


def _seconds(hundredths: int) -> float:
    """Whole seconds as an integer, as an option has them."""
    return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100


#: Option, netlink attribute, and what turns the kernel's value into the option's.
BRIDGE_ATTRIBUTES: tuple[tuple[str, str, t.Callable[[int], t.Any]], ...] = (
    ("stp", "IFLA_BR_STP_STATE", bool),
    ("forward_delay", "IFLA_BR_FORWARD_DELAY", _seconds),
    ("ageing_time", "IFLA_BR_AGEING_TIME", _seconds),
    ("priority", "IFLA_BR_PRIORITY", int),
    ("multicast_snooping", "IFLA_BR_MCAST_SNOOPING", bool),
    ("vlan_filtering", "IFLA_BR_VLAN_FILTERING", bool),
)
PORT_ATTRIBUTES: tuple[tuple[str, str, t.Callable[[int], t.Any]], ...] = (
    ("hairpin", "IFLA_BRPORT_MODE", bool),
    ("isolated", "IFLA_BRPORT_ISOLATED", bool),
    ("learning", "IFLA_BRPORT_LEARNING", bool),
    ("flood", "IFLA_BRPORT_UNICAST_FLOOD", bool),
    ("guard", "IFLA_BRPORT_GUARD", bool),
    ("cost", "IFLA_BRPORT_COST", int),
    ("priority", "IFLA_BRPORT_PRIORITY", int),
)


def dump(ip: t.Any) -> Links:
    """Every interface of the namespace, by name."""
    return {link.name: link for link in map(_link, ip.get_links())}


def find(ip: t.Any, name: str) -> Link | None:
    """One interface by name, cheaper than a dump."""
    try:
        index = socket.if_nametoindex(name)
    except OSError:
        return None
    return next((link for link in map(_link, ip.link("get", index=index)) if link.name == name), None)


def _link(message: t.Any) -> Link:
    info = message.get_attr("IFLA_LINKINFO")
    kind = info.get_attr("IFLA_INFO_KIND") if info else None
    return Link(
        index=message["index"],
        name=message.get_attr("IFLA_IFNAME"),
        kind=kind,
        up=bool(message["flags"] & _IFF_UP),
        mtu=message.get_attr("IFLA_MTU"),
        mac_address=message.get_attr("IFLA_ADDRESS"),
        alias=message.get_attr("IFLA_IFALIAS"),
        group=message.get_attr("IFLA_GROUP") or 0,
        master=message.get_attr("IFLA_MASTER"),
        peer_index=message.get_attr("IFLA_LINK") if kind == "veth" else None,
        peer_nsid=message.get_attr("IFLA_LINK_NETNSID"),
        bridge=_values(info.get_attr("IFLA_INFO_DATA"), BRIDGE_ATTRIBUTES) if kind == "bridge" else None,
        port=_values(info.get_attr("IFLA_INFO_SLAVE_DATA"), PORT_ATTRIBUTES)
        if info and info.get_attr("IFLA_INFO_SLAVE_KIND") == "bridge"
        else None,
    )


def _values(data: t.Any, attributes: tuple[tuple[str, str, t.Callable[[int], t.Any]], ...]) -> dict[str, t.Any]:
    found = {option: (data.get_attr(attribute) if data else None, convert) for option, attribute, convert in attributes}
    return {option: convert(value) for option, (value, convert) in found.items() if value is not None}
