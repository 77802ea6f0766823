# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Finds namespaces that get a second name.

Whether a process, file, container or service shares a namespace with another one is only visible on the host.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import inhabitants, namespaces
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_options import Want


def find(host: Host, wants: t.Sequence[Want]) -> list[tuple[Want, str]]:
    """The wants for a namespace that an earlier want gives another name, each with a sentence.

    Namespaces that do not exist or cannot be opened are reported when they are attached.
    """
    present = [want for want in wants if want.state == "present"]
    if not any(want.attached for want in present):
        return []
    processes = inhabitants.known(host, [want.inhabitant for want in present if want.inhabitant is not None])
    first: dict[tuple[int, int], Want] = {}
    found = []
    for want in present:
        ref = want.path or want.name
        if want.inhabitant is not None:
            process = processes.get(want.inhabitant)
            if not process:
                continue
            ref = f"/proc/{process}/ns/net"
        try:
            identity = namespaces.identity(ref)
        except KernelRefused:
            continue
        other = first.setdefault(identity, want) if identity else want
        if other is not want and (want.attached or other.attached):
            found.append(
                (want, f"{_named(want)} is the same namespace as {_named(other)}; use one name for both endpoints")
            )
    return found


def _named(want: Want) -> str:
    way = want.inhabitant or want.path
    return f"namespace {want.name}{f' ({way})' if way else ''}"
