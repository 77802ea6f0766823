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
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import hosts_file, resolver_file
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.hosts_file import HostsFile
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import Resolver

HOSTS = "hosts"
RESOLVER = "resolv.conf"
_HOSTS_OWN_RESOLVER = "/etc/resolv.conf"
#: The servers that systemd-resolved uses.
_UPSTREAM = "/run/systemd/resolve/resolv.conf"
#: How many parsed files to cache; most namespaces have the same one.
_KNOWN = 8


class Files(Value):
    """The files of a namespace. ``trouble`` says why its hosts file is left alone."""

    hosts: HostsFile | None = None
    content: bytes = b""
    resolver: bytes | None = None
    trouble: str | None = None


def directory(namespace: str) -> str:
    return f"{in_place.DIRECTORY}/{namespace}"


def path(namespace: str, name: str) -> str:
    return f"{directory(namespace)}/{name}"


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
    known: list[tuple[bytes, HostsFile]] = []
    found: dict[str, Files] = {}
    for name, plain in directories:
        if name.startswith(in_place.OURS):
            continue
        if not plain:
            found[name] = Files(trouble=f"{in_place.DIRECTORY}/{name} is not a plain directory, so it is left alone")
            continue
        found[name] = _read_both(path(name, HOSTS), path(name, RESOLVER), unfinished, known)
    return found


def _read_both(
    hosts: str, resolver: str, unfinished: t.Mapping[str, bytes], known: list[tuple[bytes, HostsFile]]
) -> Files:
    try:
        asked = unfinished.get(resolver) or in_place.read(resolver)
    except Refused:
        asked = b""
    try:
        content = unfinished.get(hosts) or in_place.read(hosts)
    except Refused as error:
        return Files(resolver=asked, trouble=str(error))
    return Files(resolver=asked) if content is None else Files(*_parsed(content, known), asked)


def _parsed(content: bytes, known: list[tuple[bytes, HostsFile]]) -> tuple[HostsFile, bytes]:
    """The parsed file and its content, as one object for all equal files."""
    for other, parsed in known:
        if content == other:
            return parsed, other
    parsed = hosts_file.parse(content)
    known.insert(0, (content, parsed))
    del known[_KNOWN:]
    return parsed, content


def source() -> bytes:
    """The host's own hosts file."""
    return _read(hosts_file.SOURCE)


def resolver() -> Resolver:
    """The host's own resolver."""
    return _resolver(_HOSTS_OWN_RESOLVER)


def upstream() -> Resolver:
    """The servers of systemd-resolved, if it runs."""
    return _resolver(_UPSTREAM)


def _resolver(place: str) -> Resolver:
    return resolver_file.parse(_read(place).decode("utf-8", "surrogateescape"))


def _read(place: str) -> bytes:
    try:
        with open(place, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
