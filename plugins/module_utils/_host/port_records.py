# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whose membership of a bridge it is, for interfaces that we did not make.

One JSON file each, /run/linuxnet/ports/IFNAME:

    {"ifindex": 2, "bridge": "br0", "owner": "shop"}

Such an interface carries no mark of ours. The record says that we put it on the bridge and may take it off again. It
is valid while the name has this index and the interface is on this bridge. After a reboot it is gone, as is the
membership.
"""

from __future__ import annotations

import dataclasses
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, record_files

_DIRECTORY = "/run/linuxnet/ports"


@dataclasses.dataclass(frozen=True)
class PortRecord:
    ifindex: int
    bridge: str
    owner: str


def read_all() -> dict[str, PortRecord]:
    """All records by interface; a file that is not ours in form is none, see :func:`damaged`."""
    return {name: record for name, record in _read_all().items() if record}


def damaged() -> list[str]:
    """The interfaces that have something in the place of a record that is none, sorted."""
    return sorted(name for name, record in _read_all().items() if not record and os.path.lexists(path(name)))


def path(name: str) -> str:
    """The file of an interface's record."""
    return f"{_DIRECTORY}/{name}"


def _read_all() -> dict[str, PortRecord | None]:
    atomic_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    try:
        names = os.listdir(_DIRECTORY)
    except FileNotFoundError:
        return {}
    return {name: _read(name) for name in names if not name.startswith(atomic_files.UNFINISHED)}


def _read(name: str) -> PortRecord | None:
    found = record_files.read(path(name)) or {}
    ifindex, bridge, owner = found.get("ifindex"), found.get("bridge"), found.get("owner")
    if isinstance(ifindex, int) and record_files.is_number(ifindex) and isinstance(bridge, str):
        return PortRecord(ifindex, bridge, owner) if isinstance(owner, str) else None
    return None


def write(name: str, record: PortRecord) -> None:
    """Write a record, whole or not at all."""
    record_files.write(path(name), dataclasses.asdict(record))


def remove(name: str) -> None:
    """Forget an interface, and the directories with the last one."""
    record_files.remove(path(name))
