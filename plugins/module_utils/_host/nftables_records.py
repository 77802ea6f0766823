# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Records of what was written to nftables: /run/linuxnet/nftables/INODE, a JSON file for each namespace with rules.

    {"lines": {"DIGEST": ["iifname \"br0\" accept", "linuxnet-forward-shop", []]}, "networks": {"br0": {...}},
     "place": "/run/netns/web"}

The kernel has rules in a form of its own. By the digest of that form a rule is known for what was written, so that
nothing has to be read back in a program's words; a rule with another digest was changed by somebody else. Both are lost
at a reboot. Without the record the rules are written anew. ``place`` is the path of a namespace other than the host's
own: when that leads elsewhere or nowhere, the rules are gone, and the next run removes the record.

What guards ports of bridges is in a table of its own, with a record of its own, INODE-ports.
"""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import namespace_path
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    atomic_files,
    namespaces,
    nftables_chains,
    record_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

_DIRECTORY = "/run/linuxnet/nftables"


def _path(host: Host, ref: str | None, part: str) -> str | None:
    identity = host.identity(ref)
    return None if isinstance(identity, str) else f"{_DIRECTORY}/{identity[1]}{part}"


def read(host: Host, ref: str | None, part: str = "") -> t.Mapping[str, t.Any]:
    path = _path(host, ref, part)
    return (record_files.read(path) if path else None) or {}


def write(host: Host, ref: str | None, content: t.Mapping[str, t.Any], part: str = "") -> None:
    """Record this, or nothing any more."""
    path = _path(host, ref, part)
    if path and content:
        place = {} if ref is None else {"place": namespace_path(ref)}
        record_files.write(path, {**content, **place})
    elif path:
        record_files.remove(path)


def forget_stale(host: Host, refs: t.Iterable[str | None]) -> None:
    """Remove the records of namespaces that are no more, and of those of these that have no rules any more: a run that
    is killed leaves one."""
    _forget_dead()
    for ref in refs:
        for part, family in _PARTS.items():
            path = _path(host, ref, part)
            look = functools.partial(nftables_chains.has_table, nftables_chains.OURS, family)
            if path and os.path.lexists(path) and not host.run(ref, look):
                record_files.remove(path)


#: The families of the tables, by the end of the name of their records.
PORTS = "-ports"
_PARTS = {"": "inet", PORTS: "bridge"}


def _forget_dead() -> None:
    try:
        inodes = os.listdir(_DIRECTORY)
    except FileNotFoundError:
        return
    for inode in inodes:
        path = f"{_DIRECTORY}/{inode}"
        if not inode.startswith(atomic_files.UNFINISHED) and _is_dead(inode, record_files.read(path) or {}):
            record_files.remove(path)


def _is_dead(inode: str, record: t.Mapping[str, t.Any]) -> bool:
    place = record.get("place")
    if not isinstance(place, str) or not place.startswith("/"):
        return False
    found = namespaces.identity(place)
    return found is None or str(found[1]) != inode.removesuffix(PORTS)
