# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""A tree for terminals."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.model import Interface, Port, Space, Topology

_WRONG = "✗"


class _Node(t.NamedTuple):
    text: str
    below: list[_Node]


def render(topology: Topology) -> str:
    """One line for each object, below what it hangs on, and what is wrong below that."""
    drawn: set[tuple[str | None, str]] = set()
    nodes = [_wrong(sentence) for sentence in [*topology.faults, *topology.host.faults]]
    own = [one for one in topology.host.interfaces if one.name != "lo" and not one.bridge]
    for one in sorted(own, key=lambda one: (one.kind == "bridge", one.name)):
        nodes.append(_bridge(topology, one, drawn) if one.kind == "bridge" else _outer(topology, one, drawn))
    for space in topology.namespaces:
        left = [one for one in space.interfaces if one.name != "lo" and one.where not in drawn]
        if left or space.faults or not any(one.where in drawn for one in space.interfaces):
            nodes.append(_namespace(topology, space, left, drawn))
    nodes += [_port(port) for port in topology.ports if port.to not in drawn]
    lines = [topology.title, *_lines(nodes, "")]
    count = len(topology.all_faults())
    return "\n".join([*lines, f"{count} fault{'' if count == 1 else 's'}"] if count else lines)


def _lines(nodes: t.Sequence[_Node], indent: str) -> t.Iterator[str]:
    for number, node in enumerate(nodes, 1):
        last = number == len(nodes)
        yield f"{indent}{'└── ' if last else '├── '}{node.text}"
        yield from _lines(node.below, indent + ("    " if last else "│   "))


def _wrong(sentence: str) -> _Node:
    return _Node(f"{_WRONG} {sentence}", [])


def _wrongs(one: Interface | Space | Port) -> list[_Node]:
    return [_wrong(sentence) for sentence in one.faults]


def _bridge(topology: Topology, bridge: Interface, drawn: set[tuple[str | None, str]]) -> _Node:
    drawn.add(bridge.where)
    ports = [_end(topology, one, drawn) for one in topology.ports_of(bridge.name)]
    owner = f" of {bridge.owner}" if bridge.owner and bridge.owner != bridge.name else ""
    return _Node(f"bridge {_with_addresses(bridge)}{owner}", [*_wrongs(bridge), *ports])


def _outer(topology: Topology, one: Interface, drawn: set[tuple[str | None, str]]) -> _Node:
    if one.peer:
        return _end(topology, one, drawn)
    drawn.add(one.where)
    ways = [route["via"] or "the link" for route in topology.host.defaults() if route["interface"] == one.name]
    below = [*_wrongs(one), *([_Node(f"default route via {', '.join(ways)}", [])] if ways else [])]
    return _Node(f"{'uplink' if ways else one.kind or 'interface'} {_with_addresses(one)}", below)


def _end(topology: Topology, end: Interface, drawn: set[tuple[str | None, str]]) -> _Node:
    """An end of a pair with the other one, and the ports that are published there."""
    drawn.add(end.where)
    if not end.peer:
        return _Node(f"{end.kind or 'interface'} {_with_addresses(end)}", _wrongs(end))
    drawn.add(end.peer)
    space = topology.space(end.peer[0])
    other = space.interface(end.peer[1]) if space else None
    text = f"{_with_addresses(end)} ── {_with_addresses(other) if other else end.peer[1]}"
    if end.peer[0] is not None:
        text = f"{_with_addresses(end)} ── {end.peer[0]}: {_with_addresses(other) if other else end.peer[1]}"
    published = [_port(port) for port in topology.published_at(end.peer)]
    return _Node(text, [*_wrongs(end), *(_wrongs(other) if other else []), *published])


def _namespace(
    topology: Topology, space: Space, left: t.Sequence[Interface], drawn: set[tuple[str | None, str]]
) -> _Node:
    """A namespace with the interfaces that are drawn nowhere else."""
    below = _wrongs(space)
    below += [_end(topology, one, drawn) for one in left if one.where not in drawn]
    return _Node(f"namespace {space.name}", below)


def _port(port: Port) -> _Node:
    to = f" ──▶ {port.to_port}" if port.to_port and not port.routed else ""
    if port.to is None and port.to_address and not port.routed:
        to = f" ──▶ {port.to_address} port {port.to_port}"
    return _Node(f"{'open' if port.routed else 'published'} {port.label}{to}", _wrongs(port))


def _with_addresses(one: Interface) -> str:
    return " ".join([one.name, *one.addresses])
