# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the network of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: topology
short_description: Draw the network of a host
version_added: 1.0.0
author:
  - The netplumb.linuxnet authors (@netplumb)
description:
  - Draws what M(netplumb.linuxnet.netns_info) returned. The picture has the host's interfaces and bridges, the namespaces behind them with
    their veth pairs and addresses, and the published ports as arrows from outside.
  - What is broken is marked, with the reason. This includes interfaces that are down or have no carrier; ends of veth pairs that lead
    elsewhere or are no port of their bridge; namespaces that do not exist any more; addresses that a network recorded and that are missing,
    and others that were added; default routes that reject packets, or lead to a gateway that nobody has or that does not answer;
    published ports whose rule is missing, that lead to an address that nobody has, or whose packets a rule of another tool takes first;
    forwarding that is off; and rules that cannot be read.
  - The same input always gives the same picture.
positional: _input
options:
  _input:
    description:
      - What M(netplumb.linuxnet.netns_info) returned, also with O(netplumb.linuxnet.netns_info#module:text=true).
    type: dict
    required: true
  format:
    description:
      - V(text) is a tree for terminals.
      - V(mermaid) is a flowchart that many sites draw in Markdown, in a block of the language C(mermaid).
      - V(dot) is a graph for Graphviz.
      - V(svg) is a picture in light or dark colours, whichever is preferred where it is shown. This needs the Python library C(igraph)
        on the controller.
      - V(data) is a dictionary for templates and assertions, with C(title), C(faults), C(host), C(namespaces), C(ports) and C(rules).
        C(faults) is a list of everything that is broken, each with C(of), the object, and C(fault), the reason.
    type: str
    choices: [text, mermaid, dot, svg, data]
    default: text
  name:
    description: The name of the host in the picture.
    type: str
    default: host
seealso:
  - module: netplumb.linuxnet.netns_info
"""

EXAMPLES = r"""
- name: Gather information about the network
  netplumb.linuxnet.netns_info:
  register: info

- name: Show it
  ansible.builtin.debug:
    msg: "{{ (info | netplumb.linuxnet.topology(name=inventory_hostname)).splitlines() }}"

- name: Write a flowchart for a README
  ansible.builtin.copy:
    content: "{{ info | netplumb.linuxnet.topology(format='mermaid') }}"
    dest: /tmp/network.mmd
    mode: "0644"

- name: Fail if anything is broken
  ansible.builtin.assert:
    that: (info | netplumb.linuxnet.topology(format='data')).faults | length == 0
    fail_msg: "{{ (info | netplumb.linuxnet.topology(format='data')).faults }}"
"""

RETURN = r"""
_value:
  description: The picture as a string, or with V(format=data) a dictionary.
  type: raw
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology import (
    build,
    data,
    dot,
    graph,
    layout,
    mermaid,
    svg,
    text,
)

_OF_TREES: dict[str, t.Callable[[t.Any], t.Any]] = {"text": text.render, "data": data.render}
_OF_GRAPHS: dict[str, t.Callable[[t.Any], str]] = {"mermaid": mermaid.render, "dot": dot.render, "svg": svg.render}


def topology(info: t.Any, format: str = "text", name: str = "host") -> t.Any:
    """The picture of a host."""
    if format not in (*_OF_TREES, *_OF_GRAPHS):
        raise AnsibleFilterError(f"topology: format: {format!r} is none of {', '.join((*_OF_TREES, *_OF_GRAPHS))}")
    try:
        model = build.build(info, str(name))
        return _OF_TREES[format](model) if format in _OF_TREES else _OF_GRAPHS[format](graph.build(model))
    except (build.NotInfo, layout.LibraryMissing) as error:
        raise AnsibleFilterError(f"topology: {error}") from None


class FilterModule:
    """The filter of this collection."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters by name."""
        return {"topology": topology}
