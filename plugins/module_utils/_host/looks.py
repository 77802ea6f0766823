# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Looks at all that a namespace holds. Called inside ``Host.run``.

What the root of a namespace does in it must neither keep us from seeing the others nor cost much: so what cannot be
read there is left out, and the planner reads no more of it than it needs.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, refusals
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.contents import Contents
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links

#: So many bytes of each kind are some thousand interfaces, or some ten thousand addresses or routes.
_LIMIT = 4 << 20
#: So many addresses of an interface are told in a brief look.
_ADDRESSES = 64

T = t.TypeVar("T")


def whole() -> Contents:
    """The host, or what is taken for it."""
    with Reader() as reader:
        return Contents(
            dumps.links(reader),
            tuple(dumps.addresses(reader)),
            tuple(dumps.routes(reader)),
            tuple(dumps.neighbours(reader)),
            proxies=tuple(dumps.proxies(reader)),
        )


def tolerant() -> Contents:
    """All that can be read of a namespace, and why something cannot."""
    troubles: list[str] = []
    return Contents(
        _try(dumps.links, None, troubles) or {},
        tuple(_try(dumps.addresses, None, troubles) or ()),
        tuple(_try(dumps.routes, None, troubles) or ()),
        tuple(_try(dumps.neighbours, None, troubles) or ()),
        troubles[0] if troubles else None,
    )


def brief() -> Contents:
    """What the planner asks of a namespace: interfaces, some addresses of veth ends, default routes and few others."""
    troubles: list[str] = []
    links = _try(dumps.links, _LIMIT, troubles) or {}
    return Contents(
        links,
        tuple(_of_veths(links, _try(dumps.addresses, _LIMIT, troubles) or ())),
        tuple(_try(dumps.brief_routes, _LIMIT, troubles) or ()),
        (),
        troubles[0] if troubles else None,
    )


def _try(read: t.Callable[[Reader], T], limit: int | None, troubles: list[str]) -> T | None:
    try:
        with Reader(limit) as reader:
            return read(reader)
    except (LinuxnetError, OSError) as error:
        troubles.append(str(error) if isinstance(error, LinuxnetError) else refusals.reason(error))
        return None


def _of_veths(links: Links, addresses: t.Iterable[Address]) -> t.Iterator[Address]:
    counts = {link.index: 0 for link in links.values() if link.kind == "veth"}
    for address in addresses:
        if counts.get(address.index, _ADDRESSES) < _ADDRESSES:
            counts[address.index] += 1
            yield address
