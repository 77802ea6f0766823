# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""Places the nodes of a graph, with python-igraph."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.graph import Graph, Node

_GAP = 16


class LibraryMissing(Exception):
    """The text says what to install."""


@dataclasses.dataclass(frozen=True)
class Box:
    """The place of a node, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def place(graph: Graph, size: t.Callable[[Node], tuple[float, float]], between: float) -> dict[str, Box]:
    """Boxes in columns. Their order in each has as few crossings as the library finds."""
    sizes = {node.id: size(node) for node in graph.nodes}
    columns = sorted({node.column for node in graph.nodes})
    left: dict[int, float] = {}
    x = 0.0
    for column in columns:
        left[column] = x
        x += max(sizes[node.id][0] for node in graph.nodes if node.column == column) + between
    found: dict[str, Box] = {}
    heights = _heights(graph)
    slot = max((height for _width, height in sizes.values()), default=0) + _GAP
    for column in columns:
        bottom = 0.0
        for node in sorted(
            (node for node in graph.nodes if node.column == column),
            key=lambda node: (heights[node.id], int(node.id[1:])),
        ):
            width, height = sizes[node.id]
            top = max(bottom, heights[node.id] * slot - height / 2)
            found[node.id] = Box(left[column], top, width, height)
            bottom = top + height + _GAP
    return _at_the_top(found)


def _at_the_top(boxes: dict[str, Box]) -> dict[str, Box]:
    first = min((box.y for box in boxes.values()), default=0)
    return {name: dataclasses.replace(box, y=round(box.y - first, 1)) for name, box in boxes.items()}


def _heights(graph: Graph) -> dict[str, float]:
    """The height of each node in its column, by the method of Sugiyama."""
    try:
        import igraph
    except ImportError as error:
        raise LibraryMissing(
            f"format: svg needs the Python library igraph on the controller, as by 'pip install igraph': {error}"
        ) from None
    number = {node.id: index for index, node in enumerate(graph.nodes)}
    layers = [node.column for node in graph.nodes]
    edges: list[tuple[int, int]] = []
    for edge in graph.edges:
        source, target = number[edge.source], number[edge.target]
        if layers[source] > layers[target]:
            source, target = target, source
        # An edge passes each column between by a point of its own.
        for column in range(layers[source] + 1, layers[target]):
            layers.append(column)
            edges.append((source, len(layers) - 1))
            source = len(layers) - 1
        if layers[source] != layers[target]:
            edges.append((source, target))
    drawn = igraph.Graph(n=len(layers), edges=edges, directed=True)
    coordinates = drawn.layout_sugiyama(layers=layers, hgap=1, vgap=1).coords
    return {node.id: float(coordinates[index][0]) for index, node in enumerate(graph.nodes)}
