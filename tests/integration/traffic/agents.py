# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside places for these tests: watchers that look for markers, and servers and clients by the dozen."""

from __future__ import annotations

import contextlib
import queue
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator

from pyroute2.netlink.nfnetlink.nfctsocket import NFCTSocket

from tests.lab import traffic

#: The marker of every packet of an attack: the numbers of the volley and of the attack.
MARKER = re.compile(rb"<\d{4}\.\d{3}>")
#: The number in the last marker of a volley.
LAST = 999
_FAREWELL = re.compile(rb"<\d{4}\.%d>" % LAST)
_ALL = 3
_OUTGOING = 4
#: Protocols whose packets a raw socket gets once the host's own rules have accepted them.
_DELIVERED = {
    socket.AF_INET: (socket.IPPROTO_ICMP, socket.IPPROTO_TCP, socket.IPPROTO_UDP),
    socket.AF_INET6: (socket.IPPROTO_ICMPV6, socket.IPPROTO_TCP, socket.IPPROTO_UDP),
}

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

Question = tuple[str, str, int, str]


def forget_flows() -> None:
    """Flush the host's conntrack table."""
    with NFCTSocket() as conntrack:
        conntrack.flush()


def marker(volley: int, number: int) -> bytes:
    return b"<%04d.%03d>" % (volley, number)


def arrivals() -> Iterator[bytes | str]:
    """Yield the marked frames that arrive here on any interface, including interfaces created later."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        yield "ready"
        while True:
            frame, (_interface, _protocol, kind, *_rest) = sock.recvfrom(65535)
            if kind != _OUTGOING and MARKER.search(frame):
                yield frame


def deliveries() -> Iterator[bytes | str]:
    """Yield the marked packets that this place's own stack accepts, for any port, and a farewell behind all others."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.socket(family, socket.SOCK_RAW, protocol))
            for family, protocols in _DELIVERED.items()
            for protocol in protocols
        ]
        for sock in sockets:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        yield "ready"
        while True:
            select.select(sockets, [], [])
            packets = _waiting(sockets)
            if any(map(_FAREWELL.search, packets)):
                # What came before it is there by now, but maybe in a socket that had been read already.
                packets += _waiting(sockets)
            yield from sorted(packets, key=lambda packet: bool(_FAREWELL.search(packet)))


def _waiting(sockets: list[socket.socket]) -> list[bytes]:
    """The marked packets that have arrived."""
    found = []
    for sock in sockets:
        with contextlib.suppress(BlockingIOError):  # nothing more, or its checksum was wrong
            while True:
                packet = sock.recv(65535)
                if MARKER.search(packet):
                    found.append(packet)
    return found


def send_all(frames: list[tuple[str, bytes]]) -> None:
    """Send frames, each through its interface."""
    with contextlib.ExitStack() as stack:
        sockets: dict[str, socket.socket] = {}
        for interface, frame in frames:
            if interface not in sockets:
                sockets[interface] = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
                sockets[interface].bind((interface, 0))
            sockets[interface].send(frame)


def say_farewell(frames: list[tuple[str, bytes]], last: bytes) -> None:
    """Send frames, and the marker to this place's own stack."""
    send_all(frames)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(last, ("127.0.0.1", 9))


def serve_all(wanted: list[tuple[str, str, int]]) -> Iterator[str]:
    """Run echo servers (protocol, address, port), and yield PORT CLIENT for each request."""
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()

    def serve(protocol: str, address: str, port: int) -> None:
        for value in traffic.serve(protocol, address, port):
            heard.put(value if value == "ready" else f"{port} {value}")

    for server in wanted:
        threading.Thread(target=serve, args=server, daemon=True).start()
    for _server in wanted:
        heard.get()
    yield "ready"
    while True:
        yield heard.get()


def ask_all(questions: list[Question], timeout: float) -> list[str | None]:
    """Ask many echo servers at once. A question is protocol, address, port and source ("" for any)."""
    answers: list[str | None] = [None] * len(questions)

    def ask(number: int) -> None:
        protocol, address, port, source = questions[number]
        answers[number] = traffic.ask(protocol, address, port, source, timeout)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def barrage(interface: str, frames: list[bytes], pause: float) -> Iterator[int | str]:
    """Send frames over and over, while the interface exists. Yields the number of rounds now and then."""
    yield "ready"
    rounds = 0
    while True:
        with contextlib.suppress(OSError):
            traffic.send_frames(interface, frames)
            rounds += 1
            if rounds % 10 == 0:
                yield rounds
        time.sleep(pause)


def stream(protocol: str, address: str, port: int, source_port: int, source: str = "") -> Iterator[str]:
    """Use an echo server continuously from one port. Yields who answered, or "silence", and the connection's number.

    A connection that was reset is opened again from the same port.
    """
    yield "ready"
    connection = 0
    while True:
        connection += 1
        with contextlib.suppress(OSError), socket.socket(_family(address), _KINDS[protocol]) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.bind((source, source_port))
            sock.settimeout(0.3)
            sock.connect((address, port))
            yield from _talk(sock, connection)
        time.sleep(0.05)


def _talk(sock: socket.socket, connection: int) -> Iterator[str]:
    while True:
        sock.sendall(b"who are you?")
        try:
            said = sock.recv(65535).decode().split()
        except TimeoutError:
            yield f"silence {connection}"
        else:
            if not said:
                return
            yield f"{said[2]} {connection}"
        time.sleep(0.02)


def push(protocol: str, address: str, port: int) -> Iterator[str]:
    """Send to whoever has spoken, without waiting for more. Yields "heard" for each message."""
    peers: dict[object, tuple[socket.socket, tuple[str, int]]] = {}
    with socket.socket(_family(address), _KINDS[protocol]) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        if protocol == "tcp":
            server.listen()
        yield "ready"
        while True:
            spoken = [sock for sock, _peer in peers.values() if sock is not server]
            for sock in select.select([server, *spoken], [], [], 0.02)[0]:
                if sock is server and protocol == "tcp":
                    connection, peer = server.accept()
                    peers[connection] = connection, peer
                    continue
                try:
                    data, peer = sock.recvfrom(65535)
                except OSError:
                    data = b""
                if data:
                    peers[sock if protocol == "tcp" else peer] = sock, peer
                    yield "heard"
                elif protocol == "tcp":
                    del peers[sock]
            for sock, peer in list(peers.values()):
                with contextlib.suppress(OSError):
                    if protocol == "tcp":
                        sock.send(b"it was pushed ", socket.MSG_DONTWAIT)
                    else:
                        sock.sendto(b"it was pushed", peer)


def sink(address: str, port: int) -> Iterator[int | str]:
    """Receive one upload after the other, and yield the size of each."""
    with socket.create_server((address, port), family=_family(address)) as server:
        yield "ready"
        while True:
            connection, _peer = server.accept()
            with connection:
                size = 0
                while data := connection.recv(1 << 20):
                    size += len(data)
                yield size


def upload(address: str, port: int, size: int, timeout: float) -> None:
    """Send many bytes. Returns when they are acknowledged."""
    with socket.create_connection((address, port), timeout) as sock:
        sock.sendall(bytes(size))
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
