# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module inside a host and records what the kernel reports meanwhile: links, addresses, routes, rules."""

from __future__ import annotations

import json
import socket
import struct
import threading
from pathlib import Path
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import namespaces
from tests.lab import modules

#: Every group of rtnetlink except neighbours, which come and go by themselves, and nftables.
_ROUTE_GROUPS = 0x7FFFFFFF & ~0x4
_NETFILTER, _NFTABLES_GROUP = 12, 1 << 6
_HEADER = struct.Struct("=IHHII")
_ENDS_AND_ERRORS = 16


def watched(name: str, options: str, named: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The module's result, and the place and kind of each change in the host and in these namespaces."""
    want = json.loads(Path(options).read_text(encoding="utf-8"))
    ears = {"host": _listen()}
    for one in named:
        thread = threading.Thread(target=lambda one=one: ears.update({one: _listen(one)}))
        thread.start()
        thread.join()
    result = modules.run_main(name, want, check=False, diff=True)
    return result, [f"{place}: {kind}" for place, both in ears.items() for ear in both for kind in _heard(ear)]


def _listen(name: str | None = None) -> list[socket.socket]:
    """Sockets that stay bound in this namespace, whatever the thread does later."""
    if name is not None:
        fd = namespaces.open_live(name)
        assert fd is not None
        namespaces.enter(fd)
    ears = []
    for family, groups in ((socket.NETLINK_ROUTE, _ROUTE_GROUPS), (_NETFILTER, _NFTABLES_GROUP)):
        ear = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        ear.bind((0, groups))
        ear.setblocking(False)
        ears.append(ear)
    return ears


def _heard(ear: socket.socket) -> list[str]:
    kinds = []
    while True:
        try:
            data = ear.recv(1 << 20)
        except BlockingIOError:
            return kinds
        offset = 0
        while offset < len(data):
            length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
            if kind >= _ENDS_AND_ERRORS:
                kinds.append(f"{'rtnetlink' if ear.proto == socket.NETLINK_ROUTE else 'nftables'} message {kind}")
            offset += (length + 3) & ~3
