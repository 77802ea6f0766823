# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Listening sockets: which process listens on which address and port.

They are read from /proc, which needs no kernel module, unlike the netlink interface for sockets.
"""

from __future__ import annotations

import ipaddress
import os
import struct
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress

#: The files below /proc/thread-self/net, with their protocol and the hexadecimal state of the relevant sockets: TCP
#: sockets that listen, UDP sockets that are bound and not connected.
_FILES = (("tcp", "tcp", "0A"), ("tcp6", "tcp", "0A"), ("udp", "udp", "07"), ("udp6", "udp", "07"))


class Listener(t.NamedTuple):
    """A socket. ``address`` may be 0.0.0.0 or ::; ``inode`` identifies the socket."""

    protocol: str
    address: IPAddress
    port: int
    inode: int


def read() -> list[Listener]:
    """The listeners in the calling thread's namespace. A socket that several processes share counts once."""
    found: dict[Listener, None] = {}
    for name, protocol, waiting in _FILES:
        try:
            with open(f"/proc/thread-self/net/{name}", encoding="ascii") as file:
                for line in list(file)[1:]:
                    words = line.split()
                    if words[3] == waiting:
                        found[_listener(protocol, words[1], words[9])] = None
        except FileNotFoundError:
            continue  # a kernel without this family
    return list(found)


def _listener(protocol: str, local: str, inode: str) -> Listener:
    """``local`` is hexadecimal: the address as 32-bit words in host byte order, a colon, and the port."""
    address, _colon, port = local.partition(":")
    packed = b"".join(struct.pack("=I", int(address[at : at + 8], 16)) for at in range(0, len(address), 8))
    found = ipaddress.ip_address(packed)
    mapped = found.ipv4_mapped if found.version == 6 else None
    return Listener(protocol, mapped or found, int(port, 16), int(inode))


def processes(inodes: t.Collection[int]) -> dict[int, tuple[int, str]]:
    """PID and process name by socket inode, as far as visible."""
    missing = {f"socket:[{inode}]": inode for inode in inodes if inode}
    found: dict[int, tuple[int, str]] = {}
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()) if missing else ():
        for link in _open_files(pid):
            inode = missing.pop(link, None)
            if inode is not None:
                found[inode] = (pid, _name(pid))
        if not missing:
            break
    return found


def _open_files(pid: int) -> t.Iterator[str]:
    """The targets of a process's file descriptors; empty if it is gone or not visible."""
    directory = f"/proc/{pid}/fd"
    try:
        for name in os.listdir(directory):
            yield os.readlink(f"{directory}/{name}")
    except OSError:
        return


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""
