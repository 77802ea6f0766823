# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`Lab`: hosts and the network between them, in namespaces of their own, for the length of a with statement."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType

from tests.lab import target
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.paths import REPOSITORY, needed_inside
from tests.lab.segment import Segment

_START_SECONDS = 30


class Lab:
    """A place for hosts and segments. Leaving it ends every process in it, and with them all that they made."""

    def __init__(self, visible: tuple[str, ...] = ()) -> None:
        """visible: further paths that hosts must be able to read (see rooms.furnish_host)."""
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._channel.settimeout(_START_SECONDS)
        self._hosts: dict[str, Host] = {}
        self._segments: list[Segment] = []
        # Without site-packages, because the keeper needs the standard library alone and so starts in no time.
        keeper = [sys.executable, "-E", "-s", "-S", "-m", "tests.lab.keeper"]
        with theirs:
            self._keeper = subprocess.Popen(
                [*keeper, str(theirs.fileno()), *needed_inside(), *target.prefixes(), *visible],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=REPOSITORY,
            )
        try:
            self._switch_pid = self._answer()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End everything. Returns when no process of the lab is left."""
        for host in self._hosts.values():
            host.forget()
        self._hosts.clear()
        self._channel.close()
        self._keeper.wait()

    def host(self, name: str) -> Host:
        """A new machine with `lo` up and nothing else; what it has to itself stands in README.md."""
        if name in self._hosts:
            raise LabError(f"the lab has a host {name} already")
        self._channel.send(json.dumps({"host": name}).encode())
        new = self._hosts[name] = Host(self, name, self._answer())
        if target.BACKEND:
            new.use_iptables(target.BACKEND)
        return new

    def stop(self, host: Host) -> None:
        """End one host with everything on it."""
        del self._hosts[host.name]
        host.forget()
        self._channel.send(json.dumps({"stop": host.name}).encode())
        self._answer()

    def segment(self, name: str, mtu: int = 1500) -> Segment:
        """A new Ethernet segment to which hosts can be joined."""
        self._segments.append(Segment(self, name, len(self._segments), mtu))
        return self._segments[-1]

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs another one in the lab's own namespaces, from where every host can be entered.

        Files are the machine's, the network is that of the switch, and what runs there ends with the lab.
        """
        enter = ["--user", "--preserve-credentials", "--net", "--mount", "--pid"]
        return ["nsenter", f"--target={self._switch_pid}", *enter, "--", *argv]

    def switch(self, commands: str) -> None:
        """Run lines of `ip -batch` in the lab's own network namespace, where the segments are."""
        argv = self.argv(["ip", "-batch", "-"])
        done = subprocess.run(argv, input=commands, text=True, capture_output=True, check=False)
        if done.returncode:
            raise LabError(f"{done.stderr.strip()} in\n{commands}")

    def _answer(self) -> int:
        """Take an answer of the keeper; return the PID of the process that sent it, as seen from here."""
        size = struct.calcsize("3i")
        try:
            packet, ancillary, _flags, _address = self._channel.recvmsg(65536, socket.CMSG_SPACE(size))
        except TimeoutError:
            raise LabError(f"the lab did not answer within {_START_SECONDS} s") from None
        answer = json.loads(packet or b'{"error": "the lab ended before it was ready"}')
        if "error" in answer:
            raise LabError(answer["error"])
        pid: int = struct.unpack("3i", ancillary[0][2][:size])[0]
        return pid
