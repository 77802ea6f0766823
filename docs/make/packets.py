# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures docs/packet-*.svg of the ways that packets go: python -m docs.make packets

A test sends the packets and looks at the interfaces whether they are as a picture has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.lab.paths import REPOSITORY

COMMAND = "python -m docs.make packets"
_WIDTH, _MARGIN, _LINE, _PADDING, _GAP = 620, 16, 18, 10, 44
_STYLE = """
  svg { background: #fff; font: 13px ui-monospace, monospace }
  text { fill: #1c2430 } .title { font-weight: bold } .place { fill: #5a6472; text-anchor: end }
  .drop { fill: #b3261e } .packet { font-weight: bold }
  rect { fill: #f4f6f9; stroke: #5a6472 } .host rect { fill: #e3edfb; stroke: #1d5fb4 }
  .namespace rect { fill: #e8f5e9; stroke: #2b7a37 }
  path { fill: none; stroke: #5a6472; stroke-width: 1.6 } marker path { fill: #5a6472; stroke: none }
  @media (prefers-color-scheme: dark) {
    svg { background: #14181f } text { fill: #e7ebf1 } .place { fill: #a5b0bf } .drop { fill: #ff8a80 }
    rect { fill: #222934; stroke: #8c98a8 } .host rect { fill: #17304f; stroke: #7fb2f5 }
    .namespace rect { fill: #16351c; stroke: #7cc98a }
    path { stroke: #8c98a8 } marker path { fill: #8c98a8 }
  }
"""


@dataclass(frozen=True)
class Station:
    """Where a packet passes: on a host of the town (tests/lab/town.py) or in a namespace of its host.

    interface: where the packet is seen that the next arrow shows, or at the last station the one that came
    """

    title: str
    place: str
    does: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    interface: str = ""


@dataclass(frozen=True)
class Way:
    """The stations, and between each two of them the packet's source and destination, with ports where they matter."""

    title: str
    stations: tuple[Station, ...]
    packets: tuple[tuple[str, str], ...]


_NAMESPACES = ("web", "db")
_GUARD = Station(
    "before routing",
    "host",
    ("the port's addresses and MAC address are those of web",),
    ("whatever is sent in the name of others",),
)
_PUBLISHED = "8080 is published: the destination becomes web's port 80"
_FORWARD = Station(
    "while forwarding",
    "host",
    ("its destination was translated, so it is accepted",),
    ("what was sent to web's own address",),
)
WAYS = {
    "inside": Way(
        "From one endpoint to another",
        (
            Station("eth0", "web", interface="eth0"),
            Station(
                "port of web on br-shop",
                "host",
                ("takes frames from web's MAC address only",),
                ("whatever is sent in the name of others",),
            ),
            Station("port of db on br-shop", "host", ("gives the frame to db",), ("with icc: false, this frame",)),
            Station("eth0", "db", interface="eth0"),
        ),
        (("172.18.0.2", "172.18.0.10"),) * 3,
    ),
    "out": Way(
        "From an endpoint to the world",
        (
            Station("eth0", "web", ("the default route is br-shop's 172.18.0.1",), interface="eth0"),
            _GUARD,
            Station("while forwarding", "host", ("leaves the network, so it is accepted",)),
            Station("after routing", "host", ("the source becomes the host's address",), interface="eth0"),
            Station("the router, and the world", "outside", interface="eth0"),
        ),
        (*((("172.18.0.2", "198.51.100.1"),) * 3), ("192.0.2.1", "198.51.100.1")),
    ),
    "in": Way(
        "From a neighbour to a published port",
        (
            Station("eth0", "neighbour", interface="eth0"),
            Station("before routing", "host", (_PUBLISHED,)),
            _FORWARD,
            Station("br-shop", "host", ("gives it to the port of web",), interface="br-shop"),
            Station("eth0", "web", ("the server sees its real client",), interface="eth0"),
        ),
        (("192.0.2.9", "192.0.2.1:8080"), *((("192.0.2.9", "172.18.0.2:80"),) * 3)),
    ),
    "own": Way(
        "From an endpoint to its own published port",
        (
            Station("eth0", "web", interface="eth0"),
            Station("before routing", "host", (*_GUARD.does, _PUBLISHED), _GUARD.drops),
            _FORWARD,
            Station("after routing", "host", ("the source becomes 172.18.0.1, or web would answer itself",)),
            Station("br-shop", "host", ("sends it back by the port by which it came (hairpin)",)),
            Station("eth0", "web", interface="eth0"),
        ),
        (
            ("172.18.0.2", "192.0.2.1:8080"),
            *((("172.18.0.2", "172.18.0.2:80"),) * 2),
            *((("172.18.0.1", "172.18.0.2:80"),) * 2),
        ),
    ),
}


def path(name: str) -> Path:
    return REPOSITORY / f"docs/packet-{name}.svg"


def picture(way: Way) -> str:
    """The stations one below the other."""
    heights = [2 * _PADDING + _LINE * (1 + len(one.does) + len(one.drops)) for one in way.stations]
    height = 2 * _MARGIN + sum(heights) + _GAP * (len(heights) - 1)
    svg = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    svg.attrib |= {"width": str(_WIDTH), "height": str(height), "viewBox": f"0 0 {_WIDTH} {height}"}
    _add(svg, "title").text = way.title
    _add(svg, "style").text = _STYLE
    size = {"viewBox": "0 0 8 8", "refX": "8", "refY": "4", "markerWidth": "7", "markerHeight": "7"}
    _add(_add(_add(svg, "defs"), "marker", id="arrow", orient="auto", **size), "path", d="M0 0 L8 4 L0 8 z")
    top = _MARGIN
    for number, (station, tall) in enumerate(zip(way.stations, heights, strict=True)):
        _box(svg, station, top, tall)
        top += tall
        if number < len(way.packets):
            _add(svg, "path", d=f"M60 {top} V{top + _GAP}", **{"marker-end": "url(#arrow)"})
            _write(svg, 76, top + _GAP / 2 + 5, "packet", " → ".join(way.packets[number]))
            top += _GAP
    ElementTree.indent(svg)
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _box(svg: ElementTree.Element, station: Station, top: int, tall: int) -> None:
    kind = "namespace" if station.place in _NAMESPACES else station.place
    group = _add(svg, "g", **{"class": kind})
    _add(group, "rect", x=str(_MARGIN), y=str(top), width=str(_WIDTH - 2 * _MARGIN), height=str(tall), rx="6")
    lines = [("title", station.title)]
    lines += [("does", line) for line in station.does] + [("drop", f"✗ dropped: {line}") for line in station.drops]
    for number, (style, line) in enumerate(lines, 1):
        _write(group, _MARGIN + 12, top + _PADDING + number * _LINE - 4, style, line)
    where = f"namespace {station.place}" if kind == "namespace" else station.place
    _write(group, _WIDTH - _MARGIN - 12, top + _PADDING + _LINE - 4, "place", where)


def _write(parent: ElementTree.Element, x: float, y: float, style: str, line: str) -> None:
    _add(parent, "text", x=f"{x:g}", y=f"{y:g}", **{"class": style}).text = line


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)


def write() -> None:
    for name, way in WAYS.items():
        path(name).write_text(picture(way), encoding="utf-8")
