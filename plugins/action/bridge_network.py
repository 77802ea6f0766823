# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module bridge_network: sends the collection's code along as text."""

from __future__ import annotations

import base64
import json
import pathlib
import typing as t
import zlib

from ansible.module_utils.compat.version import LooseVersion
from ansible.plugins.action import ActionBase
from ansible.release import __version__

_OLDEST = "2.19"
_UTILS = "ansible_collections.netplumb.linuxnet.plugins.module_utils"
_DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "module_utils"
#: The compression level: more would cost more time than it saves, even on slow links.
_LEVEL = 1
#: Set by the role, whose users know the options as variables of the role.
_ROLE = "_bridge_network_by_role"


class ActionModule(ActionBase):
    """Runs the module, also with async."""

    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module and return its result."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        if LooseVersion(__version__) < LooseVersion(_OLDEST):
            words = f"needs ansible-core {_OLDEST} or newer on the controller, and this is {__version__}"
            return {**result, "failed": True, "msg": f"the collection netplumb.linuxnet {words}"}
        arguments = {
            "program": _program(),
            "options": dict(self._task.args),
            "role": bool((task_vars or {}).get(_ROLE)),
        }
        done = self._execute_module(
            module_name="netplumb.linuxnet.bridge_network",
            module_args=arguments,
            task_vars=task_vars,
            wrap_async=self._task.async_val,
        )
        return {**result, **done}


def _program() -> str:
    """The code for the target: the sources of our modules by name."""
    texts = {
        f"{_UTILS}.{'.'.join(path.relative_to(_DIRECTORY).with_suffix('').parts)}": path.read_text(encoding="utf-8")
        for path in sorted(_DIRECTORY.rglob("*.py"))
        if path.name != "__init__.py"
    }
    return base64.b64encode(zlib.compress(json.dumps(texts).encode(), _LEVEL)).decode()
