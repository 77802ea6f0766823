# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The ports of the host's bridges that lead into namespaces."""

from __future__ import annotations

import functools
import time
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import inventory
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.rtnetlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import by_index

_PATIENCE = 1.0
_PAUSE = 0.01


#: The far end of a port: the namespace that it is in and its index there.
Inside = tuple[t.Optional[str], int]


def wait(host: Host, namespaces: t.Collection[str | None]) -> None:
    """Wait until the ports that lead into these namespaces pass frames on, one second at most.

    A port begins to do so a little after both of its ends are up, in the kernel's own time; with the spanning tree
    protocol half a minute later, for which nobody waits.
    """
    inside = host.run(None, functools.partial(_numbers, host, namespaces))
    end = time.monotonic() + _PATIENCE
    while host.run(None, functools.partial(_any_is_closed, inside)) and time.monotonic() < end:
        time.sleep(_PAUSE)


def _numbers(host: Host, namespaces: t.Collection[str | None]) -> dict[int, str]:
    """The namespaces by the numbers that the host gives them."""
    with Reader() as reader:
        found = {inventory.nsid(reader, host.fd(name)): name for name in namespaces if name is not None}
    return {number: name for number, name in found.items() if number is not None}


def _any_is_closed(inside: t.Container[int | None]) -> bool:
    with Reader() as reader:
        found = by_index(inventory.links(reader))
    for link in found.values():
        bridge = found.get(link.master or 0)
        leads_inside = link.peer_nsid in inside and link.up and link.port is not None
        if leads_inside and bridge and bridge.up and link.port and not link.port.get("forwarding"):
            return True
    return False


def among_themselves(host: Host, newcomers: t.Mapping[Inside, t.Collection[str]]) -> set[Inside]:
    """Of interfaces that just came up, with their addresses, those of which nobody can have an old memory.

    They are on bridges of the host all of whose ports lead to such interfaces, and the host remembers no neighbour by
    their addresses itself. Called inside the host's own namespace.
    """
    numbers = _numbers(host, {name for name, _index in newcomers})
    with Reader() as reader:
        found = inventory.links(reader)
        remembered = {one.address for one in inventory.neighbours(reader) if one.mac_address}
    bridges = {link.index for link in found.values() if link.kind == "bridge"}
    listeners: dict[int, list[Inside | None]] = {}
    for link in found.values():
        if link.master in bridges and link.up:
            leads_inside = link.kind == "veth" and link.peer_nsid in numbers
            listeners.setdefault(link.master, []).append(
                (numbers[t.cast(int, link.peer_nsid)], link.peer_index or 0) if leads_inside else None
            )
    alone = [one for ends in listeners.values() if all(end in newcomers for end in ends) for one in ends]
    return {end for end in alone if end and remembered.isdisjoint(newcomers[end])}
