# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Permanent neighbour entries of an interface, so that nobody on the segment can impersonate them."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Neighbour
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.bindings import Bindings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_steps import SetNeighbours, Step


def permanent(found: t.Iterable[Neighbour]) -> dict[int, dict[IPAddress, str]]:
    """Those that are written down, by the index of their interface."""
    written: dict[int, dict[IPAddress, str]] = {}
    for one in found:
        if one.state == "permanent" and one.mac_address:
            written.setdefault(one.index, {})[parse_address(one.address)] = one.mac_address
    return written


def wrong(found: Bindings, known: t.Mapping[IPAddress, str | None]) -> tuple[IPAddress, ...]:
    """Entries with another MAC address than the known one."""
    return tuple(
        address for address, mac_address in found.items() if known.get(address, mac_address) not in (None, mac_address)
    )


def managed(wanted: Bindings, found: Bindings, purge: bool) -> dict[IPAddress, str]:
    """The entries that the want manages."""
    return {address: mac_address for address, mac_address in found.items() if purge or address in wanted}


def steps(netns: str | None, name: str, wanted: Bindings, found: Bindings) -> t.Iterator[Step]:
    """The steps from the managed entries to the wanted ones."""
    gone = tuple(address for address in found if address not in wanted)
    new = tuple((address, mac_address) for address, mac_address in wanted.items() if found.get(address) != mac_address)
    if gone or new:
        yield SetNeighbours(netns, name, gone, new)
