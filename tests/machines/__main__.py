# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.machines up | down | start NAME | stop NAME | restart NAME | run NAME COMMAND..."""

from __future__ import annotations

import os
import sys

from tests.machines import machine, standing
from tests.machines.errors import Missing, Stuck
from tests.machines.park import PARK, by_name


def main(words: list[str]) -> None:
    match words:
        case ["up"]:
            standing.up(PARK)
        case ["down"]:
            standing.down()
        case ["start", name]:
            machine.start(by_name(name))
        case ["stop", name]:
            machine.stop(by_name(name))
        case ["restart", name]:
            machine.restart(by_name(name))
        case ["run", name, *argv] if argv:
            command = machine.command(by_name(name), *argv)
            os.execvp(command[0], command)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Missing, Stuck) as error:
        sys.exit(str(error))
