# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module lab, which runs entirely on the controller."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.plugins.action import ActionBase

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import description, members, standing


class ActionModule(ActionBase):
    """Creates and removes labs."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the task and return its result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _checked, options = self.validate_argument_spec(description.OPTIONS)
        try:
            return {**result, **_converge(options, self._task.check_mode)}
        except (Invalid, members.LabError) as error:
            return {**result, "failed": True, "msg": str(error)}


def _converge(options: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    directory = Path(standing.directory(options["directory"]))
    found = standing.stands(directory)
    if options["state"] == "absent":
        changed = directory.exists()
        if changed and not check_mode:
            standing.down(directory)
        return {"changed": changed, "directory": str(directory), "hosts": []}
    wanted = description.of(options)
    if found != wanted and not check_mode:
        standing.up(directory, wanted)
    return {"changed": found != wanted, "directory": str(directory), "hosts": list(wanted["hosts"])}
