# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in the lab itself, as opposed to what a test asserts."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab.members import LabError

__all__ = ["LabError", "ModuleFailed"]


class ModuleFailed(AssertionError):
    """A module reported a failure that the test did not expect. `result` is what it returned."""

    def __init__(self, name: str, result: dict[str, object]) -> None:
        super().__init__(f"{name} failed: {result.get('msg', result)}")
        self.result = result
