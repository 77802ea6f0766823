# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Suffixes of the labels of objects in messages and diffs."""

from __future__ import annotations


def within(netns: str | None) -> str:
    """The suffix with the namespace, empty for the host's own."""
    return f" in namespace {netns}" if netns else ""
