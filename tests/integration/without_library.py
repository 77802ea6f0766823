# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring definitions about inside a host, by pyroute2 or without it."""

from __future__ import annotations

import sys
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import converge, wishes_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import complete
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import RESOURCES


def bring_about(name: str, definition: dict[str, Any], library: bool) -> bool:
    """Whether it changed anything. Without the library nobody could load it, either."""
    if not library:
        for loaded in [module for module in sys.modules if module.partition(".")[0] == "pyroute2"]:
            del sys.modules[loaded]
        sys.modules["pyroute2"] = None  # type: ignore[assignment]
    with Host(check_mode=False, library=library) as host:
        definitions = [("", complete(RESOURCES[name].options, definition, ""))]
        return converge(host, RESOURCES[name], wishes_of(RESOURCES[name], definitions)).changed
