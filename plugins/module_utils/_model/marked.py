# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What carries an owner's mark on a host, from ``netns_info``: as much as it takes to remove it."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork

View = t.Mapping[str, t.Any]
Element = dict[str, t.Any]


class Marked(t.Protocol):
    """A host as one owner sees it."""

    owner: str
    #: All interfaces of the host by name.
    interfaces: dict[str, View]
    #: All rules of every owner, and the flushed chains of this collection.
    rules: list[View]
    empty_chains: list[str]
    #: The proxy neighbours on interfaces of the host.
    proxies: list[View]
    #: The recorded ports, as keys of module ``dnat``.
    remembered_ports: list[tuple[str, ...]]

    #: The names that namespaces find each other by, in groups of namespaces with the same ones.
    names: list[View]

    @property
    def unmanaged_links(self) -> list[str] | None: ...

    @property
    def persistent_switches(self) -> list[str]: ...

    def forwards(self, family: str) -> bool: ...

    def our_bridges(self) -> list[str]: ...

    def our_ends(self) -> list[View]: ...

    def our_namespaces(self) -> list[View]: ...

    def limited(self) -> list[str]: ...

    def our_ports(self) -> list[View]: ...

    def our_rules(self, kind: str) -> list[View]: ...

    def all_leases(self) -> t.Iterator[tuple[str, str, IPAddress]]: ...


def networks_of(interface: View) -> t.Iterator[IPNetwork]:
    """The networks of an interface's addresses, without link-local ones."""
    for entry in interface["addresses"]:
        found = ipaddress.ip_interface(entry["address"])
        if not (found.version == 6 and found.ip.is_link_local):
            yield found.network
