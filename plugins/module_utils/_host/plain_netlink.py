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

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import link_changes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer, attribute
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import BRIDGE

_DELLINK, _SETLINK = 17, 19
_LINK = struct.Struct("=BxHiII")
_AF_BRIDGE = 7
_AF_SPEC = 26
_VLAN_INFO = 2
_U16 = struct.Struct("=H").pack
#: pyroute2's words for what every link has, and ours.
_COMMON = {"address": "mac_address", "ifname": "name", "mtu": "mtu", "ifalias": "alias", "group": "group"}
_BRIDGE = {row.word: row for row in BRIDGE}


class PlainRoute:
    """A netlink socket of the namespace that the calling thread is in; OSError where the kernel refuses."""

    def __init__(self) -> None:
        self._writer = Writer()

    def close(self) -> None:
        self._writer.close()

    def link(self, command: str, index: int = 0, kind: str | None = None, **values: t.Any) -> None:
        """Add, set or delete an interface."""
        if command == "del":
            link_changes.delete(self._writer, index)
            return
        common = {_COMMON[word]: value for word, value in values.items() if word in _COMMON}
        rows = ((_BRIDGE[word], value) for word, value in values.items() if word not in _COMMON)
        data = b"".join(attribute(row.number, row.pack(value)) for row, value in rows)
        if command == "add":
            link_changes.make(self._writer, str(kind), common, data)
        elif kind is None:
            link_changes.set_values(self._writer, index, common)
        else:
            link_changes.set_kind(self._writer, index, kind, data)

    def vlan_filter(self, command: str, index: int, vlan_info: t.Mapping[str, int]) -> None:
        """Add a VLAN to a bridge's port, or take one from it."""
        info = attribute(_VLAN_INFO, _U16(vlan_info["flags"]) + _U16(vlan_info["vid"]))
        body = _LINK.pack(_AF_BRIDGE, 0, index, 0, 0) + attribute(_AF_SPEC, info)
        self._writer.change(_SETLINK if command == "add" else _DELLINK, body)
