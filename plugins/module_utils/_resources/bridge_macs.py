# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Foretells which new ports change the MAC address of somebody else's bridge: without one of its own, a bridge has
the lowest of its ports', and its neighbours do not know the new one."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links

#: What the kernel shows for an address that somebody chose (NET_ADDR_SET).
_CHOSEN = "3"


def warnings(ref: str | None, links: Links, joining: t.Mapping[str, t.Collection[str]], own: bool) -> t.Iterator[str]:
    """A warning for each bridge.

    :param links: the interfaces of the namespace
    :param joining: by bridge, the interfaces to be added
    :param own: whether the namespace is the host's own
    """
    for name, new in joining.items():
        bridge = links.get(name)
        if bridge is None or bridge.owner() is not None or not bridge.mac_address:
            continue
        lowest = _lowest(bridge, links, new)
        if (
            lowest
            and lowest.name in new
            and lowest.mac_address != bridge.mac_address
            and not _is_fixed(bridge, links, own)
        ):
            yield (
                f"interface {lowest.name} changes the MAC address of bridge {name}{within(ref)} from"
                f" {bridge.mac_address} to {lowest.mac_address}, which is the lowest of its ports'; give"
                f" {lowest.name} a higher one, or the bridge one of its own"
            )


def _lowest(bridge: Link, links: Links, new: t.Collection[str]) -> Link | None:
    """The port that the bridge will have its address from; None if that is unknown, since it does not exist yet."""
    ports = [links.get(name) for name in new]
    ports += [link for name, link in links.items() if link.master == bridge.index and name not in new]
    known = [link for link in ports if link is not None and link.mac_address]
    return min(known, key=lambda link: str(link.mac_address)) if len(known) == len(ports) else None


def _is_fixed(bridge: Link, links: Links, own: bool) -> bool:
    """Whether the bridge keeps its address, because it was chosen. The kernel says so of the host's own links only."""
    ports = [link.mac_address or "" for link in links.values() if link.master == bridge.index]
    if ports and bridge.mac_address != min(ports):
        return True
    if own:
        with (
            contextlib.suppress(OSError),
            open(f"/sys/class/net/{bridge.name}/addr_assign_type", encoding="ascii") as file,
        ):
            return file.read().strip() == _CHOSEN
    return False
