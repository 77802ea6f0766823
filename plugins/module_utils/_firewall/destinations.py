# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where an endpoint may send, as users write it: ``10.0.0.0/8``, ``192.0.2.7:443/tcp``, ``[2001:db8::/32]:53/udp``."""

from __future__ import annotations

import functools
import ipaddress
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    IPNetwork,
    PortRange,
    family_of,
    parse_network,
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, kind_of

PROTOCOLS = ("tcp", "udp", "sctp")
FORMS = "an address or network such as 10.0.0.0/8, 192.0.2.7:443/tcp or [2001:db8::/32]:53/udp"
_ENDING = re.compile(r"(?P<target>.*?)(:(?P<ports>[0-9]+(-[0-9]+)?)(/(?P<protocol>[A-Za-z]+))?)?", re.ASCII | re.DOTALL)


class Target(t.NamedTuple):
    """An entry, split into what is in front of the port, and the port. Without one, all protocols are meant."""

    text: str
    protocol: str | None
    ports: PortRange | None


class Destination(t.NamedTuple):
    """A network, and the ports of a protocol there; without one, all protocols."""

    network: IPNetwork
    protocol: str | None = None
    ports: PortRange | None = None

    @property
    def family(self) -> str:
        return family_of(self.network)

    def __str__(self) -> str:
        network = self.network
        text = spelled(network.network_address) if network.num_addresses == 1 else str(network)
        if self.ports is None:
            return text
        return f"{f'[{text}]' if network.version == 6 else text}:{self.ports}/{self.protocol}"


def target(option: str, value: object, allowed: str = FORMS) -> Target:
    """An entry without regard to what is in front of the port; that is not empty."""
    if not isinstance(value, str):
        raise Invalid(option, value, f"{allowed}; quote it, YAML read it as {kind_of(value)}")
    text = value.strip()
    # Outside brackets, the colons of an IPv6 address are not followed by a port.
    if text.count(":") > 1 and not text.startswith("["):
        return Target(text, None, None)
    found = t.cast("re.Match[str]", _ENDING.fullmatch(text))
    told, ports, protocol = found["target"], found["ports"], (found["protocol"] or "tcp").lower()
    if told.startswith("[") and told.endswith("]"):
        told = told[1:-1]
    if not told:
        raise Invalid(option, value, allowed)
    if ports is None:
        return Target(told, None, None)
    if protocol not in PROTOCOLS:
        raise Invalid(option, value, f"one of the protocols {', '.join(PROTOCOLS)} after the port")
    return Target(told, protocol, addresses.port_range(option, ports))


def network(text: str) -> IPNetwork | None:
    """The network or the single address that a text names; None if it names neither."""
    try:
        return None if "%" in text else parse_network(text)
    except ValueError:
        return None


def parse(option: str, value: object) -> Destination:
    """A destination by its address."""
    told = target(option, value)
    found = network(told.text)
    if found is None:
        _refuse_host_bits(option, value, told.text)
        raise Invalid(option, value, FORMS)
    return Destination(found, told.protocol, told.ports)


def _refuse_host_bits(option: str, value: object, text: str) -> None:
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return
    raise Invalid(option, value, f"a network without host bits; did you mean {meant}?")


@functools.lru_cache(maxsize=4096)
def disjoint(found: tuple[Destination, ...]) -> tuple[Destination, ...]:
    """The same destinations in canonical order, none of which overlaps another of its kind.

    A set of nftables holds no overlapping intervals. Those with ports may be inside of others with all protocols: these
    are in a set of their own, so only what has no effect is left out.
    """
    made: list[Destination] = []
    for version in (4, 6):
        mine = [one for one in found if one.network.version == version]
        everything = _collapsed(one.network for one in mine if one.ports is None)
        made += [Destination(one) for one in everything]
        for protocol in PROTOCOLS:
            ported = [one for one in mine if one.protocol == protocol and not _inside(one.network, everything)]
            made += _apart(protocol, ported)
    return tuple(made)


def _apart(protocol: str, found: t.Sequence[Destination]) -> t.Iterator[Destination]:
    """One protocol's destinations without overlaps: port by port the networks, and then equal ones joined again."""
    ranges = [one.ports for one in found if one.ports]
    edges = sorted({edge for ports in ranges for edge in (ports.first, ports.last + 1)})
    joined: list[tuple[PortRange, tuple[IPNetwork, ...]]] = []
    for first, end in zip(edges, edges[1:]):
        there = _collapsed(one.network for one in found if one.ports and one.ports.first <= first <= one.ports.last)
        if joined and joined[-1][1] == there and joined[-1][0].last == first - 1:
            joined[-1] = (PortRange(joined[-1][0].first, end - 1), there)
        elif there:
            joined.append((PortRange(first, end - 1), there))
    yield from (Destination(one, protocol, ports) for ports, there in joined for one in there)


def _collapsed(networks: t.Iterable[t.Any]) -> tuple[IPNetwork, ...]:
    return tuple(ipaddress.collapse_addresses(networks))


def _inside(one: t.Any, networks: t.Iterable[t.Any]) -> bool:
    return any(one.subnet_of(other) for other in networks)
