# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""The model as nodes and edges, for everything that draws a graph."""

from __future__ import annotations

import dataclasses

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.model import Interface, Port, Topology, Where

#: Columns from the outside to the inside.
OUTSIDE, HOST, INSIDE = range(3)


@dataclasses.dataclass
class Node:
    """``kind`` is uplink, interface, bridge, namespace or port. ``faults`` includes those of its interfaces."""

    id: str
    kind: str
    title: str
    column: int
    lines: list[str] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Edge:
    """``kind`` is link (a veth pair or a port of a bridge), way (where packets for the world go) or published."""

    source: str
    target: str
    kind: str
    label: str = ""
    faulty: bool = False


@dataclasses.dataclass
class Graph:
    """``faults`` are those of the host as a whole."""

    title: str
    nodes: list[Node]
    edges: list[Edge]
    faults: list[str]


class _Builder:
    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        #: The node in which an interface is drawn.
        self.of: dict[Where, Node] = {}

    def node(self, kind: str, title: str, column: int, lines: list[str], faults: list[str]) -> Node:
        new = Node(f"n{len(self.nodes)}", kind, title, column, lines, list(faults))
        self.nodes.append(new)
        return new

    def add_host(self) -> None:
        host = self.topology.host
        ways = {route["interface"] for route in host.defaults()}
        for one in host.interfaces:
            if one.name == "lo" or (one.bridge and one.peer):
                continue
            kind = "bridge" if one.kind == "bridge" else "uplink" if one.name in ways or one.bridge else "interface"
            column = HOST if kind == "bridge" or one.peer else OUTSIDE
            self.of[one.where] = self.node(kind, one.name, column, list(one.addresses), one.faults)

    def add_namespaces(self) -> None:
        for space in self.topology.namespaces:
            shown = [one for one in space.interfaces if one.name != "lo"]
            lines = [line for one in shown for line in _told(one)]
            faults = [*space.faults, *(sentence for one in shown for sentence in one.faults)]
            new = self.node("namespace", str(space.name), INSIDE, lines, faults)
            self.of.update({one.where: new for one in shown})
            self.of.update({(space.name, name): new for name in space.leases})

    def add_links(self) -> None:
        host = self.topology.host
        for one in host.interfaces:
            inner = self.of.get(one.peer) if one.peer else None
            bridge = self.of.get((None, one.bridge)) if one.bridge else None
            outer = bridge or self.of.get(one.where)
            if one.peer is None and bridge and one.where in self.of:
                self.edges.append(Edge(self.of[one.where].id, bridge.id, "link", "", bool(one.faults)))
            elif inner and outer and inner is not outer:
                label = one.name if bridge else ""
                self.edges.append(Edge(outer.id, inner.id, "link", label, bool(one.faults)))
            if bridge and one.peer:
                # The end of a pair has no node of its own.
                (inner or bridge).faults += one.faults
        for space in self.topology.namespaces:
            for one in space.interfaces:
                if one.peer and one.peer in self.of and one.peer[0] is not None and one.where < one.peer:
                    self.edges.append(
                        Edge(self.of[one.where].id, self.of[one.peer].id, "link", one.name, bool(one.faults))
                    )

    def add_ways(self) -> None:
        """Uplinks, and the bridges of ours whose packets go there."""
        uplinks = [node for node in self.nodes if node.kind == "uplink" and node.lines]
        for bridge in self.topology.bridges:
            for uplink in uplinks if bridge.addresses and bridge.owner else ():
                self.edges.append(Edge(uplink.id, self.of[bridge.where].id, "way"))

    def add_ports(self) -> None:
        for port in self.topology.ports:
            inner = f"to {port.to_port}" if port.to_port and not port.routed else ""
            new = self.node("port", port.label, OUTSIDE, [inner] if inner else [], port.faults)
            target = self._target(port)
            if target:
                self.edges.append(Edge(new.id, target.id, "published", "", bool(port.faults)))

    def _target(self, port: Port) -> Node | None:
        """Whoever has the address, otherwise the bridge behind which it should be."""
        if port.to in self.of:
            return self.of[port.to]
        behind = [(None, rule["out_interface"]) for rule in port.rules] or [(None, port.owner)]
        return self.of.get(behind[0])


def _told(one: Interface) -> list[str]:
    return [f"{one.name} {address}" for address in one.addresses] or [one.name]


def build(topology: Topology) -> Graph:
    """The graph. Nodes are numbered in the order of the model, which is sorted."""
    builder = _Builder(topology)
    builder.add_host()
    builder.add_namespaces()
    builder.add_links()
    builder.add_ways()
    builder.add_ports()
    return Graph(topology.title, builder.nodes, builder.edges, [*topology.faults, *topology.host.faults])
