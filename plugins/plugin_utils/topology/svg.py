# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""A picture in SVG, which follows the light or dark scheme of whatever shows it."""

from __future__ import annotations

from xml.etree import ElementTree

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.printing import printable
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology import layout
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.graph import Edge, Graph, Node
from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.layout import Box

_CHAR, _LINE, _PADDING, _BETWEEN, _MARGIN = 7.3, 17, 10, 150, 20
_LONGEST = 60
_STYLE = """
  svg { background: #fff; font: 12px ui-monospace, monospace }
  text { fill: #1c2430 } .title { font-weight: bold } .what { fill: #5a6472 }
  rect { fill: #f4f6f9; stroke: #5a6472 } .bridge rect { fill: #e3edfb; stroke: #1d5fb4 }
  .namespace rect { fill: #e8f5e9; stroke: #2b7a37 } .port rect { fill: #fff3dc; stroke: #9a6200 }
  .faulty rect { stroke: #b3261e; stroke-width: 2.5 } .fault { fill: #b3261e }
  path { fill: none; stroke: #5a6472 } .way path { stroke-dasharray: 4 4 }
  .published path { stroke: #9a6200; stroke-width: 1.6 } .faulty path { stroke: #b3261e }
  marker path { fill: #9a6200; stroke: none }
  @media (prefers-color-scheme: dark) {
    svg { background: #14181f } text { fill: #e7ebf1 } .what { fill: #a5b0bf }
    rect { fill: #222934; stroke: #8c98a8 } .bridge rect { fill: #17304f; stroke: #7fb2f5 }
    .namespace rect { fill: #16351c; stroke: #7cc98a } .port rect { fill: #3a2a0c; stroke: #e2ad4d }
    path { stroke: #8c98a8 } .published path { stroke: #e2ad4d } marker path { fill: #e2ad4d }
    .faulty rect, .faulty path { stroke: #ff8a80 } .fault { fill: #ff8a80 }
  }
"""


def render(graph: Graph) -> str:
    """Raises layout.LibraryMissing."""
    boxes = layout.place(graph, _size, _BETWEEN)
    header = [("title", graph.title), *(("fault", f"✗ {sentence}") for sentence in graph.faults)]
    top = _MARGIN + len(header) * _LINE + _PADDING
    right = max((box.x + box.width for box in boxes.values()), default=0)
    width = round(max(right, *(len(line) * _CHAR for _class, line in header)) + 2 * _MARGIN)
    height = round(top + max((box.y + box.height for box in boxes.values()), default=0) + _MARGIN)
    count = len(graph.faults) + sum(len(node.faults) for node in graph.nodes)
    wrong = f"{count} fault{'' if count == 1 else 's'}" if count else "no faults"
    picture = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    picture.attrib |= {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    _add(picture, "title", f"The network of {graph.title}, {wrong}")
    ElementTree.SubElement(picture, "style").text = _STYLE
    size = {"viewBox": "0 0 8 8", "refX": "8", "refY": "4", "markerWidth": "7", "markerHeight": "7"}
    arrow = _add(_add(picture, "defs"), "marker", id="arrow", orient="auto", **size)
    _add(arrow, "path", d="M0 0 L8 4 L0 8 z")
    for number, (kind, line) in enumerate(header, 1):
        _write(picture, _MARGIN, _MARGIN + number * _LINE - 5, kind, line)
    body = _add(picture, "g", transform=f"translate({_MARGIN} {top})")
    for edge in graph.edges:
        _edge(body, edge, boxes[edge.source], boxes[edge.target])
    for node in graph.nodes:
        _node(body, node, boxes[node.id])
    ElementTree.indent(picture)
    return ElementTree.tostring(picture, encoding="unicode")


def _add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    new = ElementTree.SubElement(parent, tag, attributes)
    new.text = None if text is None else "\n".join(map(printable, text.split("\n")))
    return new


def _write(parent: ElementTree.Element, x: float, y: float, kind: str, line: str, anchor: str = "start") -> None:
    line = printable(line)
    cut = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    # The word is a keyword of Python.
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": kind, "text-anchor": anchor}
    _add(parent, "text", cut, **place)


def _lines(node: Node) -> list[tuple[str, str]]:
    """The lines of a box, each with its class."""
    title = ("title", node.title if node.kind in ("port", "namespace") else f"{node.kind} {node.title}")
    return [title, *(("what", line) for line in node.lines), *(("fault", f"✗ {line}") for line in node.faults)]


def _size(node: Node) -> tuple[float, float]:
    lines = [printable(line) for _class, line in _lines(node)]
    return min(max(map(len, lines)), _LONGEST) * _CHAR + 2 * _PADDING, len(lines) * _LINE + 2 * _PADDING - 4


def _node(parent: ElementTree.Element, node: Node, box: Box) -> None:
    group = _add(parent, "g", **{"class": node.kind + (" faulty" if node.faults else "")})
    _add(group, "title", "\n".join(line for _class, line in _lines(node)))
    size = {"x": f"{box.x:.1f}", "y": f"{box.y:.1f}", "width": f"{box.width:.1f}", "height": f"{box.height:.1f}"}
    _add(group, "rect", rx="6", **size)
    for number, (kind, line) in enumerate(_lines(node), 1):
        _write(group, box.x + _PADDING, box.y + _PADDING + number * _LINE - 7, kind, line)


def _edge(parent: ElementTree.Element, edge: Edge, source: Box, target: Box) -> None:
    """A curve from the right of a box to the left of the next, or around on the right within a column."""
    forward = target.x > source.x
    first, last = source.x + source.width, target.x if forward else target.x + target.width
    bend = max(abs(last - first) / 2, 40)
    back = bend if forward else -bend
    # Pairs arrive above, and what is published below.
    arrival = target.y + target.height * (0.75 if edge.kind == "published" else 0.4)
    curve = (
        f"M{first:.1f} {source.middle:.1f} C{first + bend:.1f} {source.middle:.1f}"
        f" {last - back:.1f} {arrival:.1f} {last:.1f} {arrival:.1f}"
    )
    group = _add(parent, "g", **{"class": edge.kind + (" faulty" if edge.faulty else "")})
    end = {"marker-end": "url(#arrow)"} if edge.kind == "published" else {}
    _add(group, "path", d=curve, **end)
    if edge.label:
        # Close to the target, where the curves of a bridge have parted.
        x, anchor = (last - 6, "end") if forward else (last + 6, "start")
        _write(group, x, arrival - 5, "what", edge.label, anchor)
