# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Ends of the labels by which messages and diffs name an object."""

from __future__ import annotations


def within(netns: str | None) -> str:
    """The end that tells the namespace, nothing for the host's own."""
    return f" in namespace {netns}" if netns else ""
