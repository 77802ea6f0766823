# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What is left of a namespace, in check mode, once interfaces of it would be gone or other ones. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, Neighbour
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route


class Lasting:
    """:param links: the interfaces as they would be; ``real``: as they are"""

    def __init__(self, links: Links, real: Links) -> None:
        self._indexes = {link.index for link in links.values()}
        same = {(link.index, link.mac_address) for link in links.values()}
        self._unchanged = {link.index for link in real.values() if (link.index, link.mac_address) in same}

    def addresses(self, found: t.Iterable[Address]) -> tuple[Address, ...]:
        """Those of interfaces that stay."""
        return tuple(one for one in found if one.index in self._indexes)

    def routes(self, found: t.Iterable[Route]) -> tuple[Route, ...]:
        """Those over interfaces that stay, and over none."""
        return tuple(one for one in found if one.index is None or one.index in self._indexes)

    def neighbours(self, found: t.Iterable[Neighbour]) -> tuple[Neighbour, ...]:
        """Those of interfaces that keep their MAC address: who gets another one forgets them all."""
        return tuple(one for one in found if one.index in self._unchanged)
