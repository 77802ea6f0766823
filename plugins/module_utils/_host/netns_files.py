# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The files that namespaces have instead of the host's, /etc/netns/NAME/*, as shown by ``ip netns exec``."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import in_place
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import hosts_file
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.hosts_file import HostsFile

HOSTS = "hosts"
#: How many parsed files to cache; most namespaces have the same one.
_KNOWN = 8


class Files(Value):
    """The files of a namespace. ``trouble`` says why they are left alone."""

    hosts: HostsFile | None = None
    content: bytes = b""
    trouble: str | None = None


def path(namespace: str, name: str) -> str:
    return f"{in_place.DIRECTORY}/{namespace}/{name}"


def read_all(host: Host) -> dict[str, Files]:
    """The files of every namespace that has a directory of its own.

    Read only once, since no other run writes them while the host is locked.
    """
    if __name__ not in host.memory:
        host.memory[__name__] = _read_all()
    return t.cast("dict[str, Files]", host.memory[__name__])


def forget(host: Host) -> None:
    """Drop the cached files, which are about to change."""
    host.memory.pop(__name__, None)


def _read_all() -> dict[str, Files]:
    try:
        with os.scandir(in_place.DIRECTORY) as entries:
            directories = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    unfinished = in_place.unfinished()
    known: list[Files] = []
    found: dict[str, Files] = {}
    for name, plain in directories:
        if name.startswith(in_place.OURS):
            continue
        if not plain:
            found[name] = Files(trouble=f"{in_place.DIRECTORY}/{name} is not a plain directory, so it is left alone")
            continue
        place = path(name, HOSTS)
        try:
            content = unfinished.get(place) or in_place.read(place)
        except Refused as error:
            found[name] = Files(trouble=str(error))
            continue
        found[name] = Files() if content is None else _parsed(content, known)
    return found


def _parsed(content: bytes, known: list[Files]) -> Files:
    for other in known:
        if content == other.content:
            return other
    files = Files(hosts_file.parse(content), content)
    known.insert(0, files)
    del known[_KNOWN:]
    return files


def source() -> bytes:
    """The host's own hosts file."""
    try:
        with open(hosts_file.SOURCE, "rb") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError):
        return b""
