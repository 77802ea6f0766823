# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, neighbours and attackers for tests, out of namespaces; the collection ships what they are built on."""

from tests.lab.paths import import_collection

import_collection()
