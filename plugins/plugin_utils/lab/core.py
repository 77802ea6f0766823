# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""`Lab`: hosts and the network between them, in namespaces of their own, while the process that made it lives."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab.members import ROOT, LabError, batch, program
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab.segment import Segment

_START_SECONDS = 30


class Lab:
    """Hosts and segments. Closing it ends all of its processes, and with them everything that they made."""

    def __init__(self, visible: Sequence[str] = ()) -> None:
        """visible: additional paths that hosts must be able to read (see rooms.furnish_host)."""
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._channel.settimeout(_START_SECONDS)
        self._segments: list[Segment] = []
        # A Python that was started without site does not know the virtual environment that it is in.
        environment = os.path.dirname(os.path.dirname(sys.executable))
        paths = sorted({str(ROOT), environment, sys.prefix, sys.base_prefix, *visible})
        with theirs:
            self._keeper = subprocess.Popen(
                [*program("keeper"), str(theirs.fileno()), *paths], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        try:
            self._switch_pid = self._answer()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End everything. Returns when no process of the lab is left."""
        self._channel.close()
        self._keeper.wait()

    def start(self, name: str) -> int:
        """Start the first process of a new host. Returns its PID, as seen from here."""
        self._channel.send(json.dumps({"host": name}).encode())
        return self._answer()

    def end(self, name: str) -> None:
        """End a host with everything on it."""
        self._channel.send(json.dumps({"stop": name}).encode())
        self._answer()

    def segment(self, name: str, mtu: int = 1500) -> Segment:
        """Create an Ethernet segment that hosts can join."""
        self._segments.append(Segment(self, name, len(self._segments), mtu))
        return self._segments[-1]

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs another one in the lab's own namespaces, from which every host can be entered.

        It sees the machine's files and the network of the switch, and what it starts ends with the lab.
        """
        enter = ["--user", "--preserve-credentials", "--net", "--mount", "--pid"]
        return ["nsenter", f"--target={self._switch_pid}", *enter, "--", *argv]

    def switch(self, commands: str) -> None:
        """Run lines of `ip -batch` in the lab's own network namespace, which contains the segments."""
        batch(self.argv(["ip", "-batch", "-"]), commands)

    def _answer(self) -> int:
        """Receive an answer of the keeper. Returns the PID of the process that sent it, as seen from here."""
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
