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
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.route_answers import Answer, Flow
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


def next_hop(eyes: Eyes, where: Space, passage: Passage) -> IPAddress:
    """The address on the link that the packet is sent to."""
    destination = passage.last.destination
    # Only a lookup that ends where the packet did says by which router it went.
    for flow in (_flow(passage), Flow(destination)):
        answer = eyes.route(where, flow)
        if not answer.error and answer.out == passage.oif:
            break
    return answer.via or destination


def _flow(passage: Passage) -> Flow:
    """A packet as the route lookup saw it: before it got another source."""
    return Flow(passage.last.destination, passage.first.source, passage.iif, passage.mark)


def no_route(scene: Map, eyes: Eyes, where: Space, flow: Flow, answer: Answer) -> Reason:
    """Why there is no way to an address."""
    start = begun(where)
    destination = flow.destination
    refused = by_policy(scene, eyes, where, flow) or _by_route(scene, where, destination)
    if refused:
        return refused
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


def by_policy(scene: Map, eyes: Eyes, where: Space, flow: Flow, ports: bool = False) -> Reason | None:
    """The policy rule that refuses a packet.

    :param ports: whether it may be one about ports, which no lookup of a route shows
    """
    came_by = scene.interface(where, flow.iif)
    for one in eyes.refusals(where, flow.destination.version):
        if one.concerns(flow, came_by["name"] if came_by else None, ports):
            return _refused(where, flow.destination, f"{one.priority}: {one.text}", "the policy rule")
    return None


def _refused(where: Space, destination: IPAddress, what: str, kind: str) -> Reason:
    sentence = f"{begun(where)} refuses to send to {destination}: {kind} {what}."
    return Reason("no_route", where, "route", sentence, what)


def _by_route(scene: Map, where: Space, destination: IPAddress) -> Reason | None:
    """The route that refuses a packet."""
    found = [
        (ipaddress.ip_network(route["to"], strict=False).prefixlen, route)
        for route in scene.spaces[where]["routes"]
        if route["type"] in _REFUSING and destination in _network(route)
    ]
    if not found:
        return None
    route = max(found, key=lambda one: one[0])[1]
    return _refused(where, destination, f"{route['type']} {route['to']}", "the route")


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
    local = eyes.route(where, Flow(ends.destination))
    if not local.local and not local.error:
        off = _forwarding_off(eyes, where, version, name)
        if off:
            return Reason("not_forwarded", where, "setting", f"{start} does not forward it: {off}.", off)
    flow = _flow(passage)
    answer = eyes.route(where, flow)
    filtered = None if local.error else _filtered(scene, eyes, where, ends.source, passage.iif, answer)
    if filtered:
        return filtered
    if answer.error in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES):
        return no_route(scene, eyes, where, flow, answer)
    if local.error:
        return no_route(scene, eyes, where, Flow(ends.destination), local)
    return by_policy(scene, eyes, where, flow, True) or Reason(
        "dropped",
        where,
        "route",
        f"{start} does not accept a packet from {ends.source} to {ends.destination} by {name}:"
        f" {os.strerror(answer.error or errno.EINVAL)}.",
    )


def rerouted(scene: Map, eyes: Eyes, where: Space, passage: Passage) -> Reason | None:
    """Why a packet of its own found no route after a rule had marked it or sent it elsewhere."""
    flow = _flow(passage)
    answer = eyes.route(where, flow)
    return no_route(scene, eyes, where, flow, answer) if answer.error else None


def _filtered(
    scene: Map, eyes: Eyes, where: Space, source: IPAddress, iif: int | None, answer: Answer, what: str = "it"
) -> Reason | None:
    """Why the check of its source drops a packet: its own way leads elsewhere than where it came in."""
    interface = scene.interface(where, iif)
    name = interface["name"] if interface else "an interface"
    reverse = _reverse_path(eyes, where, source.version, name)
    back = eyes.route(where, Flow(source))
    if answer.error not in (errno.EXDEV, errno.EINVAL) or not reverse or back.out == iif:
        return None
    start = begun(where)
    if back.error:
        found = no_route(scene, eyes, where, Flow(source), back)
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
    own = eyes.route(place.space, Flow(source)).local
    asking = source if own else eyes.route(place.space, Flow(address)).source
    if address.version == 6 or asking is None:
        return None
    iif = reached.interface["index"]
    answer = eyes.route(reached.space, Flow(address, asking, iif))
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
    """Why no route leads back to the sender; ``got`` is how far the packet got."""
    answering = Flow(passage.last.source)
    answer = eyes.route(where, answering)
    if not answer.error and eyes.route(where, Flow(passage.last.destination)).local:
        answering = Flow(passage.last.source, passage.last.destination)
        answer = eyes.route(where, answering)
    if not answer.error:
        return None
    found = no_route(scene, eyes, where, answering, answer)
    return found._replace(sentence=f"{got}, since no answer could leave: {found.sentence}")
