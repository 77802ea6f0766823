# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machines cannot do without."""

from __future__ import annotations


class Missing(Exception):
    """What is needed is not there; the text says what, and how to get it."""


class Stuck(Exception):
    """A machine did not come up or go down; the text says which, and where it tells more."""
