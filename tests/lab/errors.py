# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the lab itself, as opposed to failed assertions of a test."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab.members import LabError

__all__ = ["LabError", "ModuleFailed"]


class ModuleFailed(AssertionError):
    """A module failed unexpectedly. `result` is what it returned."""

    def __init__(self, name: str, result: dict[str, object]) -> None:
        super().__init__(f"{name} failed: {result.get('msg', result)}")
        self.result = result
