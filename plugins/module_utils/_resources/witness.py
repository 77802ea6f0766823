# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds the owners of objects whose records are damaged.

For a namespace, it takes the aliases of the host's links into it; for a port, the alias of its bridge.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    dumps,
    namespace_records,
    namespaces,
    port_records,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.namespace_records import Record
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.port_records import PortRecord
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links, by_index


def records(host: Host, names: t.Iterable[str]) -> dict[str, Record]:
    """The content of damaged records, as far as links show it. Warns about each."""
    damaged = [name for name in names if namespace_records.damaged(host, name)]
    for name in damaged:
        host.warn(
            f"{namespace_records.path(name)} is damaged; the owner of namespace {name} is taken from the "
            "interfaces that lead into it"
        )
    found = host.run(None, lambda: _by_links(damaged)) if damaged else {}
    return {name: record for name, record in found.items() if record.owners}


def _by_links(names: t.Iterable[str]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    with Reader() as reader:
        marked = [link for link in dumps.links(reader).values() if marks.parse_alias(link.alias)]
        for name in names:
            identity, fd = namespaces.identity(name), namespaces.open_live(name)
            if fd is None:
                continue
            try:
                number = dumps.nsid(reader, fd)
            finally:
                os.close(fd)
            owners = {link.owner() for link in marked if number is not None and _leads_into(link, name, number)}
            if identity:
                found[name] = Record(identity, tuple(sorted(owner for owner in owners if owner)))
    return found


def _leads_into(link: Link, name: str, number: int) -> bool:
    """Whether it is a host end that leads into this namespace, both by its mark and by its nsid."""
    mark = marks.parse_alias(link.alias)
    return mark is not None and mark.namespace == name and link.kind == "veth" and link.peer_nsid == number


def damaged_ports(host: Host, names: t.Collection[str]) -> list[str]:
    """The interfaces with damaged records. Warns about each."""
    found = [name for name in port_records.damaged() if name in names]
    for name in found:
        host.warn(f"{port_records.path(name)} is damaged; the owner of port {name} is taken from its bridge")
    return found


def ports_by_bridges(links: Links, damaged: t.Iterable[str]) -> dict[str, PortRecord]:
    """The content of damaged records, for interfaces that are on an owner's bridge."""
    indexed = by_index(links)
    ports = [links[name] for name in damaged if name in links]
    masters = [(port, indexed[port.master]) for port in ports if port.master in indexed]
    told = [(port, bridge.name, bridge.owner()) for port, bridge in masters if bridge.kind == "bridge"]
    return {port.name: PortRecord(port.index, bridge, owner) for port, bridge, owner in told if owner}
