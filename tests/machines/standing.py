# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends the machines, which outlive the command that started them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from tests.machines import furniture, keeper, machine, roots, tools
from tests.machines.park import CONTROLLER, Machine
from tests.machines.paths import STANDING


def up(machines: Sequence[Machine]) -> None:
    """Boot all machines in parallel. Returns when each can be reached by SSH."""
    tools.provide()
    down()
    roots.make_all()
    STANDING.mkdir(parents=True)
    keeper.start()
    try:
        _make_segment()
        furniture.make_key()
        for one in machines:
            machine.build(one)
            machine.boot(one)
        for one in machines:
            machine.wait(one)
    except BaseException:
        keeper.stop()
        raise


def _make_segment() -> None:
    name = machine.SEGMENT
    lines = [f"link add {name} type bridge", *(f"address add {address} dev {name}" for address in CONTROLLER)]
    script = "\n".join([*lines, f"link set {name} up", ""]).replace("/64 dev", "/64 nodad dev")
    subprocess.run(keeper.enter("ip", "-batch", "-"), input=script, text=True, check=True)


def down() -> None:
    """End the machines if they are running, and remove their files. Root file systems and packages are kept."""
    keeper.stop()
    shutil.rmtree(STANDING, ignore_errors=True)
