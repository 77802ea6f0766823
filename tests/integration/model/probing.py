# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the host: sends a packet for each probe, and tells which of them arrive where."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux

_TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
#: How long to wait for what must arrive, and then for what must not.
_LONG, _SHORT = 3.0, 0.1
#: What a sender is told at once if a packet may not leave.
_REFUSALS = {errno.EPERM, errno.EACCES, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ECONNREFUSED}


@dataclass(frozen=True)
class Probe:
    """sender and receiver: paths of network namespaces. inner: the port at the receiver. arrives: whether it must."""

    sender: str
    source: str
    protocol: str
    destination: str
    port: int
    receiver: str
    inner: int
    arrives: bool

    def __str__(self) -> str:
        way = f"{self.protocol} from {self.source} to {self.destination} port {self.port}"
        return f"{way} {'does not arrive' if self.arrives else 'arrives'} at {self.receiver or 'the host'}"


def wrong(probes: list[Probe]) -> list[str]:
    """The probes that do not arrive and must, or do and must not. TCP arrives once there is a connection."""
    with contextlib.ExitStack() as stack:
        places = _Places(stack)
        servers = _Servers(stack, places, probes)
        clients = {stack.enter_context(_client(places, probe)): number for number, probe in enumerate(probes)}
        needed = {number for number, probe in enumerate(probes) if probe.arrives}
        end = time.monotonic() + _LONG
        while not needed <= servers.seen and time.monotonic() < end:
            _send(clients, probes)
            servers.receive(0.02)
        end = time.monotonic() + _SHORT
        while time.monotonic() < end:
            _send(clients, probes)
            servers.receive(0.02)
    return [str(probe) for number, probe in enumerate(probes) if probe.arrives != (number in servers.seen)]


class _Places:
    """Network namespaces by path. A socket stays in that in which it was opened."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._known: dict[str, int] = {}
        self._own = self._descriptor("/proc/self/ns/net")

    def _descriptor(self, path: str) -> int:
        if path not in self._known:
            self._known[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self._stack.callback(os.close, self._known[path])
        return self._known[path]

    @contextlib.contextmanager
    def inside(self, path: str) -> Iterator[None]:
        if path:
            linux.setns(self._descriptor(path), linux.CLONE_NEWNET)
        try:
            yield
        finally:
            linux.setns(self._own, linux.CLONE_NEWNET)


class _Servers:
    """A server for each place and port that a probe is meant for. seen: the numbers of the probes that arrived."""

    def __init__(self, stack: contextlib.ExitStack, places: _Places, probes: Iterable[Probe]) -> None:
        self._stack = stack
        self._receivers: dict[socket.socket, str] = {}
        self._listeners: dict[socket.socket, str] = {}
        self._probes = list(probes)
        self.seen: set[int] = set()
        for place, protocol, port in sorted({(one.receiver, one.protocol, one.inner) for one in self._probes}):
            with places.inside(place):
                server = stack.enter_context(socket.socket(socket.AF_INET6, _TYPES[protocol]))
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                server.bind(("::", port))
            if protocol == "tcp":
                server.listen(64)
                self._listeners[server] = place
            else:
                self._receivers[server] = place

    def receive(self, seconds: float) -> None:
        ready, _writable, _odd = select.select([*self._listeners, *self._receivers], [], [], seconds)
        for server in ready:
            if server in self._listeners:
                connection = self._stack.enter_context(server.accept()[0])
                self._receivers[connection] = self._listeners[server]
                continue
            data = server.recv(100)
            if not data:
                del self._receivers[server]
            elif self._probes[int(data)].receiver == self._receivers[server]:
                self.seen.add(int(data))


def _client(places: _Places, probe: Probe) -> socket.socket:
    family = socket.AF_INET6 if ":" in probe.source else socket.AF_INET
    with places.inside(probe.sender):
        client = socket.socket(family, _TYPES[probe.protocol])
    client.setblocking(False)
    client.bind((probe.source, 0))
    refused = client.connect_ex((probe.destination, probe.port))
    if refused not in (0, errno.EINPROGRESS, *_REFUSALS):
        raise OSError(refused, f"{os.strerror(refused)}: {probe}")
    return client


def _send(clients: dict[socket.socket, int], probes: list[Probe]) -> None:
    """Say the number of each probe as soon as there is a connection, and once."""
    for client in select.select([], list(clients), [], 0)[1]:
        number = clients.pop(client)
        try:
            client.send(str(number).encode())
        except OSError as error:
            if error.errno not in (*_REFUSALS, errno.ENOTCONN, errno.EPIPE, errno.ECONNRESET, errno.ETIMEDOUT):
                raise
