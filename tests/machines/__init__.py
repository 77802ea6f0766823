# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Complete Debian systems, booted by systemd-nspawn on a segment of their own; see README.md in this directory."""

from tests.lab.paths import import_collection

import_collection()
