# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What may affect the packets of an interface that is as wanted; it may be intended, so it is only reported."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, parse_address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import route_lookups, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_planner import Want

#: The kinds of links that this collection creates.
_OURS = ("veth", "bridge")
#: Queueing disciplines that do not hold packets back.
_PROMPT = (
    *("noqueue", "noop", "pfifo_fast", "pfifo", "bfifo", "pfifo_head_drop", "mq", "fq", "fq_codel", "codel", "fq_pie"),
    *("sfq", "cake", "pie"),
)
#: Settings of a whole namespace, and the values that break it.
_MUTE = {"net/ipv4/conf/all/arp_ignore": ("8",), "net/ipv4/ip_default_ttl": tuple(map(str, range(1, 8)))}

Peers = t.Mapping[tuple[t.Optional[str], str], t.Sequence[IPAddress]]


def peers(wants: t.Sequence[Want]) -> dict[tuple[str | None, str], list[IPAddress]]:
    """The addresses that each interface should lead to: its gateways, and on the host the endpoints."""
    found: dict[tuple[str | None, str], list[IPAddress]] = {}
    inside = [address.ip for want in wants if want.netns for address in want.addresses or ()]
    for want in wants:
        if want.state != "present" or not want.addresses:
            continue
        networks = {address.network for address in want.addresses}
        if want.netns is None:
            led = [ip for ip in inside if any(ip in network for network in networks)]
        else:
            gateways = [parse_address(route.via) for route in want.routes or () if route.via]
            led = [ip for ip in gateways if any(ip in network for network in networks)]
        found[want.netns, want.name] = led
    return found


def look(
    reader: Reader, wants: t.Sequence[Want], links: Links, addresses: t.Sequence[Address], led: Peers
) -> dict[str, list[str]]:
    """What to report about each interface of a namespace; called inside it."""
    ours = [want for want in wants if want.enabled and _is_ours(links.get(want.name))]
    if not ours:
        return {}
    incoming = route_lookups.incoming(reader)
    found: dict[str, list[str]] = {}
    there = {(one.index, one.address) for one in addresses}
    for want in ours:
        link = links[want.name]
        told = list(_on_link(link, incoming.get(link.index)))
        if all((link.index, address) in there for address in want.addresses or ()) and link.running:
            stray = route_lookups.strays(reader, link.index, led.get((want.netns, want.name), ()))
            if stray:
                told.append(
                    f"packets to {_listed(stray)} do not leave over it, because of a policy rule or another route"
                )
        if told:
            found[want.name] = told
    if any(want.addresses for want in ours):
        mute = [path for path, values in _MUTE.items() if sysctl.read(path) in values]
        for path in mute:
            name = next(want.name for want in ours if want.addresses)
            found.setdefault(name, []).append(f"its namespace has {path.replace('/', '.')} = {sysctl.read(path)}")
    return found


def _is_ours(link: Link | None) -> bool:
    return link is not None and link.kind in _OURS and link.up


def _on_link(link: Link, incoming: str | None) -> t.Iterator[str]:
    if link.qdisc is not None and link.qdisc not in _PROMPT:
        yield f"it has the queueing discipline {link.qdisc}, which may hold packets back"
    if incoming:
        yield f"it has the queueing discipline {incoming}, whose filters may drop packets"
    if link.xdp:
        yield "an XDP program processes incoming packets and may drop them"


def _listed(addresses: t.Sequence[IPAddress]) -> str:
    shown = ", ".join(map(str, addresses[:3]))
    return f"{shown} and {len(addresses) - 3} more" if len(addresses) > 3 else shown


def sentences(want: Want, told: t.Iterable[str]) -> list[str]:
    """The warnings about an interface that is as wanted."""
    return [f"{want}: {words}; left as it is" for words in told]
