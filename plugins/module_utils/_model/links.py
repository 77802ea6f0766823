# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A network interface for planning, and its owner."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks


@dataclasses.dataclass(frozen=True)
class Link:
    """One interface of one namespace.

    ``peer_index`` and ``peer_nsid`` are of a veth: the index of the peer, and the number of the peer's namespace in
    this one, None if both are in the same. ``bridge`` and ``port`` are the values of a bridge and of a bridge port,
    with the names and units of the modules' options; a port also has ``forwarding``.

    The following fields do not count in comparisons. ``families`` is the data of each address family, in the kernel's
    form. ``running`` is whether the link has a carrier. ``qdisc`` is its queueing discipline, and ``xdp`` whether a
    program processes incoming packets. ``called`` is the name that it has as long
    as another one is only foretold.
    """

    index: int
    name: str
    kind: str | None = None
    up: bool = False
    mtu: int = 1500
    txqueuelen: int = 1000
    mac_address: str | None = None
    alias: str | None = None
    alternatives: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    group: int = 0
    arp: bool = True
    master: int | None = None
    peer_index: int | None = None
    peer_nsid: int | None = None
    bridge: t.Mapping[str, t.Any] | None = None
    port: t.Mapping[str, t.Any] | None = None
    families: bytes = dataclasses.field(default=b"", compare=False, repr=False)
    running: bool = dataclasses.field(default=False, compare=False)
    qdisc: str | None = dataclasses.field(default=None, compare=False)
    xdp: bool = dataclasses.field(default=False, compare=False)
    called: str = dataclasses.field(default="", compare=False)

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
