# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What of a host carries an owner's mark, as ``netns_info`` tells it: as much as takes it away again."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork

View = t.Mapping[str, t.Any]
Element = dict[str, t.Any]


class Marked(t.Protocol):
    """A host seen by one owner."""

    owner: str
    #: All interfaces of the host by name.
    interfaces: dict[str, View]
    #: All rules of every owner, and the chains of these that somebody emptied.
    rules: list[View]
    empty_chains: list[str]
    #: What is answered for on interfaces of the host in the name of others.
    proxies: list[View]
    #: The published ports that are remembered beside the rules; keys of the module ``dnat``.
    remembered_ports: list[tuple[str, ...]]

    @property
    def unmanaged_links(self) -> list[str] | None: ...

    @property
    def persistent_switches(self) -> list[str]: ...

    def forwards(self, family: str) -> bool: ...

    def our_bridges(self) -> list[str]: ...

    def our_ends(self) -> list[View]: ...

    def our_namespaces(self) -> list[View]: ...

    def our_ports(self) -> list[View]: ...

    def our_rules(self, kind: str) -> list[View]: ...

    def all_leases(self) -> t.Iterator[tuple[str, str, IPAddress]]: ...


def networks_of(interface: View) -> t.Iterator[IPNetwork]:
    """The networks that an interface's addresses lie in."""
    for entry in interface["addresses"]:
        found = ipaddress.ip_interface(entry["address"])
        if not (found.version == 6 and found.ip.is_link_local):
            yield found.network
