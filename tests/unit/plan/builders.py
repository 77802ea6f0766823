# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Short ways to write a network's variables."""

from __future__ import annotations

import typing as t

from tests.planning import make_plan
from tests.unit.plan.world import Info, empty_info


def variables(*endpoints: t.Any, **more: t.Any) -> Info:
    """A network br0 with 172.18.0.0/16 and these endpoints; a string stands for a namespace."""
    listed = [{"namespace": endpoint} if isinstance(endpoint, str) else endpoint for endpoint in endpoints]
    return {"name": "br0", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": listed, **more}


def dual(*endpoints: t.Any, **more: t.Any) -> Info:
    """The same, with fd00:18::/64 in addition."""
    both = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
    return variables(*endpoints, **{"ipam_config": both, **more})


def plan(want: object, info: Info | None = None, **more: t.Any) -> Info:
    """The plan for a want on a host, by default an empty one."""
    return make_plan(want, empty_info() if info is None else info, **more)


def addresses(document: Info) -> dict[str, list[str]]:
    """The addresses in a plan by namespace."""
    return {endpoint["namespace"]: endpoint["addresses"] for endpoint in document["endpoints"]}


def elements(document: Info, module: str, state: str = "present") -> list[Info]:
    """The definitions for a module with one state."""
    return [element for element in document["modules"][module] if element["state"] == state]
