# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside the hosts of the measurements."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence

#: Close with a reset, so that connections do not linger and ports do not run out.
_AT_ONCE = struct.pack("ii", 1, 0)


def connect_to_each(aims: Sequence[tuple[str, int]]) -> list[float]:
    """The seconds for one new TCP connection to each of these addresses and ports, one after the other."""
    return [_connect(*aim) for aim in aims]


def _connect(address: str, port: int) -> float:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        client.settimeout(5)
        begin = time.perf_counter()
        client.connect((address, port))
        return time.perf_counter() - begin
