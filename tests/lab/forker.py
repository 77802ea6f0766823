# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Python functions inside hosts, fast: a process that has imported everything forks, enters the host and calls.

A new Python that imports Ansible and pyroute2 needs a third of a second, a fork a hundredth. The forker is a separate
single-threaded process, so that nothing of pytest (threads, captured output) is inherited. For modules, it and what it
imports of the lab also run on the oldest Python of a host.

    requests.Forker().call(target, function, args)      the other side: tests/lab/calls.py

A request is a pickle (Target, function, args, preload), sent along with one end of a socket pair. The child sends
messages into it, each a length and a pickle: ("yield", value) for each value of a generator function, and finally
("return", value) or ("raise", exception, traceback text). When the caller closes its end, or shuts
down its half, the child is killed; the channel ends when it is gone.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import os
import pickle
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux

# User namespace first (it gives the right to enter the others), PID namespace before the fork that it applies to.
_KINDS = (
    ("user", linux.CLONE_NEWUSER),
    ("pid", linux.CLONE_NEWPID),
    ("net", linux.CLONE_NEWNET),
    ("uts", linux.CLONE_NEWUTS),
    ("mnt", linux.CLONE_NEWNS),
)


@dataclass(frozen=True)
class Target:
    """Where to run: in the namespaces of a process, and then in a named network namespace if `netns` is given."""

    pid: int
    netns: str | None
    environment: dict[str, str]
    directory: str


def send_message(channel: socket.socket, message: object) -> None:
    data = pickle.dumps(message)
    channel.sendall(struct.pack("=I", len(data)) + data)


def receive_message(channel: socket.socket) -> Any:
    """The next message; raises EOFError when the other side is gone."""
    (length,) = struct.unpack("=I", _receive_exactly(channel, 4))
    return pickle.loads(_receive_exactly(channel, length))


def _receive_exactly(channel: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = channel.recv(length)
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _enter(target: Target) -> None:
    descriptors = [(os.open(f"/proc/{target.pid}/ns/{name}", os.O_RDONLY), kind) for name, kind in _KINDS]
    for descriptor, kind in descriptors:
        linux.setns(descriptor, kind)
        os.close(descriptor)
    if target.netns is not None:
        descriptor = os.open(os.path.join("/run/netns", target.netns), os.O_RDONLY)
        linux.setns(descriptor, linux.CLONE_NEWNET)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(target.environment)
    os.chdir(target.directory)


def _run(channel: socket.socket, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Call the function, and report what it returned or raised."""
    with _Reported(channel):
        result = function(*args)
        if inspect.isgenerator(result):
            for value in result:
                send_message(channel, ("yield", value))
            result = None
        send_message(channel, ("return", result))


class _Reported:
    """Sends any exception to the caller: even an exit is an outcome of the function."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        if error is not None:
            text = "".join(traceback.format_exception(kind, error, at))
            try:
                send_message(self._channel, ("raise", error, text))
            except (pickle.PicklingError, TypeError, AttributeError):
                send_message(self._channel, ("raise", RuntimeError(repr(error)), text))
        return True


def _guard(channel: socket.socket, child: int) -> None:
    """Wait until the child ends or the caller hangs up. The child dies with this process."""
    finished = os.pidfd_open(child)
    poll = select.poll()
    poll.register(finished, select.POLLIN)
    poll.register(channel, select.POLLRDHUP)
    poll.poll()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _handle(channel: socket.socket, request: bytes) -> None:
    """In a fork: enter the host, fork again to get into the PID namespace, and run there."""
    linux.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with _Reported(channel):
        target, function, args, _preload = pickle.loads(request)
        _enter(target)
        child = os.fork()
        if child:
            _guard(channel, child)
        else:
            linux.die_with_parent()
            _run(channel, function, args)


def _preload(request: bytes) -> None:
    """Import once what the children will need.

    They are too short-lived for garbage collection, which would write to, and so copy, every page that they share.
    """
    new = [name for name in pickle.loads(request)[3] if name not in sys.modules]
    for name in new:
        importlib.import_module(name)
    if new:
        gc.collect()
        gc.freeze()


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    requests.set_inheritable(False)
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, descriptors, _flags, _address = socket.recv_fds(requests, 1 << 20, 1)
        if not request:
            return
        with socket.socket(fileno=descriptors[0]) as channel, _Reported(channel):
            _preload(request)
            if os.fork() == 0:
                requests.close()
                _handle(channel, request)
                os._exit(0)


if __name__ == "__main__":
    main()
