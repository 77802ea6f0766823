# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Proxy neighbours of an interface."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_steps import SetProxies, Step


def managed(
    wanted: t.Collection[IPAddress] | None, purged: t.Collection[IPNetwork], found: t.Mapping[IPAddress, bool]
) -> tuple[IPAddress, ...]:
    """The entries that the want manages; those that others added are not purged."""
    if wanted is None:
        return ()
    named = set(wanted)
    return tuple(
        address
        for address, marked in found.items()
        if address in named or (marked and any(address in network for network in purged))
    )


def steps(
    netns: str | None, name: str, wanted: t.Collection[IPAddress], found: t.Collection[IPAddress]
) -> t.Iterator[Step]:
    """The steps from the managed entries to the wanted ones."""
    before, after = set(found), set(wanted)
    gone = tuple(address for address in found if address not in after)
    new = tuple(address for address in wanted if address not in before)
    if gone or new:
        yield SetProxies(netns, name, gone, new)
