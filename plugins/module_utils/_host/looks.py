# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Reads everything in a namespace. Called inside ``Host.run``.

The root of a namespace must not be able to prevent or slow down reading the others: so what cannot be read there is
left out, and the planner reads no more than it needs.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, refusals
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links

#: The maximum of bytes, enough for thousands of interfaces, or ten thousands of addresses or routes.
_LIMIT = 4 << 20
#: The maximum of addresses per interface in brief mode.
_ADDRESSES = 64

T = t.TypeVar("T")


def whole() -> Contents:
    """The host, or the namespace treated as such."""
    with Reader() as reader:
        return Contents(
            dumps.links(reader),
            tuple(dumps.addresses(reader)),
            tuple(dumps.all_routes(reader)),
            tuple(dumps.neighbours(reader)),
            proxies=tuple(dumps.proxies(reader)),
        )


def tolerant() -> Contents:
    """Everything that can be read in a namespace, and why something cannot."""
    look = _Look(None)
    return Contents(
        look.take(dumps.links) or {},
        tuple(look.take(dumps.addresses) or ()),
        tuple(look.take(dumps.all_routes) or ()),
        tuple(look.take(dumps.neighbours) or ()),
        look.end(),
    )


def brief() -> Contents:
    """What the planner asks of a namespace: interfaces, addresses, and routes, of many the default ones alone."""
    look = _Look(_LIMIT)
    links = look.take(dumps.links) or {}
    addresses = tuple(look.take(dumps.addresses) or ())
    routes, complete = look.take(dumps.brief_routes) or ((), False)
    return Contents(links, addresses, tuple(routes), (), look.end(), complete=complete)


def of_veths(contents: Contents) -> Contents:
    """The same with the addresses of veth ends alone, and of these not too many."""
    return contents.but(addresses=tuple(_of_veths(contents.links, contents.addresses)))


class _Look:
    """A series of dumps with one socket, replaced if one fails."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._reader: Reader | None = None
        self._trouble: str | None = None

    def take(self, read: t.Callable[[Reader], T]) -> T | None:
        """The result of a dump, None if it failed."""
        try:
            if self._reader is None:
                self._reader = Reader(self._limit)
            return read(self._reader)
        except (LinuxnetError, OSError) as error:
            words = str(error) if isinstance(error, LinuxnetError) else refusals.reason(error)
            self._trouble = self._trouble or words
            self.end()
            return None

    def end(self) -> str | None:
        """Close the socket, and return why something could not be read."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        return self._trouble


def _of_veths(links: Links, addresses: t.Iterable[Address]) -> t.Iterator[Address]:
    counts = {link.index: 0 for link in links.values() if link.kind == "veth"}
    for address in addresses:
        if counts.get(address.index, _ADDRESSES) < _ADDRESSES:
            counts[address.index] += 1
            yield address
