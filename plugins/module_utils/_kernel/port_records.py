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

import contextlib
import dataclasses
import json
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import whole_files

_DIRECTORY = "/run/linuxnet/ports"


@dataclasses.dataclass(frozen=True)
class PortRecord:
    ifindex: int
    bridge: str
    owner: str


def read_all() -> dict[str, PortRecord]:
    """All records by interface; a file that is not ours in form is none."""
    whole_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    try:
        names = os.listdir(_DIRECTORY)
    except FileNotFoundError:
        return {}
    records = {name: _read(name) for name in names if not name.startswith(whole_files.UNFINISHED)}
    return {name: record for name, record in records.items() if record}


def _read(name: str) -> PortRecord | None:
    try:
        with open(f"{_DIRECTORY}/{name}", encoding="utf-8") as file:
            found = json.load(file)
        return PortRecord(int(found["ifindex"]), str(found["bridge"]), str(found["owner"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write(name: str, record: PortRecord) -> None:
    """Write a record, whole or not at all."""
    whole_files.write(f"{_DIRECTORY}/{name}", (json.dumps(dataclasses.asdict(record)) + "\n").encode())


def remove(name: str) -> None:
    """Forget an interface, and the directories with the last one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{_DIRECTORY}/{name}")
    with contextlib.suppress(OSError):
        os.rmdir(_DIRECTORY)
        os.rmdir(os.path.dirname(_DIRECTORY))
