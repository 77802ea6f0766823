# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whether this kernel can lock bridge ports, as Linux 5.18 and some patched older ones can."""

from __future__ import annotations

import functools
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, link_changes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link


def known(host: Host, links: t.Iterable[Link]) -> bool:
    """Any port shows it; if none of the links is one, a port is created in a temporary namespace."""
    for link in links:
        if link.port is not None:
            return "locked" in link.port
    with host.trying("find out whether the ports of bridges can be locked"):
        return host.fresh(functools.partial(_try, host))


def _try(host: Host) -> bool:
    host.socket().link("add", ifname="br0", kind="bridge")
    with Writer() as writer:
        link_changes.make_veth(writer, {"name": "p0"}, {"name": "p1"})
        index = socket.if_nametoindex("p0")
        link_changes.set_values(writer, index, {"master": socket.if_nametoindex("br0")})
        return "locked" in (dumps.link(writer, index).port or {})
