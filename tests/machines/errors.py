# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why machines cannot be used."""

from __future__ import annotations


class Missing(Exception):
    """Something required is missing; the text says what, and how to get it."""


class Stuck(Exception):
    """A machine did not start or stop; the text says which, and where to find out more."""
