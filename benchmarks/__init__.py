# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take: ``python -m benchmarks.`` with scale, own_time, modules_at_scale or published_ports."""

from tests.lab.paths import import_collection

import_collection()
