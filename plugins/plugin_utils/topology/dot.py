# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""Graphviz DOT."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.graph import Edge, Graph, Node

_SHAPES = {
    "uplink": "parallelogram",
    "interface": "box",
    "bridge": "box3d",
    "namespace": "component",
    "port": "cds",
}
_STYLES = {
    "link": "dir=none",
    "way": "dir=none style=dashed",
    "published": "penwidth=2",
}


def render(graph: Graph) -> str:
    """A directed graph, for example for ``dot -Tsvg``."""
    lines = ["digraph topology {", "    rankdir=LR", "    node [fontname=monospace]", "    edge [fontname=monospace]"]
    lines += [f"    {_node(node)}" for node in graph.nodes if node.kind == "port"]
    lines += ["    subgraph cluster_host {", f"        label={_text([graph.title, *map(_wrong, graph.faults)])}"]
    lines += [f"        {_node(node)}" for node in graph.nodes if node.kind not in ("port", "namespace")]
    lines += ["    }"]
    lines += [f"    {_node(node)}" for node in graph.nodes if node.kind == "namespace"]
    lines += [f"    {_edge(edge)}" for edge in graph.edges]
    return "\n".join([*lines, "}"])


def _node(node: Node) -> str:
    colour = " color=red penwidth=2" if node.faults else ""
    label = _text([node.title, *node.lines, *map(_wrong, node.faults)])
    return f"{node.id} [shape={_SHAPES[node.kind]} label={label}{colour}]"


def _wrong(sentence: str) -> str:
    return f"✗ {sentence}"


def _edge(edge: Edge) -> str:
    label = f" label={_text([edge.label])}" if edge.label else ""
    colour = " color=red" if edge.faulty else ""
    return f"{edge.source} -> {edge.target} [{_STYLES[edge.kind]}{label}{colour}]"


def _text(lines: list[str]) -> str:
    """A quoted string. A backslash would begin an escape of DOT, such as \\\\N for the name of the node."""
    return '"' + "\\n".join(printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
