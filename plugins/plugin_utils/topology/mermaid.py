# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""A Mermaid flowchart."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.graph import Edge, Graph, Node

_SHAPES = {
    "uplink": ("[/", "/]"),
    "interface": ("[", "]"),
    "bridge": ("[[", "]]"),
    "namespace": ("(", ")"),
    "port": ("([", "])"),
}
_ARROWS = {"link": "---", "way": "-.-", "published": "==>"}
#: Everything else is written as a number: quotes, brackets, Markdown and HTML mean something in labels.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .:/,-")


def render(graph: Graph) -> str:
    """From the outside on the left to the namespaces on the right."""
    outer = [node for node in graph.nodes if node.kind == "port"]
    lines = ["flowchart LR"]
    lines += [f"    {_node(node)}" for node in outer]
    lines += [f'    subgraph host["{_label([graph.title, *map(_wrong, graph.faults)])}"]']
    lines += [f"        {_node(node)}" for node in graph.nodes if node.kind not in ("port", "namespace")]
    lines += ["    end"]
    lines += [f"    {_node(node)}" for node in graph.nodes if node.kind == "namespace"]
    lines += [f"    {_edge(edge)}" for edge in graph.edges]
    if faulty := [node.id for node in graph.nodes if node.faults]:
        lines += ["    classDef faulty stroke:#c00,stroke-width:3px", f"    class {','.join(faulty)} faulty"]
    wrong = [str(number) for number, edge in enumerate(graph.edges) if edge.faulty]
    if wrong:
        lines.append(f"    linkStyle {','.join(wrong)} stroke:#c00")
    return "\n".join(lines)


def _node(node: Node) -> str:
    first, last = _SHAPES[node.kind]
    return f'{node.id}{first}"{_label([node.title, *node.lines, *map(_wrong, node.faults)])}"{last}'


def _wrong(sentence: str) -> str:
    return f"✗ {sentence}"


def _edge(edge: Edge) -> str:
    label = f'|"{_label([edge.label])}"|' if edge.label else ""
    return f"{edge.source} {_ARROWS[edge.kind]}{label} {edge.target}"


def _label(lines: list[str]) -> str:
    return "<br/>".join("".join(map(_escaped, printable(line))) or " " for line in lines)


def _escaped(char: str) -> str:
    return char if char in _PLAIN else f"#{ord(char)};"
