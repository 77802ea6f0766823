# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Enables promote_secondaries on an interface while one of its addresses is deleted.

Without it, the kernel deletes all other IPv4 addresses of the subnet along with the first. Since a run may be
interrupted just then, the interface is recorded in /run/linuxnet/promoting before, and the next run that changes
anything on the host switches the setting off again:

    {"netns": "web", "device": 4, "inode": 4026532001, "ifindex": 2}
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    atomic_files,
    namespaces,
    record_files,
    sysctl,
)

_DIRECTORY = "/run/linuxnet/promoting"
_OFF, _ON = "0", "1"


@contextlib.contextmanager
def others(netns: str | None, name: str) -> t.Iterator[None]:
    """Let the next IPv4 address of a subnet replace a deleted first one. Called inside the namespace."""
    if sysctl.read(setting(name)) != _OFF:
        yield
        return
    index = socket.if_nametoindex(name)
    found = os.stat(namespaces.OWN)
    path = f"{_DIRECTORY}/{found.st_ino}-{index}"
    record_files.write(path, {"netns": netns, "device": found.st_dev, "inode": found.st_ino, "ifindex": index})
    sysctl.write(setting(name), _ON)
    try:
        yield
    finally:
        sysctl.write(setting(name), _OFF)
        record_files.remove(path)


class Visits(t.Protocol):
    """The part of Host that :func:`end` needs."""

    def exists(self, ref: str | None) -> bool: ...
    def identity(self, ref: str | None) -> t.Any: ...
    def run(self, ref: str | None, work: t.Callable[[], None]) -> None: ...
    def forget(self, ref: str) -> None: ...


def end(host: Visits) -> None:
    """Switch it off where an interrupted run left it on. The caller holds the lock."""
    atomic_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    for path in _paths():
        found = record_files.read(path) or {}
        netns, index = found.get("netns"), found.get("ifindex")
        if not (netns is None or isinstance(netns, str)) or not isinstance(index, int):
            continue
        if host.exists(netns):
            same = host.identity(netns) == (found.get("device"), found.get("inode"))
            if netns is None and not same:
                continue  # this run is in another namespace than the interrupted one
            if same:
                host.run(netns, functools.partial(_switch_off, index))
            if netns is not None:
                host.forget(netns)
        record_files.remove(path)


def _paths() -> list[str]:
    try:
        return [f"{_DIRECTORY}/{name}" for name in sorted(os.listdir(_DIRECTORY))]
    except FileNotFoundError:
        return []


def _switch_off(index: int) -> None:
    try:
        name = socket.if_indextoname(index)
    except OSError:  # it is gone, and its setting with it
        return
    if sysctl.read(setting(name)) == _ON:
        sysctl.write(setting(name), _OFF)


def setting(name: str) -> str:
    return f"net/ipv4/conf/{name}/promote_secondaries"
