# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, stop and restart a machine, and run commands on it without its network.

A machine is a directory of files, which exists as long as the keeper, and while running, processes in namespaces of its
own. So a restart is a reboot: files stay, and what is in the kernel (interfaces, rules, settings, /run) is lost.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import linux
from tests.lab.paths import REPOSITORY
from tests.machines import furniture, keeper, packages
from tests.machines.errors import Stuck
from tests.machines.park import Machine
from tests.machines.paths import LIVE, PACKAGES, ROOTS, STANDING

SEGMENT = "segment"
_PATIENCE = 300
_POWER_OFF = signal.SIGRTMIN + 4


def build(machine: Machine) -> None:
    """The machine's file system: the root of its release, with an overlay in memory."""
    layers = [LIVE / machine.name / layer for layer in ("root", "upper", "work")]
    for layer in layers:
        keeper.seen(layer).mkdir(parents=True)
    root, upper, work = layers
    options = f"lowerdir={ROOTS / machine.suite},upperdir={upper},workdir={work}"
    subprocess.run(keeper.enter("mount", "-t", "overlay", "-o", options, machine.name, str(root)), check=True)
    furniture.furnish(machine, keeper.seen(root))


def start(machine: Machine) -> None:
    """Boot the machine. Returns when it can be reached by SSH."""
    boot(machine)
    wait(machine)


def boot(machine: Machine) -> None:
    """Begin to boot."""
    own = keeper.cgroup(machine.name)
    own.mkdir(exist_ok=True)
    nspawn = [
        "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--console=pipe",
        f"--directory={LIVE / machine.name / 'root'}", f"--machine={machine.name}", f"--network-bridge={SEGMENT}",
        f"--bind-ro={PACKAGES / machine.suite}:{packages.PLACE}", f"--bind-ro={REPOSITORY}:{packages.CHECKOUT}",
        "--link-journal=no", "--resolv-conf=off", "--timezone=off",
    ]  # fmt: skip
    with (STANDING / f"{machine.name}.console").open("ab") as console:
        # The shell joins the cgroup from outside of the keeper's namespaces, where this is allowed.
        script = 'echo $$ > "$0" && exec "$@"'
        subprocess.Popen(
            ["sh", "-c", script, str(own / "cgroup.procs"), *keeper.enter(*nspawn)],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
        )  # fmt: skip


def wait(machine: Machine) -> None:
    """Wait until the machine has booted and answers by SSH."""
    _until(lambda: _answers(machine), machine, "come up")


def stop(machine: Machine) -> None:
    """Shut the machine down, as its power button would."""
    leader = _leader(machine)
    if leader is not None:
        os.kill(leader, _POWER_OFF)
        _until(lambda: not _runs(machine), machine, "shut down")


def restart(machine: Machine) -> None:
    """Reboot the machine: what is not in a file is lost."""
    stop(machine)
    start(machine)


def command(machine: Machine, *argv: str) -> list[str]:
    """The command line that runs another one as root on the machine."""
    leader = _leader(machine)
    if leader is None:
        raise Stuck(f"{machine.name} is not running, see {_console(machine)}")
    return ["nsenter", f"--target={leader}", "--all", "--", *argv]


def _leader(machine: Machine) -> int | None:
    """The PID of the machine's first process, as seen from here."""
    try:
        numbers = (keeper.cgroup(machine.name) / "payload/init.scope/cgroup.procs").read_text(encoding="ascii").split()
    except OSError:
        return None
    return min(map(int, numbers), default=None)


def _runs(machine: Machine) -> bool:
    return "populated 1" in (keeper.cgroup(machine.name) / "cgroup.events").read_text(encoding="ascii")


def _console(machine: Machine) -> Path:
    return STANDING / f"{machine.name}.console"


def _answers(machine: Machine) -> bool:
    """Whether SSH servers answer on all addresses of the machine."""
    return all(_greets(address.partition("/")[0]) for address in machine.addresses)


def _greets(address: str) -> bool:
    """Whether an SSH server answers, asked by a child that enters the keeper's network namespace."""
    child = os.fork()
    if child == 0:
        try:
            linux.setns(os.open(f"/proc/{keeper.pid()}/ns/net", os.O_RDONLY), linux.CLONE_NEWNET)
            with socket.create_connection((address, 22), timeout=1) as connection:
                os._exit(0 if connection.recv(4) == b"SSH-" else 1)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _until(happened: Callable[[], bool], machine: Machine, what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not happened():
        if time.monotonic() > end:
            raise Stuck(f"{machine.name} did not {what} within {_PATIENCE} s, see {_console(machine)}")
        time.sleep(0.2)
