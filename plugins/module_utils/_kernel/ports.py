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


def wait(host: Host, namespaces: t.Collection[str | None]) -> None:
    """Wait until the ports that lead into these namespaces pass frames on, one second at most.

    A port begins to do so a little after both of its ends are up, in the kernel's own time; with the spanning tree
    protocol half a minute later, for which nobody waits.
    """
    fds = [host.fd(name) for name in namespaces if name is not None]
    end = time.monotonic() + _PATIENCE
    while host.run(None, functools.partial(_any_is_closed, fds)) and time.monotonic() < end:
        time.sleep(_PAUSE)


def _any_is_closed(fds: t.Sequence[int]) -> bool:
    with Reader() as reader:
        inside = {inventory.nsid(reader, fd) for fd in fds} - {None}
        found = by_index(inventory.links(reader))
    for link in found.values():
        bridge = found.get(link.master or 0)
        leads_inside = link.peer_nsid in inside and link.up and link.port is not None
        if leads_inside and bridge and bridge.up and link.port and not link.port.get("forwarding"):
            return True
    return False
