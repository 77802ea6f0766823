# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Settings of an interface that the kernel returns with the interface.

Reading thousands of them one by one from /proc/sys takes longer than everything else.
"""

from __future__ import annotations

import functools
import socket
import struct

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import attributes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link

_VALUE = struct.Struct("=i")
#: The attribute with the values of all settings, by family.
_VALUES = {socket.AF_INET: 1, socket.AF_INET6: 2}
#: The settings that every interface of a network needs: family and position of the value.
_PLACES = {
    "net/ipv4/conf/IFNAME/forwarding": (socket.AF_INET, 0),
    "net/ipv4/conf/IFNAME/accept_redirects": (socket.AF_INET, 3),
    "net/ipv4/conf/IFNAME/rp_filter": (socket.AF_INET, 7),
    "net/ipv4/conf/IFNAME/arp_ignore": (socket.AF_INET, 18),
    "net/ipv4/conf/IFNAME/promote_secondaries": (socket.AF_INET, 19),
    "net/ipv4/conf/IFNAME/arp_notify": (socket.AF_INET, 21),
    "net/ipv6/conf/IFNAME/forwarding": (socket.AF_INET6, 0),
    "net/ipv6/conf/IFNAME/accept_ra": (socket.AF_INET6, 3),
    "net/ipv6/conf/IFNAME/accept_redirects": (socket.AF_INET6, 4),
    "net/ipv6/conf/IFNAME/disable_ipv6": (socket.AF_INET6, 26),
    "net/ipv6/conf/IFNAME/ndisc_notify": (socket.AF_INET6, 29),
}


def read(link: Link, setting: str) -> str | None:
    """The value that came with the link, or else the current value.

    Call this inside ``Host.run``.

    :param setting: a path below /proc/sys with IFNAME in it
    :return: None if the kernel has no such setting
    """
    told = _told(link, setting)
    return sysctl.read(sysctls.of_interface(setting, link.called or link.name)) if told is None else told


def is_simple(setting: str, value: str) -> bool:
    """Whether every interface accepts this value, and the kernel returns it as written."""
    return setting in _PLACES and value in ("0", "1", "2")


def _told(link: Link, setting: str) -> str | None:
    if setting not in _PLACES:
        return None
    family, place = _PLACES[setting]
    values = _tables(link.families).get(family, b"")
    end = (place + 1) * _VALUE.size
    return str(_VALUE.unpack_from(values, end - _VALUE.size)[0]) if len(values) >= end else None


# Several settings of a link are read in a row.
@functools.lru_cache(maxsize=16)
def _tables(families: bytes) -> dict[int, bytes]:
    """The values of all settings, by family."""
    found = attributes(families)
    return {family: attributes(found[family]).get(number, b"") for family, number in _VALUES.items() if family in found}
