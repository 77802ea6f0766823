# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The host and its namespaces as a packet finds them: who has an address, and what is at the other end of a link."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, port_range

View = t.Mapping[str, t.Any]
#: A namespace by name or path; None is the host.
Space = t.Optional[str]


class Place(t.NamedTuple):
    """An interface in a namespace."""

    space: Space
    interface: View

    @property
    def name(self) -> str:
        return str(self.interface["name"])

    @property
    def words(self) -> str:
        return f"{self.name} of {called(self.space)}"


def called(space: Space) -> str:
    """A namespace in a sentence."""
    return "the host" if space is None else f"namespace {space}"


def begun(space: Space) -> str:
    """The same at the beginning of a sentence."""
    return f"{called(space)[0].upper()}{called(space)[1:]}"


class Map:
    """What ``netns_info`` returns, to look things up."""

    def __init__(self, view: View) -> None:
        self.host: View = view["host"]
        self.spaces: dict[Space, View] = {None: self.host}
        self.spaces.update((one["name"], one) for one in view["namespaces"] if one["live"])
        self.dead = [one["name"] for one in view["namespaces"] if not one["live"]]
        self._owners: dict[IPAddress, list[Place]] = {}
        for space, one in self.spaces.items():
            for interface in one["interfaces"]:
                for address in interface["addresses"]:
                    ip = ipaddress.ip_interface(address["address"]).ip
                    self._owners.setdefault(ip, []).append(Place(space, interface))

    @property
    def owners(self) -> dict[str, str]:
        """Our networks: their owners by bridge."""
        bridges = (one for one in self.host["interfaces"] if one["kind"] == "bridge")
        return {one["name"]: one["owner"] for one in bridges if one["owner"]}

    def having(self, address: IPAddress) -> list[Place]:
        """The interfaces with an address."""
        return self._owners.get(address, [])

    def is_of_host(self, address: IPAddress) -> bool:
        """Whether it is an address of the host itself."""
        return address.is_loopback or any(place.space is None for place in self.having(address))

    def publishing(self, protocol: str, port: int) -> list[View]:
        """The rules of ours that publish a port of the host."""
        return [
            rule
            for rule in self.host["rules"]
            if rule["kind"] == "dnat"
            and rule.get("protocol") == protocol
            and "host_port" in rule
            and port_range("host_port", rule["host_port"]).has(port)
        ]

    def interface(self, space: Space, index: int | None = None, name: str | None = None) -> View | None:
        """An interface by index or name."""
        for one in self.spaces[space]["interfaces"]:
            if (index is not None and one["index"] == index) or (name is not None and one["name"] == name):
                return t.cast(View, one)
        return None

    def peer(self, place: Place) -> Place | None:
        """The other end of a veth pair, where it has a name."""
        told = place.interface.get("peer")
        if not told or told["name"] is None or told["netns"] not in self.spaces:
            return None
        other = self.interface(told["netns"], name=told["name"])
        return Place(told["netns"], other) if other else None

    def ports(self, bridge: Place) -> list[Place]:
        """The ports of a bridge."""
        found = self.spaces[bridge.space]["interfaces"]
        return [Place(bridge.space, one) for one in found if one["bridge"] == bridge.name]

    def segment(self, place: Place) -> list[Place]:
        """The interfaces with which one shares a link or a bridge, as far as they are in sight."""
        if place.interface["kind"] == "bridge":
            ends = map(self.peer, self.ports(place))
            return [end for end in ends if end]
        other = self.peer(place)
        if other is None or not other.interface["bridge"]:
            return [other] if other else []
        bridge = self.interface(other.space, name=other.interface["bridge"])
        if bridge is None:
            return []
        around = Place(other.space, bridge)
        return [around, *(end for end in self.segment(around) if end != place)]

    def beyond(self, place: Place, address: IPAddress) -> Place | None:
        """Who gets a packet that leaves here for an address on this link; None if nobody in sight has it."""
        around = self.segment(place)
        found = [one for one in self.having(address) if one in around]
        entry = self.neighbour(place, address) if len(found) > 1 else None
        # Root in any namespace can take the address, too; the packet goes to whose MAC address is known.
        meant = [one for one in found if entry and one.interface["mac_address"] == entry["mac_address"]]
        return next(iter(meant or found), None)

    def closed(self, place: Place) -> bool:
        """Whether everybody on the link is in sight, so that an address nobody has there does not exist."""
        if place.interface["kind"] == "bridge":
            return all(self.peer(port) for port in self.ports(place))
        other = self.peer(place)
        if other is None or not other.interface["bridge"]:
            return other is not None
        bridge = self.interface(other.space, name=other.interface["bridge"])
        return bridge is not None and self.closed(Place(other.space, bridge))

    def neighbour(self, place: Place, address: IPAddress) -> View | None:
        """What a namespace believes about an address on a link."""
        for one in self.spaces[place.space]["neighbours"]:
            if one["interface"] == place.name and ipaddress.ip_address(one["address"]) == address:
                return t.cast(View, one)
        return None

    def way(self, place: Place, other: Place) -> list[Place]:
        """The interfaces that a frame passes between two on one link, both included."""
        found = [place]
        for one in (place, other):
            end = self.peer(one)
            if end and end != other and end != place and end not in found:
                found.append(end)
        return [*found, other]
