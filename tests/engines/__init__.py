# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role beside Docker, CNI and netavark: the same networks from each, and the same questions asked of each.

``python -m tests.engines``, in the environment of the tests, on Debian; needs no root.
"""

from __future__ import annotations

from tests.lab.paths import import_collection

# The planner is imported by Ansible's name for it, through the link that every lab makes.
import_collection()
