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

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import by_index

_PATIENCE = 2.0
_PAUSE = 0.01

#: The value of addr_gen_mode with which the kernel adds no link-local address.
_NO_LINK_LOCAL = "1"

#: The peer of a port: its namespace and its index there.
Inside = tuple[t.Optional[str], int]


def wait(host: Host, namespaces: t.Collection[str | None]) -> None:
    """Wait until these namespaces are reachable through their ports, two seconds at most.

    A port begins to forward shortly after both of its ends are up; with the spanning tree protocol half a minute
    later, which is not waited for. A bridge solicits IPv6 neighbours for others once it has a link-local address,
    which the kernel adds up to a second after its first port forwards.
    """
    inside = host.run(None, functools.partial(_numbers, host, namespaces))
    end = time.monotonic() + _PATIENCE
    while host.run(None, functools.partial(_any_keeps_out, inside)) and time.monotonic() < end:
        time.sleep(_PAUSE)


def _numbers(host: Host, namespaces: t.Collection[str | None]) -> dict[int, str]:
    """The namespaces by their IDs on the host."""
    with Reader() as reader:
        found = {dumps.nsid(reader, host.fd(name)): name for name in namespaces if name is not None}
    return {number: name for number, name in found.items() if number is not None}


def _any_keeps_out(inside: t.Container[int | None]) -> bool:
    """Whether a port to one of them does not forward yet, or its bridge cannot solicit IPv6 neighbours yet."""
    with Reader() as reader:
        found = by_index(dumps.links(reader))
        bridges = {}
        for link in found.values():
            bridge = found.get(link.master or 0)
            if link.peer_nsid in inside and link.up and link.port is not None and bridge and bridge.up:
                if not link.port.get("forwarding"):
                    return True
                bridges[bridge.index] = bridge.name
        return bool(bridges) and _any_is_mute(dumps.addresses(reader), bridges)


def _any_is_mute(addresses: t.Iterable[Address], bridges: t.Mapping[int, str]) -> bool:
    """Whether a bridge has an IPv6 address but not yet its link-local one."""
    scopes: dict[int, set[str]] = {}
    for one in addresses:
        if one.index in bridges and one.address.version == 6 and not one.tentative:
            scopes.setdefault(one.index, set()).add(one.scope)
    mute = [bridges[index] for index, found in scopes.items() if "link" not in found]
    return any(sysctl.read(f"net/ipv6/conf/{name}/addr_gen_mode") != _NO_LINK_LOCAL for name in mute)


def among_themselves(host: Host, newcomers: t.Mapping[Inside, t.Collection[str]]) -> set[Inside]:
    """The new interfaces for which no neighbour can have a stale cache entry. Each is given with its addresses.

    They are on bridges of the host whose ports all lead to such interfaces, and the host has no neighbour entry for
    their addresses. Call this in the host's own namespace.
    """
    numbers = _numbers(host, {name for name, _index in newcomers})
    with Reader() as reader:
        found = dumps.links(reader)
        remembered = {one.address for one in dumps.neighbours(reader) if one.mac_address}
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
