# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``reaper.py PROGRAM ARGUMENT...``: start a daemon, and wait for everything that it leaves behind as well.

The kernel adds a process's CPU time to that of whoever waited for it. A daemon's orphans, such as Docker's shims, would
go to a PID 1 that waits for nobody, and their time with them; here they go to this process.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

_SUBREAPER = 36


def main() -> int:
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    daemon = subprocess.Popen(sys.argv[1:])
    while True:
        pid, status = os.wait()
        if pid == daemon.pid:
            daemon.returncode = os.waitstatus_to_exitcode(status)
            return daemon.returncode


if __name__ == "__main__":
    sys.exit(main())
