# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`Place`: a network namespace of a host, for running commands and functions and sending traffic there."""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import members
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab.rooms import HOME, TEMPORARY
from tests.lab import calls, target, traffic
from tests.lab.errors import LabError
from tests.lab.forker import Target
from tests.lab.paths import COLLECTIONS


@dataclass(frozen=True)
class Result:
    """The result of a command: exit code, standard output, standard error."""

    rc: int
    out: str
    err: str


_ENVIRONMENT = {
    **members.environment(),
    "ANSIBLE_HOME": f"{HOME}/.ansible",
    "ANSIBLE_REMOTE_TMP": f"{TEMPORARY}/ansible",
    "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    "ANSIBLE_PYTHON_INTERPRETER": target.PYTHON,
    "ANSIBLE_LOCALHOST_WARNING": "false",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_NO_TARGET_SYSLOG": "true",
    "ANSIBLE_PIPELINING": "true",
}


class Place(members.Member):
    """Created by `Lab.host` (the host's own network namespace) and `Host.inside` (a named one)."""

    def __init__(self, pid: int, netns: str | None = None) -> None:
        """pid: the host's first process, as seen from here. netns: a name in the host's /run/netns, or a path."""
        super().__init__(pid, netns)
        #: How to end what was left running here; called when the host ends.
        self.endings: list[Callable[[], None]] = []

    def environment(self) -> dict[str, str]:
        """The environment of everything here, which has only the current Python in common with the machine's."""
        return dict(_ENVIRONMENT)

    def popen(self, argv: Sequence[str], env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
        """Start a command here, with options of subprocess.Popen. It ends with the host at the latest."""
        process = self._popen(argv, env, **options)

        def end() -> None:
            with process:
                process.kill()

        self.endings.append(end)
        return process

    def _popen(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.argv(argv), env={**self.environment(), **(env or {})}, text=True, **options)

    def run(
        self,
        argv: Sequence[str],
        stdin: str = "",
        check: bool = True,
        timeout: float = 60,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a command here to its end. Raises LabError if it fails (unless check is False) or takes too long."""
        pipe = subprocess.PIPE
        with self._popen(argv, env, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            try:
                out, err = process.communicate(stdin, timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise LabError(f"{shlex.join(argv)}: not done within {timeout} s") from None
            except BaseException:
                process.kill()
                raise
        if check and process.returncode:
            raise LabError(f"{shlex.join(argv)}: exit {process.returncode}\n{out}{err}")
        return Result(process.returncode, out, err)

    def sh(self, script: str, check: bool = True, timeout: float = 60) -> str:
        """Run a shell script here (sh -e), and return its standard output."""
        return self.run(["sh", "-ec", script], check=check, timeout=timeout).out

    def ip(self, *words: str) -> Any:
        """The output of `ip -json -details WORDS` as Python data."""
        return json.loads(self.run(["ip", "-json", "-details", *words]).out or "[]")

    def target(self) -> Target:
        if not self.pid:
            raise LabError("this host has been stopped")
        return Target(self.pid, self.netns, self.environment(), HOME)

    def call(
        self,
        function: Callable[..., Any],
        *args: Any,
        timeout: float = 60,
        preload: tuple[str, ...] = (),
        python: str = sys.executable,
    ) -> Any:
        """Run a Python function of an importable module here, in a separate process, and return its result."""
        return calls.call(self.target(), function, args, timeout, preload, python)

    def start(self, function: Callable[..., Any], *args: Any) -> calls.Background:
        """Leave a generator function running here. Returns once it has yielded its first value ("ready")."""
        background = calls.start(self.target(), function, args)
        self.endings.append(background.stop)
        return background

    # Traffic. Addresses may be of either family; traffic.py describes the results.

    def reaches(self, address: str, timeout: float = 3) -> bool:
        """Whether an ICMP echo is answered."""
        ping = ["ping", "-n", "-q", "-c", "1", "-W", str(timeout), address]
        return self.run(ping, check=False).rc == 0

    @contextlib.contextmanager
    def server(self, port: int, protocol: str = "tcp", address: str = "::") -> Iterator[traffic.Server]:
        """An echo server that reports the peer address it saw to its clients and in `server.seen`."""
        with self.start(traffic.serve, protocol, address, port) as background:
            yield traffic.Server(background)

    def ask(
        self, address: str, port: int, protocol: str = "tcp", source: str = "", timeout: float = 1
    ) -> traffic.Answer | None:
        """Ask an echo server which peer address it sees. None if it refuses or does not answer in time."""
        return traffic.Answer.of(self.call(traffic.ask, protocol, address, port, source, timeout))

    @contextlib.contextmanager
    def sniffer(self, interface: str) -> Iterator[traffic.Sniffer]:
        """Collect every frame that passes an interface, both directions."""
        with self.start(traffic.sniff, interface) as background:
            yield traffic.Sniffer(background)

    def send_frames(self, interface: str, frames: Sequence[bytes]) -> None:
        """Send raw Ethernet frames through an interface."""
        self.call(traffic.send_frames, interface, list(frames))
