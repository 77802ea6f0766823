# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Tracked connections."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58, "sctp": 132}


class Flow(t.NamedTuple):
    """A tracked connection: its first packet (``source`` to ``destination``) and the expected reply.

    Ports are 0 in protocols without ports.
    """

    protocol: int
    source: IPAddress
    destination: IPAddress
    source_port: int
    destination_port: int
    reply_source: IPAddress
    reply_destination: IPAddress
    reply_source_port: int
    reply_destination_port: int


#: Decides whether a connection has to end, given the host's own addresses.
Chosen = t.Callable[[Flow, t.Container[IPAddress]], bool]


def with_address(addresses: t.Collection[IPAddress]) -> Chosen:
    """Matches connections of these addresses, so that whoever gets the addresses next does not inherit them."""

    def chosen(flow: Flow, _local: t.Container[IPAddress]) -> bool:
        return flow.source in addresses or flow.reply_source in addresses

    return chosen
