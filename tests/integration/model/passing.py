# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packets a host must let through according to the model, and which not: to and from a machine outside."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from tests.integration.model.catalog import KINDS, OUTSIDE
from tests.integration.model.probing import Probe
from tests.integration.model.world import Endpoint, Network, World, sources_of, text_of
from tests.lab.host import Host
from tests.lab.town import HOST

_HOST = dict(zip(("ipv4", "ipv6"), HOST, strict=True))
#: Where endpoints send, as protocol and port.
_ABROAD = (("tcp", 443), ("udp", 53), ("tcp", 80))
_AT_THE_GATEWAY = ("udp", 5353)
#: An IPv6 address in front of a port is in brackets.
_ENTRY = re.compile(
    r"(\[(?P<six>[0-9a-f:/]+)\]|(?P<four>[0-9./]+)|(?P<plain>[0-9a-f:/]*::[0-9a-f:/]*$))"
    r"(:(?P<first>\d+)(-(?P<last>\d+))?(/(?P<protocol>\w+))?)?"
)

Addresses = dict[str, dict[str, list[str]]]


def attach_outside(host: Host) -> str:
    """Connect a host to a machine outside, which routes through it. Returns the path of that one's namespace."""
    path = f"/proc/{host.spawn(['sleep', 'infinity'], unshare_net=True).pid}/ns/net"
    lines = ["ip link add eth0 type veth peer name eth0 netns $(echo $path | cut -d/ -f3)"]
    for inside, at, other in (("", HOST, ""), ("nsenter --net=$path ", OUTSIDE.values(), HOST)):
        lines += [f"{inside}ip link set eth0 up; {inside}sysctl -qw net.ipv6.conf.eth0.accept_dad=0"]
        lines += [f"{inside}ip address add {one}{'/64' if ':' in one else '/24'} dev eth0" for one in at]
        lines += [f"{inside}ip route add default via {one}" for one in other]
    host.sh(f"path={path}\n" + "\n".join(lines))
    return path


def probes(world: World, addresses: Addresses, outside: str) -> Iterator[Probe]:
    """
    :param addresses: the chosen addresses, by network and namespace
    :param outside: the path of the outside's namespace
    """
    for name, network in world.running.items():
        for namespace, endpoint in network.endpoints.items():
            place = f"/run/netns/{namespace}"
            for text in addresses[name][namespace]:
                own = text.partition("/")[0]
                family = "ipv6" if ":" in own else "ipv4"
                gateway = KINDS[name].gateways[family]
                protocol, port = _AT_THE_GATEWAY
                let = _lets(network, endpoint, gateway, protocol, port)
                yield Probe(place, own, protocol, gateway, port, "", port, let)
                if namespace in network.routed_by:
                    for protocol, port in _ABROAD:
                        there = OUTSIDE[family]
                        let = _lets(network, endpoint, there, protocol, port)
                        yield Probe(place, own, protocol, there, port, outside, port, let)
                    yield from _inwards(network, endpoint, own, family, outside)


def _lets(network: Network, endpoint: Endpoint, destination: str, protocol: str, port: int) -> bool:
    """Whether an endpoint may send there."""
    if "egress" not in endpoint:
        return network.variables.get("egress") != "deny"
    return any(holds(entry, destination, protocol, port) for entry in endpoint["egress"])


def holds(entry: str, destination: str, protocol: str, port: int) -> bool:
    """Whether a destination is that of an entry of a list, which may also be a name."""
    told = _ENTRY.fullmatch(entry)
    if told is None:
        return False
    network = ipaddress.ip_network(told["six"] or told["four"] or told["plain"])
    if ipaddress.ip_address(destination) not in network:
        return False
    if told["first"] is None:
        return True
    first = int(told["first"])
    return first <= port <= int(told["last"] or first) and protocol == (told["protocol"] or "tcp")


def _inwards(network: Network, endpoint: Endpoint, own: str, family: str, outside: str) -> Iterator[Probe]:
    """From the outside to each published port: of the host or, of a routed network, of the endpoint itself."""
    routed = network.variables.get("gateway_mode") == "routed"
    for published in endpoint.get("published_ports", ()):
        *host, outer, rest = text_of(published).split(":")
        target, _slash, protocol = rest.partition("/")
        inner = int(target.partition("-")[0])
        known = [ipaddress.ip_network(source) for source in sources_of(published)]
        let = not host and (not known or any(ipaddress.ip_address(OUTSIDE[family]) in one for one in known))
        to, port = (own, inner) if routed else (_HOST[family], int(outer.partition("-")[0]))
        place = f"/run/netns/{endpoint['namespace']}"
        yield Probe(outside, OUTSIDE[family], protocol or "tcp", to, port, place, inner, let)
