# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An XDP program that drops everything that arrives at an interface, made without a compiler."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import struct

_CALLS = {"x86_64": 321, "aarch64": 280}
_PROG_LOAD, _XDP = 5, 6
#: r0 = XDP_DROP; exit
_DROP = struct.pack("<BBhi", 0xB7, 0, 0, 1) + struct.pack("<BBhi", 0x95, 0, 0, 0)
_LICENSE = b"GPL\0"
_SETLINK, _REQUEST_ACK = 19, 5
_IFLA_XDP, _FD, _FLAGS, _GENERIC = 43, 1, 3, 2
_NESTED = 0x8000


def load() -> int:
    """Load it and return a file descriptor, with which it can be attached; OSError if that is not permitted."""
    code, words = (ctypes.create_string_buffer(text, len(text)) for text in (_DROP, _LICENSE))
    attributes = struct.pack("=IIQQ", _XDP, len(_DROP) // 8, ctypes.addressof(code), ctypes.addressof(words))
    asked = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    loaded: int = libc.syscall(_CALLS[platform.machine()], _PROG_LOAD, asked, len(asked))
    if loaded < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return loaded


def loads() -> bool:
    """Whether this process may load such a program."""
    try:
        os.close(load())
    except (OSError, KeyError):
        return False
    return True


def attach(interface: str, program: int) -> None:
    """Attach it; -1 detaches the current one."""
    values = struct.pack("=HHi", 8, _FD, program) + struct.pack("=HHI", 8, _FLAGS, _GENERIC)
    body = struct.pack("=BxHiII", 0, 0, socket.if_nametoindex(interface), 0, 0)
    body += struct.pack("=HH", 4 + len(values), _IFLA_XDP | _NESTED) + values
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.send(struct.pack("=IHHII", 16 + len(body), _SETLINK, _REQUEST_ACK, 1, 0) + body)
        (refused,) = struct.unpack_from("=i", kernel.recv(4096), 16)
    if refused:
        raise OSError(-refused, os.strerror(-refused))


if __name__ == "__main__":
    import sys

    attach(sys.argv[1], int(sys.argv[2]))
