# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.
"""The model as plain data, for templates and assertions."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.topology.model import Port, Topology


def render(topology: Topology) -> dict[str, t.Any]:
    """Dictionaries and lists, with all faults once more as a list."""
    return {
        "title": topology.title,
        "faults": [{"of": of, "fault": sentence} for of, sentence in topology.all_faults()],
        "host": {**dataclasses.asdict(topology.host), "faults": [*topology.faults, *topology.host.faults]},
        "namespaces": [dataclasses.asdict(space) for space in topology.namespaces],
        "ports": [_port(port) for port in topology.ports],
        "rules": [rule for rule in topology.rules if rule["kind"] != "dnat"],
    }


def _port(port: Port) -> dict[str, t.Any]:
    return {**dataclasses.asdict(port), "label": port.label, "outer": port.outer}
