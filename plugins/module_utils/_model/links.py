# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A network interface and its owner."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks


class Link(Value):
    """One interface of one namespace.

    ``peer_index`` and ``peer_nsid`` of a veth are the peer's index and the ID of its namespace here, None if that is
    the same namespace. ``bridge`` and ``port`` are attributes of a bridge and a bridge port, with the names and units
    of the options; a port also has ``forwarding``.

    ``families`` is the raw data of each address family. ``running`` is
    whether the link has a carrier. ``qdisc`` is its queueing discipline, and ``xdp`` whether it has an XDP program.
    ``called`` is its current name while a new one is only predicted.
    """

    beside_the_point: t.ClassVar[tuple[str, ...]] = ("alternatives", "families", "running", "qdisc", "xdp", "called")

    index: int
    name: str
    kind: str | None = None
    up: bool = False
    mtu: int = 1500
    txqueuelen: int = 1000
    mac_address: str | None = None
    alias: str | None = None
    alternatives: tuple[str, ...] = ()
    group: int = 0
    arp: bool = True
    master: int | None = None
    peer_index: int | None = None
    peer_nsid: int | None = None
    bridge: t.Mapping[str, t.Any] | None = None
    port: t.Mapping[str, t.Any] | None = None
    families: bytes = b""
    running: bool = False
    qdisc: str | None = None
    xdp: bool = False
    called: str = ""

    def owner(self, *candidates: str) -> str | None:
        """The owner of the link; ``candidates`` are recognised by its group if the alias was edited by hand."""
        return marks.link_owner(self.alias, self.group, candidates)


Links = dict[str, Link]


def by_index(links: Links) -> dict[int, Link]:
    """The links of a namespace by index."""
    return {link.index: link for link in links.values()}


def refuse_others(link: Link, owner: str) -> None:
    """Refuse to change a link that another owner marked."""
    found = link.owner(owner)
    if found not in (None, owner):
        raise Refused(f"interface {link.name} belongs to owner {found}; pass owner: {found} to change it")
