# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A town that outlives the command that made it, for Molecule: python -m tests.lab.standing up DIR, later down DIR.

While it stands, DIR/HOST has the PID of each host's first process, DIR/keeper that of the process that holds the lab.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from tests.lab import town
from tests.lab.lab import Lab


def up(directory: Path) -> None:
    """Build the town in a process of its own; return when it stands."""
    down(directory)
    directory.mkdir(parents=True)
    ready, done = os.pipe()
    if os.fork():
        os.close(done)
        if not os.read(ready, 1):
            raise SystemExit(f"the lab did not come up, see {directory}/log")
        return
    os.setsid()
    _leave_the_terminal(directory / "log")
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit())
    with Lab() as lab:
        built = town.build(lab)
        for host in (built.host, built.neighbour, built.outside):
            (directory / host.name).write_text(str(host.pid), encoding="ascii")
        (directory / "keeper").write_text(str(os.getpid()), encoding="ascii")
        os.write(done, b"x")
        os.close(done)
        while True:
            signal.pause()


def _leave_the_terminal(log: Path) -> None:
    """Hold no pipe of the command that started this open: it waits for its end."""
    nowhere, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT)
    for descriptor, source in ((0, nowhere), (1, output), (2, output)):
        os.dup2(source, descriptor)


def down(directory: Path) -> None:
    """End the town, if it stands, and remove the directory."""
    keeper = directory / "keeper"
    if keeper.exists() and _is_ours(pid := int(keeper.read_text(encoding="ascii"))):
        os.kill(pid, signal.SIGTERM)
        while _is_ours(pid):
            time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


def _is_ours(pid: int) -> bool:
    """Whether a PID is still that of a standing lab: it may be somebody else's after a crash."""
    try:
        return b"tests.lab.standing" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](Path(sys.argv[2]))
