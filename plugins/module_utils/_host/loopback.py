# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Checks ``lo`` without netlink, which is much faster if nothing has to be done. Call this inside ``Host.run``."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import ipaddress
import socket
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, stack_changes, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import connected
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_IFREQ = struct.Struct("16sH14x")
_INDEX = 1
_ADDRESS, _ADDRESS_6 = ipaddress.IPv4Interface("127.0.0.1/8"), ipaddress.IPv6Interface("::1/128")
#: Any port will do: no packet is sent.
_PORT = 9


def is_up() -> bool:
    """Whether lo is up in the calling thread's namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return bool(_flags(sock) & _IFF_UP)


def works() -> bool:
    """Whether lo is up and packets to loopback addresses stay on the host.

    Additional addresses and policy rules may divert packets; then netlink shows whether anything is lost.
    """
    if not is_up():
        return False
    if _works_4() and _works_6():
        return True
    with Reader() as reader:
        return _lost_4(reader) == [] and not _lost_6(reader)


def _works_4() -> bool:
    # Not 127.0.0.1 itself, so that this checks the route to the whole network too.
    return _leaves_from(socket.AF_INET, "127.0.0.2") == str(_ADDRESS.ip)


def _works_6() -> bool:
    return _leaves_from(socket.AF_INET6, "::1") == "::1" or not _has_6()


def _has_6() -> bool:
    return sysctl.read("net/ipv6/conf/lo/disable_ipv6") not in (None, "1")


def _lost_4(reader: Reader) -> list[Route] | None:
    """The missing routes of 127.0.0.1/8; None if the address itself is missing."""
    mine = [one for one in dumps.addresses(reader) if one.index == _INDEX]
    if all(one.address != _ADDRESS for one in mine):
        return None
    telling = (_ADDRESS, connected.primary(_ADDRESS, mine))
    listed = [one for one in mine if one.address in telling]
    return connected.lost(dumps.link(reader, _INDEX), listed, mine, dumps.all_routes(reader))


def _lost_6(reader: Reader) -> bool:
    """Whether ::1 or its route is missing."""
    own = [one for one in dumps.addresses(reader) if (one.index, one.address) == (_INDEX, _ADDRESS_6)]
    return _has_6() and (not own or bool(connected.unheard(own, dumps.all_routes(reader))))


def _leaves_from(family: socket.AddressFamily, address: str) -> str | None:
    """The source address of packets to this address, None without a route."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, _PORT))
            return str(sock.getsockname()[0])
    except OSError:
        return None


def mend() -> None:
    """Bring it up, and restore the addresses and routes that the kernel adds to it."""
    set_up(True)
    if works():
        return
    with Writer() as writer:
        if _lost_4(writer) is None:
            stack_changes.put_address(writer, _INDEX, _ADDRESS)
        for route in _lost_4(writer) or ():
            stack_changes.put_connected(writer, _INDEX, route)
        if _lost_6(writer):
            with _absent():
                stack_changes.delete_address(writer, _INDEX, _ADDRESS_6)
            stack_changes.put_address(writer, _INDEX, _ADDRESS_6)


@contextlib.contextmanager
def _absent() -> t.Iterator[None]:
    """Ignore that an address to delete does not exist."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise


def set_up(up: bool) -> None:
    """Bring it up or down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags = _flags(sock)
        wanted = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(sock, _SIOCSIFFLAGS, _IFREQ.pack(b"lo", wanted))


def _flags(sock: socket.socket) -> int:
    _name, flags = _IFREQ.unpack(fcntl.ioctl(sock, _SIOCGIFFLAGS, _IFREQ.pack(b"lo", 0)))
    return flags
