# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module inside a host and counts what it starts and opens, with Python's audit events."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.lab import modules


def run_counted(name: str, options: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The result, and how many of each: commands by their text, "process" for all of them, "netlink" for sockets.

    options: a JSON file, since a call only takes one packet.
    """
    want = json.loads(Path(options).read_text(encoding="utf-8"))
    counted: Counter[str] = Counter()

    def count(event: str, args: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            counted[" ".join([os.path.basename(args[1][0]), *args[1][1:]])] += 1
        if event in ("os.fork", "os.forkpty", "os.posix_spawn", "_posixsubprocess.fork_exec", "subprocess.Popen"):
            counted["process"] += 1
        if event == "socket.__new__" and args[1] == socket.AF_NETLINK:
            counted["netlink"] += 1

    sys.addaudithook(count)
    result = modules.run_main(name, want, check=False, diff=True)
    return result, dict(counted)
