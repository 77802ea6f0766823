# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What links, bridges and neighbours say about a packet that left and did not arrive."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map, Place, Space, called
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Passage
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.reasons import Reason

_SILENT = ("failed", "incomplete", None)


def _leaves(place: Place, address: IPAddress) -> str:
    return f"It leaves {called(place.space)} by {place.name} for {address}"


def lost(scene: Map, place: Place, address: IPAddress, reached: Place | None) -> Reason:
    """Why a packet that left by an interface for an address on its link did not get there."""
    found = hindrance(scene, place, address, reached)
    if found:
        return found
    entry = scene.neighbour(place, address)
    start = _leaves(place, address)
    if reached is None:
        return _nobody(scene, place, address, start, entry["state"] if entry else None)
    silent = entry is None or entry["state"] in _SILENT
    why = f", and {called(reached.space)} does not answer to {_asking(address)}" if silent else ""
    return Reason("lost", place.space, "link", f"{start}, but does not arrive at {reached.words}{why}.")


def hindrance(scene: Map, place: Place, address: IPAddress, reached: Place | None) -> Reason | None:
    """What is seen to be wrong between an interface and the one that has an address on its link."""
    start = _leaves(place, address)
    down = _first_down(scene, place, reached)
    if down:
        return Reason("lost", down.space, "link", f"{start}, but {down.words} is {_state(down)}.")
    entry = scene.neighbour(place, address)
    if reached is None:
        return _nobody(scene, place, address, start, None) if scene.closed(place) else None
    there = str(reached.interface["mac_address"])
    if entry and entry["mac_address"] and entry["mac_address"] != there:
        return Reason(
            "lost",
            place.space,
            "neighbour",
            f"{start}, but is sent to the MAC address {entry['mac_address']}, since {called(place.space)} has a"
            f" {entry['state']} neighbour entry with that, while {reached.words} has {there}.",
            f"{address} lladdr {entry['mac_address']} {entry['state']}",
        )
    apart = _apart(scene, place, reached)
    if apart:
        return Reason("lost", apart[0].space, "port", f"{start}, but {apart[1]}.")
    return None


def _asking(address: IPAddress) -> str:
    return "ARP" if address.version == 4 else "neighbour solicitations"


def _nobody(scene: Map, place: Place, address: IPAddress, start: str, state: str | None) -> Reason:
    elsewhere = [one for one in scene.having(address) if one.space != place.space]
    if scene.closed(place):
        if elsewhere:
            return Reason(
                "lost",
                place.space,
                "link",
                f"{start}, but {elsewhere[0].words}, which has that address, is not connected to it.",
            )
        return Reason("lost", place.space, "address", f"{start}, but nobody there has that address.")
    if state in ("failed", "incomplete"):
        return Reason("lost", place.space, "neighbour", f"{start}, but nobody answers there to {_asking(address)}.")
    return Reason(
        "no_answer",
        place.space,
        "link",
        f"{start}, and no answer comes back. What happens to it there cannot be seen from here.",
    )


def _state(place: Place) -> str:
    return "without carrier" if place.interface["enabled"] else "down"


def _first_down(scene: Map, place: Place, reached: Place | None) -> Place | None:
    """An interface on the link that carries nothing."""
    ways = scene.way(place, reached) if reached else [place]
    off = [one for one in ways if not one.interface["enabled"]]
    return next(iter(off), None) or next((one for one in ways if not one.interface["carrier"]), None)


def _apart(scene: Map, place: Place, reached: Place) -> tuple[Place, str] | None:
    """Why a bridge keeps two of its ports apart."""
    ports = [one for one in scene.way(place, reached) if one.interface["port"]]
    if len(ports) == 2 and all(one.interface["port"]["isolated"] for one in ports):
        names = " and ".join(one.name for one in ports)
        owner = ports[0].interface.get("owner")
        why = f", as icc: false of {owner} has it" if owner else ""
        return (ports[0], f"the ports {names} of {ports[0].interface['bridge']} are isolated from each other{why}")
    return None


def kept_by_bridge(scene: Map, where: Space, passage: Passage) -> Reason:
    """A frame that came into a bridge and did not leave it."""
    interface = scene.interface(where, passage.iif)
    name = interface["name"] if interface else "a port"
    port = (interface or {}).get("port") or {}
    if port.get("isolated"):
        words = f"The bridge keeps it: {name} is isolated from the other port, so the two reach each other not at all."
    elif port.get("locked"):
        words = f"The bridge drops it: {name} is locked, and its forwarding table does not have the sender's address."
    else:
        words = f"The bridge of {called(where)} takes it in by {name} and does not pass it on."
    return Reason("dropped", where, "port", words)


def narrow(scene: Map, crossings: t.Sequence[tuple[Place, Place]]) -> Reason | None:
    """A pair of interfaces of which one takes smaller packets than the other sends."""
    for place, reached in crossings:
        for one in scene.way(place, reached):
            other = scene.peer(one)
            if other and other.interface["mtu"] != one.interface["mtu"]:
                less, more = sorted((one, other), key=lambda end: int(end.interface["mtu"]))
                return Reason(
                    "mtu",
                    less.space,
                    "mtu",
                    f"A small packet arrives, but those over {less.interface['mtu']} bytes are lost: {less.words} has"
                    f" the MTU {less.interface['mtu']}, and {more.words}, at the other end, {more.interface['mtu']}.",
                )
    return None
