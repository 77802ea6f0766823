# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Changes links by netlink, except for attributes of bridges, which pyroute2 writes.

Call this inside ``Host.run``; OSError if the kernel refuses. Values are given by their names in ``Link``, which are the
names of the options.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer, attribute
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import (
    BRIDGE_PORT,
    LINK,
    PORT_STATE,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link

_NEWLINK, _DELLINK = 16, 17
_CREATE_NEW = 0x600
_LINK = struct.Struct("=BxHiII")
_IFF_UP, _IFF_NOARP = 1, 0x80
_NAME, _GROUP, _NETNS_FD, _LINKINFO = 3, 27, 28, 18
_KIND, _DATA, _PORT_KIND, _PORT_DATA = 1, 2, 4, 5
_VETH_PEER = 1
_AF_SPEC, _ADDR_GEN_MODE = 26, 8
_U32 = struct.Struct("=I").pack


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape") + b"\0"


#: The number of the attribute, and the encoding of its value.
_VALUES: dict[str, tuple[int, t.Callable[[t.Any], bytes]]] = {
    "name": (_NAME, _text),
    "mac_address": (1, lambda value: bytes.fromhex(value.replace(":", ""))),
    **{row.name: (row.number, row.write) for row in LINK},
    "master": (10, _U32),
    "alias": (20, _text),
    "group": (_GROUP, _U32),
    "netns_fd": (_NETNS_FD, _U32),
}
_PORT_VALUES = {row.name: row for row in (*BRIDGE_PORT, PORT_STATE)}


def _attributes(values: t.Mapping[str, t.Any]) -> bytes:
    written = ((_VALUES[name], value) for name, value in values.items())
    return b"".join(attribute(kind, write(value)) for (kind, write), value in written)


def set_values(writer: Writer, index: int, values: t.Mapping[str, t.Any]) -> None:
    """Set attributes of a link. ``master`` 0 means none. ``netns_fd`` moves it, and the name applies there."""
    writer.change(_NEWLINK, _LINK.pack(0, 0, index, 0, 0) + _attributes(values))


def turn(writer: Writer, index: int, up: bool) -> None:
    """Bring it up or down."""
    writer.change(_NEWLINK, _LINK.pack(0, 0, index, _IFF_UP if up else 0, _IFF_UP))


def speak_arp(writer: Writer, index: int) -> None:
    """Enable ARP."""
    writer.change(_NEWLINK, _LINK.pack(0, 0, index, 0, _IFF_NOARP))


def set_port(writer: Writer, index: int, values: t.Mapping[str, t.Any]) -> None:
    """Set flags and numbers of a bridge port."""
    rows = ((_PORT_VALUES[option], value) for option, value in values.items())
    data = b"".join(attribute(row.number, row.write(value)) for row, value in rows)
    info = attribute(_PORT_KIND, b"bridge\0") + attribute(_PORT_DATA, data)
    writer.change(_NEWLINK, _LINK.pack(0, 0, index, 0, 0) + attribute(_LINKINFO, info))


def make_veth(writer: Writer, values: t.Mapping[str, t.Any], peer_values: t.Mapping[str, t.Any]) -> None:
    """Create a pair with the attributes of both ends in one message. The kernel would ignore an alias in it."""
    data = attribute(_VETH_PEER, _LINK.pack(0, 0, 0, 0, 0) + _attributes(peer_values))
    info = attribute(_LINKINFO, attribute(_KIND, b"veth\0") + attribute(_DATA, data))
    writer.change(_NEWLINK, _LINK.pack(0, 0, 0, 0, 0) + _attributes(values) + info, _CREATE_NEW)


def make(writer: Writer, kind: str, values: t.Mapping[str, t.Any]) -> None:
    """Create an interface of another kind. The kernel would ignore an alias here, too."""
    info = attribute(_LINKINFO, attribute(_KIND, kind.encode() + b"\0"))
    writer.change(_NEWLINK, _LINK.pack(0, 0, 0, 0, 0) + _attributes(values) + info, _CREATE_NEW)


def forgo_link_local(writer: Writer, index: int) -> None:
    """Have the kernel give it no link-local address; OSError if there is no IPv6."""
    family = attribute(socket.AF_INET6, attribute(_ADDR_GEN_MODE, b"\1"))
    writer.change(_NEWLINK, _LINK.pack(0, 0, index, 0, 0) + attribute(_AF_SPEC, family))


def delete(writer: Writer, index: int) -> None:
    """Delete an interface."""
    writer.change(_DELLINK, _LINK.pack(0, 0, index, 0, 0))


def delete_many(writer: Writer, doomed: t.Sequence[Link]) -> None:
    """Delete interfaces with one message.

    The kernel waits for a grace period per deletion, about 20 ms, however many links it includes. So they are moved to
    an unused link group, which is then deleted.
    """
    if len(doomed) == 1:
        delete(writer, doomed[0].index)
    if len(doomed) < 2:
        return
    used = {link.group for link in dumps.links(writer).values()}
    gathering = next(number for number in range(0x6CFF0000, 0x6D000000) if number not in used)
    for link in doomed:
        set_values(writer, link.index, {"group": gathering})
    writer.change(_DELLINK, _LINK.pack(0, 0, 0, 0, 0) + attribute(_GROUP, _U32(gathering)))
