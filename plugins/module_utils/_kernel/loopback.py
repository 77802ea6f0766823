# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The ``lo`` of a namespace, without netlink where nothing is to be done: that would cost many times as much.

Called inside ``Host.run``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import ipaddress
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import inventory, stack_changes, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.rtnetlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import connected

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_IFREQ = struct.Struct("16sH14x")
_INDEX = 1
_ADDRESS, _ADDRESS_6 = ipaddress.IPv4Interface("127.0.0.1/8"), ipaddress.IPv6Interface("::1/128")
#: Any will do: no packet is sent.
_PORT = 9


def is_up() -> bool:
    """Whether the loopback interface of the calling thread's namespace is up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return bool(_flags(sock) & _IFF_UP)


def works() -> bool:
    """Whether it is up and what is sent to the addresses that each host has for itself stays on the host."""
    return is_up() and _works_4() and _works_6()


def _works_4() -> bool:
    # Not 127.0.0.1 itself, so that the route to all of the network is asked for, too.
    return _leaves_from(socket.AF_INET, "127.0.0.2") == str(_ADDRESS.ip)


def _works_6() -> bool:
    return _leaves_from(socket.AF_INET6, "::1") == "::1" or sysctl.read("net/ipv6/conf/lo/disable_ipv6") in (None, "1")


def _leaves_from(family: socket.AddressFamily, address: str) -> str | None:
    """The address that packets to another one are sent from, None where they go nowhere."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, _PORT))
            return str(sock.getsockname()[0])
    except OSError:
        return None


def mend() -> None:
    """Turn it up, and give it back the addresses and routes that the kernel gives to one that goes up."""
    set_up(True)
    if works():
        return
    with Writer() as writer:
        lo = inventory.link(writer, _INDEX)
        if not _works_4():
            stack_changes.put_address(writer, _INDEX, _ADDRESS)
            mine = [one for one in inventory.addresses(writer) if one.index == _INDEX]
            listed = [one for one in mine if one.address == _ADDRESS]
            for route in connected.lost(lo, listed, mine, inventory.all_routes(writer)):
                stack_changes.put_connected(writer, _INDEX, route)
        if not _works_6():
            with _absent():
                stack_changes.delete_address(writer, _INDEX, _ADDRESS_6)
            stack_changes.put_address(writer, _INDEX, _ADDRESS_6)


@contextlib.contextmanager
def _absent() -> t.Iterator[None]:
    """What is not there need not be deleted."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise


def set_up(up: bool) -> None:
    """Turn it up or down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags = _flags(sock)
        wished = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(sock, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", wished))


def _flags(sock: socket.socket) -> int:
    _name, flags = _IFREQ.unpack(fcntl.ioctl(sock, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0)))
    return flags
