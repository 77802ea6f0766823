# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The contents of a namespace."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, Neighbour, Proxy
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route


class Contents(Value):
    """The contents of a namespace. ``trouble`` says why something is missing; if not ``complete``, there is more."""

    links: Links
    addresses: tuple[Address, ...]
    routes: tuple[Route, ...]
    neighbours: tuple[Neighbour, ...]
    trouble: str | None = None
    proxies: tuple[Proxy, ...] = ()
    complete: bool = True
