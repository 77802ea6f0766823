# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic for tests. The functions run inside a host through forker.py, the classes are the test's side of them."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.frames import Packet, parse

if TYPE_CHECKING:
    from tests.lab.calls import Background

_ETH_P_ALL = 3
#: The type and protocol of a socket.
_KINDS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP),
}


@dataclass(frozen=True)
class Answer:
    """The answer of an echo server: the client's address as it saw it, and the address that the client used for it."""

    peer: str
    peer_port: int
    local: str
    hostname: str

    @classmethod
    def of(cls, text: str | None) -> Answer | None:
        if text is None:
            return None
        peer, port, local, hostname = text.split()
        return cls(peer, int(port), local, hostname)


class Server:
    """A running echo server."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._seen: list[str] = []

    @property
    def seen(self) -> list[str]:
        """The peer addresses of all connections (tcp) or datagrams (udp) so far."""
        self._seen += self._background.values()
        return self._seen


class Sniffer:
    """A running sniffer."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._packets: list[Packet] = []

    @property
    def packets(self) -> list[Packet]:
        """All packets so far."""
        self._packets += (parse(frame) for frame in self._background.values())
        return self._packets

    def wait(self, seconds: float = 5, count: int = 1, **wanted: object) -> list[Packet]:
        """Packets with these attributes. Returns as soon as there are so many, after `seconds` at the latest."""
        end = time.monotonic() + seconds
        while True:
            found = [p for p in self.packets if all(getattr(p, name) == value for name, value in wanted.items())]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.01)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _plain(address: str) -> str:
    """An IPv4 peer of a dual-stack socket as IPv4, and a link-local one without its interface."""
    return address.removeprefix("::ffff:").partition("%")[0]


def _describe(peer: tuple[str, int], local: str) -> bytes:
    return f"{_plain(peer[0])} {peer[1]} {_plain(local)} {socket.gethostname()}".encode()


def serve(protocol: str, address: str, port: int) -> Iterator[str]:
    """Answer every connection or datagram with the peer's address and port, and yield the address of each.

    The address :: accepts IPv4 too.
    """
    with socket.socket(_family(address), *_KINDS[protocol]) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        if protocol == "udp":
            yield "ready"
            while True:
                _data, peer = server.recvfrom(65535)
                yield _plain(peer[0])  # first, so that it is in `seen` when the answer arrives
                with contextlib.suppress(OSError):
                    server.sendto(_describe(peer, address), peer)
        server.listen(128)
        yield "ready"
        waiting: list[socket.socket] = []
        while True:
            ready, _writable, _broken = select.select([server, *waiting], [], [])
            for sock in ready:
                if sock is server:
                    connection, peer = server.accept()
                    waiting.append(connection)
                    yield _plain(peer[0])
                elif not _echo(sock):
                    waiting.remove(sock)


def _echo(connection: socket.socket) -> bool:
    """Answer what a client sent. Returns False when it is gone."""
    with contextlib.suppress(OSError):
        if connection.recv(65535):
            connection.sendall(_describe(connection.getpeername(), connection.getsockname()[0]))
            return True
    connection.close()
    return False


def ask(protocol: str, address: str, port: int, source: str, timeout: float) -> str | None:
    """Send a request and return the answer, None if there is none. source: ADDRESS, ADDRESS:PORT or [IPV6]:PORT."""
    with socket.socket(_family(address), *_KINDS[protocol]) as sock:
        sock.settimeout(timeout)
        if source:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(_source(source))
        try:
            # A link-local address includes its interface: fe80::1%eth0.
            sock.connect(socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST)[0][4])
            sock.sendall(b"who am I?")
            return sock.recv(65535).decode() or None
        except (TimeoutError, ConnectionError):
            return None
        except OSError as error:
            if error.errno in _UNREACHABLE:
                return None
            raise


_UNREACHABLE = {101, 113, 1, 13}  # ENETUNREACH, EHOSTUNREACH, EPERM (dropped in OUTPUT), EACCES (refused by a firewall)


def _source(text: str) -> tuple[str, int]:
    if text.startswith("["):
        host, port = text[1:].split("]:")
        return host, int(port)
    if text.count(":") == 1:
        host, port = text.split(":")
        return host, int(port)
    return text, 0


def sniff(interface: str) -> Iterator[bytes | str]:
    """Yield every frame on an interface, as bytes from the Ethernet header on."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as sock:
        sock.bind((interface, 0))
        yield "ready"
        while True:
            yield sock.recv(65535)


def send_frames(interface: str, frames: list[bytes]) -> None:
    """Send raw Ethernet frames."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, 0))
        for frame in frames:
            sock.send(frame)
