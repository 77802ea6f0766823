# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's first commands on fresh machines: Debian 12 and 13 as debootstrap makes them.

Nothing else that this machine has is visible there: files, processes and names are those of a fresh machine. The
network is this machine's, only for apt and pip, whose settings are copied.

python -m tests.fresh SUITE root|user TARGET...     such as: python -m tests.fresh trixie user demo test
"""

from tests.lab.paths import import_collection

import_collection()
