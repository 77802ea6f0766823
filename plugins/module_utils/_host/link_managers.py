# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The network managers of a host: which ones run, the files for them, and the links that they manage.

/run/linuxnet/untold/OWNER exists while a file was written and its manager has not been told.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, service_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.manager_files import (
    MANAGERS,
    NETWORK_MANAGER,
    NETWORKD,
    Manager,
)

_UNTOLD = pathlib.Path("/run/linuxnet/untold")
_NM = "org.freedesktop.NetworkManager"
_RELOADS = {
    NETWORKD.name: ["networkctl", "reload"],
    NETWORK_MANAGER.name: ["busctl", "call", "--quiet", _NM, f"/{_NM.replace('.', '/')}", _NM, "Reload", "u", "1"],
}
_FILE = re.compile(r"^NETWORK_FILE=(.*)$", re.MULTILINE)


def running() -> list[Manager]:
    """The managers that have run since the host was started."""
    return [manager for manager in MANAGERS if os.path.exists(manager.trace)]


def read(path: str) -> str | None:
    """The text of a file, None if it does not exist."""
    found = service_files.read(pathlib.Path(path))
    return None if found is None else found.decode("utf-8", "surrogateescape")


def files() -> dict[str, dict[str, list[str]]]:
    """The interfaces in files of this collection, by owner and path.

    An owner without files was interrupted before the first one was written.
    """
    found: dict[str, dict[str, list[str]]] = {
        path.name: {} for path in sorted(_UNTOLD.glob("*")) if not path.name.startswith(atomic_files.UNFINISHED)
    }
    for manager in MANAGERS:
        for directory in (manager.volatile, manager.lasting):
            for path in sorted(pathlib.Path(directory).glob(manager.file_name("*"))):
                text = read(str(path)) or ""
                owner = manager.owner_of(text)
                if owner is not None and path.name == manager.file_name(owner):
                    found.setdefault(owner, {})[str(path)] = manager.interfaces_in(text)
    return found


def write(path: str, text: str) -> None:
    """Write a file."""
    atomic_files.write(path, text.encode("utf-8", "surrogateescape"), 0o644)


def remove(path: str) -> None:
    """Remove a file if it exists, and its directory below /run once that is empty."""
    file = pathlib.Path(path)
    file.unlink(missing_ok=True)
    if path.startswith("/run/"):
        with contextlib.suppress(OSError):
            file.parent.rmdir()


def is_untold(owner: str) -> bool:
    """Whether a run was interrupted between writing a file of this owner and telling its manager."""
    return (_UNTOLD / owner).exists()


def remember_untold(owner: str) -> None:
    """Record that a file is about to be written."""
    atomic_files.write(str(_UNTOLD / owner), b"")


def forget_untold(owner: str) -> None:
    """Remove the record, and the directories with the last one."""
    (_UNTOLD / owner).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _UNTOLD.rmdir()
        _UNTOLD.parent.rmdir()


def managed(manager: Manager, interfaces: t.Iterable[str]) -> dict[str, str]:
    """The interfaces that the manager manages, each with the responsible file if it reports one."""
    found = {}
    for name in interfaces:
        with contextlib.suppress(OSError):
            noted = read(f"{manager.links}/{socket.if_nametoindex(name)}") or ""
            if manager.managing.search(noted):
                file = _FILE.search(noted)
                found[name] = file.group(1) if file else ""
    return found


def tell(host: Host, manager: Manager) -> None:
    """Make the manager reload its files, if systemd and the manager are running.

    This bypasses systemd, which would only reload it after a unit that is ordered after it has stopped.
    """
    if service_files.systemd_runs() and service_files.shown(host, f"{manager.name}.service")["ActiveState"] == "active":
        done = host.command(None, _RELOADS[manager.name])
        if done.rc:
            host.warn(f"{manager.name} could not be told to reload its files: {' '.join(done.err.split())}")
