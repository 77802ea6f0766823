# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads interfaces without taking for lost what the kernel adds late.

The kernel adds the local route of an IPv6 address asynchronously, shortly after the address, and later on a busy
machine.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import connected
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_planner import Want

#: In seconds, for all namespaces of a call together, since it is also spent on what is really lost.
_PATIENCE = 1.0
_PAUSE = 0.02


class Seen(t.Protocol):
    """What was read of a namespace."""

    @property
    def links(self) -> Links: ...

    @property
    def addresses(self) -> t.Sequence[Address]: ...

    @property
    def routes(self) -> t.Sequence[Route]: ...


S = t.TypeVar("S", bound=Seen)


class Patience:
    """The time that a call has left for reading again."""

    def __init__(self) -> None:
        self._left = _PATIENCE

    def look(self, look: t.Callable[[bool], S], wants: t.Sequence[Want]) -> S:
        """What is there once the kernel has processed the wanted addresses, or time is up.

        :param look: is called with whether it reads again, in which case nothing cached will do
        """
        again = False
        while True:
            seen, again = look(again), True
            if self._left <= 0 or not _is_late(seen, wants):
                return seen
            time.sleep(_PAUSE)
            self._left -= _PAUSE


def _is_late(seen: Seen, wants: t.Iterable[Want]) -> bool:
    wanted = {one for want in wants if want.state == "present" for one in want.addresses or () if one.version == 6}
    if not wanted:
        return False
    up = {link.index for link in seen.links.values() if link.up}
    mine = (one for one in seen.addresses if one.index in up and one.address in wanted)
    return bool(connected.unheard(mine, seen.routes))
