# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations against the model: python -m tests.integration.model --seconds 600 --seed 7

Each seed is a sequence of its own on a new host; seeds are counted up from the one given. Of what goes wrong the
shortest sequence that still does is written to build/model.json and told; --replay build/model.json plays it again.
"""

from __future__ import annotations

import importlib
import sys

from tests.lab.paths import COLLECTIONS, link_collection

if __name__ == "__main__":
    link_collection()
    sys.path.insert(0, str(COLLECTIONS))
    sys.exit(importlib.import_module("tests.integration.model.runs").main(__doc__))
