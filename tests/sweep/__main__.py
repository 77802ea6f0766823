# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every system call of a network's life fails or is the last one: python -m tests.sweep [--stage build] [--every 10]

What is found wrong is told with the words to repeat it by.
"""

from __future__ import annotations

import importlib
import sys

from tests.lab.paths import COLLECTIONS, link_collection

if __name__ == "__main__":
    link_collection()
    sys.path.insert(0, str(COLLECTIONS))
    sys.exit(importlib.import_module("tests.sweep.runs").main(__doc__))
