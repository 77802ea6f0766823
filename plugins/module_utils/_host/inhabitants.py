# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Who has a network namespace of his own on the host: a container, or a service of systemd. Each is found anew by its
name whenever it is asked for, since its process is another one after a restart."""

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
    #: Of a container the engine that has it, if not whichever has it.
    engine: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def processes(host: Host, wanted: t.Iterable[Inhabitant]) -> Found:
    """The number of the first process of each; raises Refused for one that is not there or does not run."""
    found: Found = {}
    for engine, group in _groups(wanted).items():
        names = [one.name for one in group]
        numbers = services.processes(host, names) if engine == "" else containers.processes(host, names, engine)
        found.update({one: numbers[one.name] for one in group})
    return found


def known(host: Host, wanted: t.Iterable[Inhabitant]) -> Found:
    """The same of those that run."""
    found: Found = {}
    for engine, group in _groups(wanted).items():
        names = [one.name for one in group]
        numbers, _words = services.known(host, names) if engine == "" else containers.known(host, names, engine)
        found.update({one: numbers[one.name] for one in group if numbers.get(one.name)})
    return found


def _groups(wanted: t.Iterable[Inhabitant]) -> dict[str | None, list[Inhabitant]]:
    """By whom is to be asked: an engine, any of them (None), or systemd (nothing)."""
    groups: dict[str | None, list[Inhabitant]] = {}
    for one in wanted:
        groups.setdefault("" if one.kind == "service" else one.engine, []).append(one)
    return groups
