# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A network interface as the planners see it, and whose it is."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks


@dataclasses.dataclass(frozen=True)
class Link:
    """One interface of one namespace.

    ``peer_index`` and ``peer_nsid`` are a veth's: the index of the other end, and the number that this namespace
    gives to the other end's namespace, None where both are in the same one. ``bridge`` and ``port`` hold the values of
    a bridge and of a bridge's port, in the words and units of the modules' options, and of a port also whether it is
    ``forwarding``.

    What follows tells no link from another. ``families`` is what each address family says of it, in the kernel's form.
    One that is ``running`` has what the kernel gives to a link with a carrier. ``qdisc`` is how its packets wait to be
    sent, and ``xdp`` whether a program looks at those that arrive. ``called`` is the name that it has as long
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
        """Whose link it is; ``candidates`` are recognised by the link's group where the alias was edited by hand."""
        return marks.link_owner(self.alias, self.group, candidates)


Links = dict[str, Link]


def by_index(links: Links) -> dict[int, Link]:
    """The links of one namespace by their index."""
    return {link.index: link for link in links.values()}


def refuse_others(link: Link, owner: str) -> None:
    """Refuse to change a link that another owner marked."""
    found = link.owner(owner)
    if found not in (None, owner):
        raise Refused(f"interface {link.name} belongs to owner {found}; pass owner: {found} to change it")
