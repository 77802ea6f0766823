# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take: each module here is a command of its own, ``python -m benchmarks.connecting`` and so on."""

from tests.lab.paths import import_collection

import_collection()
