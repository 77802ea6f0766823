# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warns about limits of the machine that a large network exceeds; they are never changed.

Every endpoint that talks to the outside takes two entries of a neighbour table that all namespaces share: its own for
the gateway, and the host's for it. A broadcast is queued once per port of the bridge.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network


def warnings(network: Network, view: HostView) -> Iterator[str]:
    """A sentence for each limit that the network exceeds, with the values to set."""
    count = len(network.endpoints)
    for family in network.families:
        limit = view.neighbour_limit(family)
        if limit is not None and 2 * count > limit:
            wanted = _rounded(4 * count)
            names = ", ".join(
                f"net.{family}.neigh.default.gc_thresh{number} = {value}"
                for number, value in ((1, wanted // 4), (2, wanted // 2), (3, wanted))
            )
            yield (
                f"{network.option('endpoints')}: {count} endpoints may need {2 * count} entries in the machine's"
                f" {family.replace('ip', 'IP')} neighbour table, which all namespaces share and which holds {limit};"
                f" on the machine, set {names}"
            )
    if view.backlog is not None and count > view.backlog:
        yield (
            f"{network.option('endpoints')}: a broadcast is queued for each of {count} endpoints, and the machine"
            f" queues {view.backlog} packets; on the machine, set net.core.netdev_max_backlog = {_rounded(2 * count)}"
        )


def _rounded(count: int) -> int:
    """The next power of two."""
    return 1 << (count - 1).bit_length()
