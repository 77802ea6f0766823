# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Namespaces that are to be named a second time.

Whether a process's, a file's, a container's or a service's is another one's, too, is seen on the host alone."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import inhabitants, namespaces
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_options import Wish


def find(host: Host, wishes: t.Sequence[Wish]) -> list[tuple[Wish, str]]:
    """The wishes for a namespace that an earlier wish names differently, each with a sentence.

    Namespaces that do not exist or cannot be opened are left to the naming itself.
    """
    present = [wish for wish in wishes if wish.state == "present"]
    if not any(wish.attached for wish in present):
        return []
    processes = inhabitants.known(host, [wish.inhabitant for wish in present if wish.inhabitant is not None])
    first: dict[tuple[int, int], Wish] = {}
    found = []
    for wish in present:
        ref = wish.path or wish.name
        if wish.inhabitant is not None:
            process = processes.get(wish.inhabitant)
            if not process:
                continue
            ref = f"/proc/{process}/ns/net"
        try:
            identity = namespaces.identity(ref)
        except KernelRefused:
            continue
        other = first.setdefault(identity, wish) if identity else wish
        if other is not wish and (wish.attached or other.attached):
            found.append(
                (wish, f"{_named(wish)} is the same namespace as {_named(other)}; use one name for both endpoints")
            )
    return found


def _named(wish: Wish) -> str:
    way = wish.inhabitant or wish.path
    return f"namespace {wish.name}{f' ({way})' if way else ''}"
