# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What routes say about a packet."""

from __future__ import annotations

import errno
import ipaddress
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.route_answers import Answer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.eyes import Eyes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map, Place, Space, View, begun
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Passage
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.reasons import Reason

_REFUSING = ("blackhole", "unreachable", "prohibit")


def text(scene: Map, where: Space, destination: IPAddress, answer: Answer) -> str:
    """A route as ``ip route get`` shows it."""
    interface = scene.interface(where, answer.out)
    words = ["local"] if answer.local else []
    words += [str(destination)]
    words += ["via", str(answer.via)] if answer.via else []
    words += ["dev", interface["name"]] if interface else []
    words += ["src", str(answer.source)] if answer.source else []
    words += ["table", answer.table] if answer.table not in ("main", "local") else []
    return " ".join(words)


def by(scene: Map, where: Space, answer: Answer) -> str:
    """How it leaves, as the end of a sentence."""
    interface = scene.interface(where, answer.out)
    if answer.local or interface is None:
        return ", an address of its own"
    return f" by {interface['name']}" + (f", to the router {answer.via}" if answer.via else ", directly")


def next_hop(eyes: Eyes, where: Space, destination: IPAddress) -> IPAddress:
    """The address on the link that the packet is sent to."""
    answer = eyes.route(where, destination)
    return answer.via or destination


def no_route(scene: Map, eyes: Eyes, where: Space, destination: IPAddress, answer: Answer) -> Reason:
    """Why there is no way to an address."""
    start = begun(where)
    refusing = _refusing(scene, eyes, where, destination)
    if refusing:
        kind, what = refusing
        return Reason("no_route", where, "route", f"{start} refuses to send to {destination}: {kind} {what}.", what)
    if answer.error in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        down = _down(scene, where, destination)
        if down:
            return Reason("no_route", where, "link", f"{start} has no route to {destination}, since {down} is down.")
        default = "" if _has_default(scene, where, destination.version) else ", and no default route"
        internal = _internal(scene, where)
        if default and internal:
            default += f", since its network {internal} is internal"
        return Reason("no_route", where, "route", f"{start} has no route to {destination}{default}.")
    return Reason("no_route", where, "route", f"{start} cannot send to {destination}: {os.strerror(answer.error)}.")


def _refusing(scene: Map, eyes: Eyes, where: Space, destination: IPAddress) -> tuple[str, str] | None:
    for one in eyes.refusals(where, destination.version):
        if one.concerns(destination, None):
            return ("the policy rule", one.text)
    found = [
        (ipaddress.ip_network(route["to"], strict=False).prefixlen, route)
        for route in scene.spaces[where]["routes"]
        if route["type"] in _REFUSING and destination in _network(route)
    ]
    if not found:
        return None
    route = max(found, key=lambda one: one[0])[1]
    return ("the route", f"{route['type']} {route['to']}")


def _network(route: View) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    to = route["to"]
    if to == "default":
        to = "0.0.0.0/0" if route["ip_version"] == "ipv4" else "::/0"
    return ipaddress.ip_network(to, strict=False)


def _has_default(scene: Map, where: Space, version: int) -> bool:
    return any(
        not _network(route).prefixlen
        for route in scene.spaces[where]["routes"]
        if route["ip_version"] == f"ipv{version}" and route["type"] == "unicast"
    )


def _internal(scene: Map, where: Space) -> str | None:
    """The internal network that a namespace is on."""
    internal = {rule.get("bridge") for rule in scene.host["rules"] if rule.get("internal")}
    for one in scene.spaces[where]["interfaces"] if where is not None else ():
        end = scene.peer(Place(where, one))
        if end and end.interface["bridge"] in internal:
            return str(end.interface["bridge"])
    return None


def _down(scene: Map, where: Space, destination: IPAddress) -> str | None:
    """An interface that is down, without which there is no route."""
    for one in scene.spaces[where]["interfaces"]:
        if one["enabled"] or one["name"] == "lo":
            continue
        if any(destination in ipaddress.ip_interface(entry["address"]).network for entry in one["addresses"]):
            return str(one["name"])
        if one["addresses"] and not _has_default(scene, where, destination.version):
            return str(one["name"])
    return None


def not_routed(scene: Map, eyes: Eyes, where: Space, passage: Passage) -> Reason:
    """Why the kernel neither forwards nor accepts a packet that came in."""
    ends = passage.last
    version = ends.destination.version
    start = begun(where)
    interface = scene.interface(where, passage.iif)
    name = interface["name"] if interface else "an interface"
    local = eyes.route(where, ends.destination)
    if not local.local and not local.error:
        off = _forwarding_off(eyes, where, version, name)
        if off:
            return Reason("not_forwarded", where, "setting", f"{start} does not forward it: {off}.", off)
    answer = eyes.route(where, ends.destination, ends.source, passage.iif)
    filtered = None if local.error else _filtered(scene, eyes, where, ends.source, passage.iif, answer)
    if filtered:
        return filtered
    if local.error or answer.error in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES):
        return no_route(scene, eyes, where, ends.destination, local if local.error else answer)
    return Reason(
        "dropped",
        where,
        "route",
        f"{start} does not accept a packet from {ends.source} to {ends.destination} by {name}:"
        f" {os.strerror(answer.error or errno.EINVAL)}.",
    )


def _filtered(
    scene: Map, eyes: Eyes, where: Space, source: IPAddress, iif: int | None, answer: Answer, what: str = "it"
) -> Reason | None:
    """Why the check of its source drops a packet: its own way leads elsewhere than where it came in."""
    interface = scene.interface(where, iif)
    name = interface["name"] if interface else "an interface"
    reverse = _reverse_path(eyes, where, source.version, name)
    back = eyes.route(where, source)
    if answer.error not in (errno.EXDEV, errno.EINVAL) or not reverse or back.out == iif:
        return None
    start = begun(where)
    if back.error:
        found = no_route(scene, eyes, where, source, back)
        return found._replace(
            sentence=f"{start} drops {what}, since no answer could leave: {found.sentence} ({reverse})"
        )
    other = scene.interface(where, back.out)
    there = f"by {other['name']}" if other else "elsewhere"
    return Reason(
        "dropped",
        where,
        "setting",
        f"{start} drops {what}, since it came in by {name} with the source {source}, to which its own route leads"
        f" {there}: {reverse}.",
        reverse,
    )


def question_dropped(
    scene: Map, eyes: Eyes, place: Place, address: IPAddress, reached: Place, source: IPAddress
) -> Reason | None:
    """Why nobody answers who has the MAC address of an address: Linux checks the source of that question too."""
    own = eyes.route(place.space, source).local
    asking = source if own else eyes.route(place.space, address).source
    if address.version == 6 or asking is None:
        return None
    iif = reached.interface["index"]
    answer = eyes.route(reached.space, address, asking, iif)
    return _filtered(scene, eyes, reached.space, asking, iif, answer, f"ARP's question who has {address}")


def _forwarding_off(eyes: Eyes, where: Space, version: int, interface: str) -> str | None:
    if version == 4:
        paths = ("net/ipv4/ip_forward", f"net/ipv4/conf/{interface}/forwarding")
    else:
        paths = ("net/ipv6/conf/all/forwarding", f"net/ipv6/conf/{interface}/forwarding")
    for path in paths:
        if eyes.setting(where, path) == "0":
            return f"{path.replace('/', '.')} is 0"
    return None


def _reverse_path(eyes: Eyes, where: Space, version: int, interface: str) -> str | None:
    """The setting that has the kernel check sources."""
    if version == 6:
        return None
    for name in (interface, "all"):
        path = f"net/ipv4/conf/{name}/rp_filter"
        if eyes.setting(where, path) in ("1", "2"):
            return f"{path.replace('/', '.')} is {eyes.setting(where, path)}"
    return None


def no_way_back(
    scene: Map, eyes: Eyes, where: Space, passage: Passage, got: str = "It arrives, but is not answered"
) -> Reason | None:
    """A route that lacks for the answer; ``got`` is how far the packet got."""
    answer = eyes.route(where, passage.last.source)
    if not answer.error:
        return None
    found = no_route(scene, eyes, where, passage.last.source, answer)
    return found._replace(sentence=f"{got}, since no answer could leave: {found.sentence}")
