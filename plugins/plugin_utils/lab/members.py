# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""`Member`: a host of a lab, or a network namespace on it, and how to run commands there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import rooms

#: The directory that contains ansible_collections.
ROOT = Path(__file__).absolute().parents[6]


class LabError(Exception):
    """The lab could not do something; the text says what and why."""


def program(module: str) -> list[str]:
    """The command line that runs a module of this package with the standard library only, which starts fast."""
    start = f"import sys; sys.path.insert(0, sys.argv.pop(1)); from {__package__}.{module} import main; main()"
    return [sys.executable, "-E", "-s", "-S", "-c", start, str(ROOT)]


def environment() -> dict[str, str]:
    """The environment of programs on a host of the lab. It has the current Python in its PATH."""
    return {
        "PATH": f"{os.path.dirname(sys.executable)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": rooms.HOME,
        "USER": "root",
        "LOGNAME": "root",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": rooms.TEMPORARY,
    }


class Member:
    """A host, or a named network namespace of it."""

    def __init__(self, pid: int, netns: str | None = None) -> None:
        """pid: the host's first process, as seen from here. netns: a name in the host's /run/netns, or a path."""
        self.pid = pid
        self.netns = netns

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs another one there."""
        if not self.pid:
            raise LabError("this host has been stopped")
        enter = ["nsenter", f"--target={self.pid}", *self._user(), "--pid", "--net", "--uts", "--mount", "--"]
        if self.netns is not None:
            enter += ["nsenter", f"--net={os.path.join('/run/netns', self.netns)}", "--"]
        # When nsenter is killed, its child would survive; like this, the child is killed too.
        return [*enter, "env", f"--chdir={rooms.HOME}", "setpriv", "--pdeathsig=KILL", *argv]

    def _user(self) -> list[str]:
        """The arguments with which nsenter enters the lab's user namespace; none inside it, where that is refused."""
        inside = os.path.samestat(os.stat("/proc/self/ns/user"), os.stat(f"/proc/{self.pid}/ns/user"))
        return [] if inside else ["--user", "--preserve-credentials"]

    def batch(self, commands: str) -> None:
        """Run lines of `ip -batch` there."""
        batch(self.argv(["ip", "-batch", "-"]), commands, environment())

    def pid_in_lab(self) -> int:
        """The PID of the first process in the lab's own PID namespace; 0 when the host is gone."""
        if not self.pid:
            return 0
        with open(f"/proc/{self.pid}/status", encoding="ascii") as lines:
            numbers = next(line for line in lines if line.startswith("NSpid:")).split()
        return int(numbers[-2])


def batch(argv: Sequence[str], commands: str, env: Mapping[str, str] | None = None) -> None:
    """Run lines of `ip -batch`; raises LabError."""
    done = subprocess.run(argv, input=commands, text=True, capture_output=True, check=False, env=env)
    if done.returncode:
        raise LabError(f"{done.stderr.strip()} in\n{commands}")
