# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The addresses of an interface as users write them, in a canonical order."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPAddress,
    IPInterface,
    parse_interface,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route


def words(found: t.Sequence[Address]) -> list[str]:
    """The current addresses, including wrong broadcast addresses."""
    wrong = {one.address: one.broadcast for one in found if one.misses_all}
    if not wrong:
        return texts(one.address for one in found)
    return [
        f"{written} broadcast {wrong[address]}" if (address := parse_interface(written)) in wrong else written
        for written in texts(one.address for one in found)
    ]


def texts(found: t.Iterable[IPInterface]) -> list[str]:
    """Addresses in a canonical order: IPv4 first, by number."""
    return [
        str(address)
        for address in sorted(found, key=lambda address: (address.version, int(address.ip), address.network.prefixlen))
    ]


def views(found: t.Iterable[Route]) -> list[dict[str, t.Any]]:
    return [
        route.view()
        for route in sorted(set(found), key=lambda route: (route.family, route.table, route.to, route.metric))
    ]


def plain(found: t.Iterable[IPAddress]) -> list[str]:
    """Addresses without a prefix length."""
    return [str(address) for address in sorted(set(found), key=lambda address: (address.version, int(address)))]
