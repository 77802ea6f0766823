# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Refuse publications that overlap: the first rule would decide which one gets the packets."""

from __future__ import annotations

import bisect
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication

#: A namespace, and what is published in it.
Entry = tuple[t.Optional[str], Publication]


class _Numbered(t.NamedTuple):
    """A publication with its position: existing ones first, then the wanted ones in order."""

    number: int
    publication: Publication

    @property
    def first(self) -> int:
        return self.publication.key.host_port.first

    @property
    def last(self) -> int:
        return self.publication.key.host_port.last


def refuse(staying: t.Sequence[Entry], wanted: t.Sequence[Entry]) -> None:
    """Raise Refused if a port of a wanted publication is also part of another one with a different key."""
    competing: dict[tuple[t.Any, ...], list[_Numbered]] = {}
    for number, (ref, publication) in enumerate([*staying, *wanted]):
        if publication.gateway_mode != "routed":
            key = publication.key
            competing.setdefault((ref, key.family, key.protocol, key.host_ip), []).append(
                _Numbered(number, publication)
            )
    for group in competing.values():
        _refuse_among(group, len(staying))
    for (ref, family, protocol, host_ip), group in competing.items():
        if host_ip is not None and (ref, family, protocol, None) in competing:
            limited = [one for one in competing[ref, family, protocol, None] if one.publication.allowed_sources]
            _refuse_between(limited, group, len(staying))


def _refuse_between(limited: t.Sequence[_Numbered], single: t.Sequence[_Numbered], first_wanted: int) -> None:
    """Refuse a list of sources for a port of all addresses, if the port of one of them is published by itself.

    The list would apply to that address, too.
    """
    ordered = sorted(single, key=lambda one: one.first)
    starts, ends = [one.first for one in ordered], [one.last for one in ordered]
    for one in limited:
        for other in ordered[bisect.bisect_left(ends, one.first) : bisect.bisect_right(starts, one.last)]:
            if max(one.number, other.number) >= first_wanted and not other.publication.key.loopback:
                raise Refused(
                    f"allowed_sources: port {one.publication.key} is for all addresses of the host, and owner"
                    f" {other.publication.owner} has published {other.publication.key}; name the address in host_ip"
                )


def _refuse_among(group: t.Sequence[_Numbered], first_wanted: int) -> None:
    """Check in order of first port, each against the one before that reaches furthest: any overlap shows there."""
    ordered = sorted(group, key=lambda one: (one.first, one.number))
    furthest = ordered[0]
    for one in ordered[1:]:
        earlier, later = sorted((furthest, one))
        if (
            one.first <= furthest.last
            and later.publication.key != earlier.publication.key
            and later.number >= first_wanted
        ):
            raise Refused(
                f"host_port: port {one.first} of {later.publication.key} is already published by owner"
                f" {earlier.publication.owner}, as part of {earlier.publication.key}"
            )
        if one.last >= furthest.last:
            furthest = one
