# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Who may use a published port: the option, and what rules or elements of a publication say about it together."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication

T = t.TypeVar("T")
#: In place of the endpoint, where a gate does not tell it.
NOWHERE = {"ipv4": addresses.parse_address("0.0.0.0"), "ipv6": addresses.parse_address("::")}
Sources = tuple[IPNetwork, ...]


def parse(option: str, given: object) -> Sources:
    """The networks of the option, of both families. An empty list is refused: it might be a mistake, and open the port.

    :raises Invalid: for anything but a list of networks and addresses
    """
    allowed = "a list of networks and addresses, such as 198.51.100.0/24"
    if isinstance(given, str) or not isinstance(given, t.Sequence):
        raise Invalid(option, given, allowed)
    if not given:
        raise Invalid(option, given, f"{allowed}; leave the option out for everybody")
    return tuple(_source(f"{option}[{number}]", one) for number, one in enumerate(given))


def _source(option: str, value: object) -> IPNetwork:
    if isinstance(value, str) and "/" in value:
        return addresses.network(option, value)
    return ipaddress.ip_network(addresses.address(option, value))


def of_family(sources: Sources, family: str) -> Sources | None:
    """Those of one family, merged where they overlap or adjoin; empty if they are everybody, None if there are none."""
    found = [source for source in sources if family_of(source) == family]
    if not found:
        return None
    merged = _merged(found)
    return () if merged[0].prefixlen == 0 else merged


def _merged(found: t.Iterable[IPNetwork]) -> Sources:
    return tuple(ipaddress.collapse_addresses(t.cast("list[ipaddress.IPv4Network]", list(found))))


#: What a rule or an element does for a publication: lead everybody to the endpoint, one source, or the host itself, or
#: decide who gets that far. Only the last one may not know where the publication leads.
EVERYBODY, SOURCE, HOST, GATE = "everybody", "source", "host", "gate"


class Part(t.NamedTuple):
    """What one rule or element says about a publication."""

    #: Without sources.
    publication: Publication
    does: str
    source: IPNetwork | None = None


class _Whole(t.Generic[T]):
    def __init__(self) -> None:
        self.sources: dict[IPNetwork, None] = {}
        self.open = False
        self.found: list[T] = []

    def take(self, part: Part, found: T) -> None:
        self.open = self.open or part.does == EVERYBODY
        self.found.append(found)
        if part.source is not None:
            self.sources[part.source] = None


def whole(parts: t.Iterable[tuple[Part, T]]) -> dict[Publication, list[T]]:
    """The publications that the parts amount to, each with what it was found in."""
    made: dict[Publication, _Whole[T]] = {}
    gates: list[tuple[Part, T]] = []
    for part, found in parts:
        if part.does == GATE:
            gates.append((part, found))
        else:
            made.setdefault(part.publication, _Whole()).take(part, found)
    if gates:
        known = {(one.owner, one.key): one for one in reversed(list(made))}
        for part, found in gates:
            one = known.setdefault((part.publication.owner, part.publication.key), part.publication)
            made.setdefault(one, _Whole()).take(part, found)
    return {
        publication.but(allowed_sources=() if one.open else _merged(one.sources)): one.found
        for publication, one in made.items()
    }
