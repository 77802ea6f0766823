# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Containers and systemd services with a network namespace of their own.

Each is looked up by name whenever needed, since a restart gives it another process.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import containers, services
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

Found = dict["Inhabitant", int]


class Inhabitant(t.NamedTuple):
    """A container or a service."""

    #: ``container`` or ``service``.
    kind: str
    name: str
    #: The engine that runs the container, None if any may.
    engine: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def processes(host: Host, wanted: t.Iterable[Inhabitant]) -> Found:
    """The PIDs of their main processes; raises Refused for one that does not exist or is not running."""
    found: Found = {}
    for engine, group in _groups(wanted).items():
        names = [one.name for one in group]
        numbers = services.processes(host, names) if engine == "" else containers.processes(host, names, engine)
        found.update({one: numbers[one.name] for one in group})
    return found


def known(host: Host, wanted: t.Iterable[Inhabitant]) -> Found:
    """The PIDs of those that are running."""
    found: Found = {}
    for engine, group in _groups(wanted).items():
        names = [one.name for one in group]
        numbers = services.known(host, names)[0] if engine == "" else containers.known(host, names, engine)
        found.update({one: numbers[one.name] for one in group if numbers.get(one.name)})
    return found


def _groups(wanted: t.Iterable[Inhabitant]) -> dict[str | None, list[Inhabitant]]:
    """Grouped by whom to ask: an engine, any engine (None), or systemd (empty)."""
    groups: dict[str | None, list[Inhabitant]] = {}
    for one in wanted:
        groups.setdefault("" if one.kind == "service" else one.engine, []).append(one)
    return groups
