# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The process that keeps a lab alive: PID 1 in a user, PID, mount and network namespace of its own.

`Lab` starts it with one end of a socket pair. All processes of the lab are in its PID namespace, so the kernel ends
them when this one ends, which happens as soon as nobody holds the other end of the pair: after `Lab.close()`, after a
failed test, and even after pytest was killed.

Requests and answers are JSON, one per packet. The first answer and the one to {"host": NAME} are sent by the new
process itself, so that the kernel tells the receiver its PID (SCM_CREDENTIALS). Each answer is {"ok": true} or
{"error": TEXT}.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux, rooms


def _answer(channel: socket.socket, error: str = "") -> None:
    channel.send(json.dumps({"error": error} if error else {"ok": True}).encode())


def _become_root_of_a_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    linux.unshare(linux.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")


def _start_host(channel: socket.socket, name: str, visible: list[str]) -> int:
    """Start the first process of a host. Returns its PID, as seen by this process."""
    numbers, theirs = os.pipe()
    if os.fork() == 0:
        # unshare puts only a process's children into a new PID namespace, hence the process in between.
        linux.unshare(linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWUTS)
        child = os.fork()
        if child:
            os.write(theirs, str(child).encode())
            os._exit(0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            rooms.furnish_host(name, visible)
            _answer(channel)
        except OSError as error:
            _answer(channel, f"host {name}: {error}")
            os._exit(1)
        # SIGCHLD stays ignored across exec, so the kernel reaps orphans in this PID namespace.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.execv("/bin/sleep", [f"lab-host-{name}", "infinity"])
    os.close(theirs)
    pid = int(os.read(numbers, 32) or b"0")
    os.close(numbers)
    return pid


def _stop_host(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)


def _serve(channel: socket.socket, visible: list[str]) -> None:
    hosts: dict[str, int] = {}
    while packet := channel.recv(65536):
        request = json.loads(packet)
        if "host" in request:
            hosts[request["host"]] = _start_host(channel, request["host"], visible)
        else:
            _stop_host(hosts.pop(request["stop"]))
            _answer(channel)


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    try:
        _become_root_of_a_user_namespace()
        linux.unshare(linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWUTS)
    except OSError as error:
        _answer(channel, f"this machine does not let the user make namespaces ({error})")
        return
    first = os.fork()
    if first:
        channel.close()
        os.waitpid(first, 0)
        return
    linux.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a ^C is for the tests; they close the lab
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        rooms.furnish_lab()
    except OSError as error:
        _answer(channel, str(error))
        return
    _answer(channel)
    _serve(channel, sys.argv[2:])
