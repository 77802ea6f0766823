# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caller's side of forker.py: `call` waits for a result, `start` leaves a function running in the background."""

from __future__ import annotations

import atexit
import json
import pickle
import queue
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from tests.lab import forker, target
from tests.lab.errors import LabError
from tests.lab.paths import REPOSITORY, link_collection


class Background:
    """A generator function that runs inside a host. Iterating returns what it yields; `stop` kills it.

    A thread of this process collects the values, so that the function never waits for a slow reader.
    """

    def __init__(self, channel: socket.socket, what: str) -> None:
        self._channel = channel
        self._what = what
        self._values: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        while not self._ended:
            select.select([self._channel], [], [])
            self._take_what_is_there()

    def _take_what_is_there(self) -> None:
        """Move all available messages from the channel to the queue. Either thread may do it, one at a time."""
        with self._lock:
            while not self._ended and select.select([self._channel], [], [], 0)[0]:
                try:
                    message = forker.receive_message(self._channel)
                except (EOFError, OSError):
                    message = ("end",)
                self._ended = message[0] != "yield"
                self._values.put(message)

    def next(self, timeout: float = 10) -> Any:
        """The next value. Raises LabError after `timeout` seconds or at the function's end, or the function's error."""
        try:
            message = self._values.get(timeout=timeout)
        except queue.Empty:
            raise LabError(f"{self._what}: nothing within {timeout} s") from None
        if message[0] == "yield":
            return message[1]
        if message[0] == "raise":
            raise _with_note(message)
        raise LabError(f"{self._what}: ended")

    def values(self) -> Iterator[Any]:
        """The values that were yielded so far and not returned yet, without waiting."""
        self._take_what_is_there()
        while not self._values.empty():
            message = self._values.get()
            if message[0] == "raise":
                raise _with_note(message)
            if message[0] == "yield":
                yield message[1]

    def stop(self) -> None:
        """Kill the function, and wait until it is gone with what it had open. Can be called repeatedly."""
        if self._channel.fileno() < 0:
            return
        self._channel.shutdown(socket.SHUT_WR)
        # When Python exits, it has already stopped other threads, so that joining one would hang.
        if not sys.is_finalizing():
            self._thread.join()
        self._channel.close()

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def _with_note(message: tuple[Any, ...]) -> BaseException:
    error: BaseException = message[1]
    error.add_note("inside the host:\n" + message[2])
    if isinstance(error, SystemExit):
        return LabError(f"exit {error.code} inside the host\n{message[2]}")
    return error


class _Forker:
    """One process per interpreter, started by the first call. It ends with this process."""

    def __init__(self, python: str) -> None:
        link_collection()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests = ours
        path = json.dumps([str(REPOSITORY), *target.search_path()])
        with theirs:
            self._process = subprocess.Popen(
                [python, "-c", _START, path, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd="/",
            )
        atexit.register(self.close)

    def close(self) -> None:
        self._requests.close()
        self._process.wait()

    def send(self, request: object) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._requests, [pickle.dumps(request)], [theirs.fileno()])
        return ours


_START = """
import json, sys
sys.path[:0] = json.loads(sys.argv.pop(1))
from tests.lab.forker import main
main()
"""
_lock = threading.Lock()
_running: dict[str, _Forker] = {}


def _forker(python: str = sys.executable) -> _Forker:
    with _lock:
        if python not in _running:
            _running[python] = _Forker(python)
        return _running[python]


def call(
    place: forker.Target,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    timeout: float,
    preload: tuple[str, ...],
    python: str = sys.executable,
) -> Any:
    """Run function(*args) inside, and return its result or raise its error."""
    with _forker(python).send((place, function, args, preload)) as channel:
        channel.settimeout(timeout)
        try:
            message = forker.receive_message(channel)
        except TimeoutError:
            raise LabError(f"{function.__qualname__}{args}: no result within {timeout} s") from None
        except EOFError:
            raise LabError(f"{function.__qualname__}{args}: killed before it had a result") from None
    if message[0] == "raise":
        raise _with_note(message)
    return message[1]


def start(place: forker.Target, function: Callable[..., Any], args: tuple[Any, ...]) -> Background:
    """Start a generator function inside. Its first value is consumed here: it means that the function is ready."""
    channel = _forker().send((place, function, args, ()))
    background = Background(channel, function.__qualname__)
    try:
        background.next()
    except BaseException:
        background.stop()
        raise
    return background
