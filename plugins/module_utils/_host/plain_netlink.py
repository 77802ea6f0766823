# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What we ask pyroute2 for, by the standard library alone: bridges and the VLANs of their ports.

The calls have pyroute2's names and words, so that either can stand behind ``Host.netlink``.
"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer, attribute

_NEWLINK, _DELLINK, _SETLINK = 16, 17, 19
_CREATE_NEW = 0x600
_LINK = struct.Struct("=BxHiII")
_AF_BRIDGE = 7
_LINKINFO, _AF_SPEC = 18, 26
_KIND, _DATA = 1, 2
_VLAN_INFO = 2
_U8, _U16, _U32 = (struct.Struct(form).pack for form in ("=B", "=H", "=I"))


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape") + b"\0"


#: Number of the attribute, and how its value is written.
_COMMON: dict[str, tuple[int, t.Callable[[t.Any], bytes]]] = {
    "address": (1, lambda value: bytes.fromhex(value.replace(":", ""))),
    "ifname": (3, _text),
    "mtu": (4, _U32),
    "ifalias": (20, _text),
    "group": (27, _U32),
}
_BRIDGE: dict[str, tuple[int, t.Callable[[t.Any], bytes]]] = {
    "br_forward_delay": (1, _U32),
    "br_ageing_time": (4, _U32),
    "br_stp_state": (5, _U32),
    "br_priority": (6, _U16),
    "br_vlan_filtering": (7, _U8),
    "br_mcast_snooping": (23, _U8),
}


class PlainRoute:
    """A netlink socket of the namespace that the calling thread is in; OSError where the kernel refuses."""

    def __init__(self) -> None:
        self._writer = Writer()

    def close(self) -> None:
        self._writer.close()

    def link(self, command: str, index: int = 0, kind: str | None = None, **values: t.Any) -> None:
        """Add, set or delete an interface."""
        body = _LINK.pack(0, 0, index, 0, 0)
        if command == "del":
            self._writer.change(_DELLINK, body)
            return
        body += _written(_COMMON, {name: value for name, value in values.items() if name in _COMMON})
        if kind is not None:
            special = _written(_BRIDGE, {name: value for name, value in values.items() if name not in _COMMON})
            body += attribute(_LINKINFO, attribute(_KIND, _text(kind)) + attribute(_DATA, special))
        self._writer.change(_NEWLINK, body, _CREATE_NEW if command == "add" else 0)

    def vlan_filter(self, command: str, index: int, vlan_info: t.Mapping[str, int]) -> None:
        """Add a VLAN to a bridge's port, or take one from it."""
        info = attribute(_VLAN_INFO, _U16(vlan_info["flags"]) + _U16(vlan_info["vid"]))
        body = _LINK.pack(_AF_BRIDGE, 0, index, 0, 0) + attribute(_AF_SPEC, info)
        self._writer.change(_SETLINK if command == "add" else _DELLINK, body)


def _written(known: t.Mapping[str, tuple[int, t.Callable[[t.Any], bytes]]], values: t.Mapping[str, t.Any]) -> bytes:
    return b"".join(attribute(known[name][0], known[name][1](value)) for name, value in values.items())
