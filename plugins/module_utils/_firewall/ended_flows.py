# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which tracked connections have to end when rules change.

Rules decide only about a connection's first packet, so connections survive a change of the rules they began under. Only
those are ended that a changed rule would have treated differently.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import PROTOCOLS, Chosen, Flow


def to_old_targets(publications: t.Iterable[Publication]) -> Chosen:
    """Connections that these publications, now gone or moved, lead to their endpoints."""
    index = _Index(publications)

    def chosen(flow: Flow, _local: t.Container[IPAddress]) -> bool:
        return flow.destination != flow.reply_source and any(
            flow.reply_source == publication.to_address and publication.key.host_ip in (None, flow.destination)
            for publication in index.at(flow.protocol, flow.destination_port)
        )

    return chosen


def from_others(publications: t.Iterable[Publication]) -> Chosen:
    """Connections through these publications from sources that they do not list, other than the host itself."""
    index = _Index(publications)

    def chosen(flow: Flow, local: t.Container[IPAddress]) -> bool:
        return (
            flow.destination != flow.reply_source
            and flow.source not in local
            and any(
                flow.reply_source == publication.to_address
                and publication.key.host_ip in (None, flow.destination)
                and not publication.admits(flow.source)
                for publication in index.at(flow.protocol, flow.destination_port)
            )
        )

    return chosen


def past_publications(publications: t.Iterable[Publication]) -> Chosen:
    """UDP flows to published ports that reached the host itself while a rule was missing, and would continue to."""
    index = _Index(publications)

    def chosen(flow: Flow, local: t.Container[IPAddress]) -> bool:
        return (
            flow.protocol == PROTOCOLS["udp"]
            and flow.reply_source == flow.destination
            and any(
                flow.destination == publication.key.host_ip
                or (publication.key.host_ip is None and flow.destination in local)
                for publication in index.at(flow.protocol, flow.destination_port)
            )
        )

    return chosen


class _Index:
    """Publications by protocol and published port, since there may be thousands of publications and connections.

    Wide ranges are indexed by the blocks of ports they touch: a hundred of 65,535 ports would take millions of entries.
    """

    def __init__(self, publications: t.Iterable[Publication]) -> None:
        self._ports: dict[tuple[int, int], list[Publication]] = {}
        self._blocks: dict[tuple[int, int], list[Publication]] = {}
        for publication in publications:
            ports, protocol = publication.key.host_port, PROTOCOLS[publication.key.protocol]
            wide = ports.size > _BLOCK
            places = (
                range(ports.first // _BLOCK, ports.last // _BLOCK + 1) if wide else range(ports.first, ports.last + 1)
            )
            for place in places:
                (self._blocks if wide else self._ports).setdefault((protocol, place), []).append(publication)

    def at(self, protocol: int, port: int) -> t.Iterator[Publication]:
        """The publications that contain this port."""
        yield from self._ports.get((protocol, port), ())
        for publication in self._blocks.get((protocol, port // _BLOCK), ()):
            if publication.key.host_port.first <= port <= publication.key.host_port.last:
                yield publication


_BLOCK = 256


def untranslated(source: IPNetwork) -> Chosen:
    """Connections from ``source`` that began while nothing translated them, so that they can get no replies."""

    def chosen(flow: Flow, local: t.Container[IPAddress]) -> bool:
        return (
            flow.source in source
            and flow.reply_destination == flow.source
            and flow.destination not in source
            and flow.destination not in local
            and not flow.destination.is_multicast
        )

    return chosen


def entered_directly(subnets: t.Sequence[IPNetwork]) -> Chosen:
    """Connections to an endpoint's own address, on any port, that began while nothing stopped them.

    Their replies would continue to pass.
    """

    def chosen(flow: Flow, local: t.Container[IPAddress]) -> bool:
        return (
            (flow.reply_source == flow.destination or flow.destination not in local)
            and any(flow.destination in subnet for subnet in subnets)
            and not any(flow.source in subnet for subnet in subnets)
            and flow.source not in local
        )

    return chosen


def begun_in_the_name_of(subnets: t.Sequence[IPNetwork]) -> Chosen:
    """Connections to elsewhere that endpoints opened, or others with spoofed addresses: their peers could reply.

    Those to programs of the host itself may continue, since nobody else can reply in these.
    """

    def chosen(flow: Flow, local: t.Container[IPAddress]) -> bool:
        return (
            any(flow.source in subnet for subnet in subnets)
            and not any(flow.destination in subnet for subnet in subnets)
            and not (flow.destination in local and flow.reply_source == flow.destination)
            and not flow.destination.is_multicast
        )

    return chosen


def begun_by(addresses: t.Collection[IPAddress]) -> Chosen:
    """Connections opened by these addresses, or by a neighbour that spoofed them, unless a host program replies."""

    def chosen(flow: Flow, local: t.Container[IPAddress]) -> bool:
        return (
            flow.source in addresses
            and not (flow.destination in local and flow.reply_source == flow.destination)
            and not flow.destination.is_multicast
        )

    return chosen


def of_other_protocols(subnets: t.Sequence[IPNetwork]) -> Chosen:
    """Connections of endpoints in protocols that may not leave any more: their peers could continue to reply."""

    def chosen(flow: Flow, _local: t.Container[IPAddress]) -> bool:
        return (
            flow.protocol not in PROTOCOLS.values()
            and any(flow.source in subnet for subnet in subnets)
            and flow.reply_destination != flow.source
        )

    return chosen
