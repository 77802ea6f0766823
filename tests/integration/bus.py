# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough of D-Bus to send one signal, with or without a well-known name; imported inside a host."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator

SOCKET = "/run/dbus/system_bus_socket"
CONFIGURATION = f"""
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={SOCKET}</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="signal"/><allow send_destination="*"/><allow eavesdrop="true"/>
  </policy>
</busconfig>
"""
_CALL, _SIGNAL = 1, 4
_PATH, _INTERFACE, _MEMBER, _DESTINATION, _SIGNATURE = 1, 2, 3, 6, 8
_BUS = "org.freedesktop.DBus"


def signal(name: str, interface: str, member: str) -> Iterator[str]:
    """Send a signal, once without a name and once with the bus's name, and keep running until stopped."""
    for own in (False, True):
        bus = _connected()
        if own:
            _request(bus, "RequestName", "su", _string(name).ljust(-len(_string(name)) % 4 + len(_string(name)), b"\0"))
        bus.sendall(_message(_SIGNAL, 9, {_PATH: "/x", _INTERFACE: interface, _MEMBER: member}))
        yield "owner" if own else "stranger"
        time.sleep(0.5)
    time.sleep(60)


def _connected() -> socket.socket:
    bus = socket.socket(socket.AF_UNIX)
    bus.connect(SOCKET)
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    assert bus.recv(1000).startswith(b"OK")
    bus.sendall(b"BEGIN\r\n")
    _request(bus, "Hello")
    return bus


def _request(bus: socket.socket, member: str, signature: str = "", body: bytes = b"") -> None:
    fields = {_PATH: "/org/freedesktop/DBus", _DESTINATION: _BUS, _INTERFACE: _BUS, _MEMBER: member}
    if signature:
        fields[_SIGNATURE] = signature
        body += struct.pack("<I", 0)
    bus.sendall(_message(_CALL, 1, fields, body))
    bus.recv(4000)


def _message(kind: int, serial: int, fields: dict[int, str], body: bytes = b"") -> bytes:
    packed = b""
    for code, text in fields.items():
        packed = _padded(packed, 8)
        if code == _SIGNATURE:
            packed += bytes([code, 1]) + b"g\0" + bytes([len(text)]) + text.encode() + b"\0"
        else:
            packed += bytes([code, 1]) + (b"o\0" if code == _PATH else b"s\0")
            packed = _padded(packed, 4) + _string(text)
    head = struct.pack("<BBBBIII", ord("l"), kind, 0, 1, len(body), serial, len(packed))
    return _padded(head + packed, 8) + body


def _string(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode() + b"\0"


def _padded(data: bytes, size: int) -> bytes:
    return data + b"\0" * (-len(data) % size)
