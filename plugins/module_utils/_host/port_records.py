# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whose membership of a bridge it is, for interfaces that we did not make.

One JSON file each, /run/linuxnet/ports/IFNAME:

    {"ifindex": 2, "bridge": "br0", "owner": "shop", "mac_address": "52:54:00:12:34:56"}

Such an interface carries no mark of ours. The record says that we put it on the bridge and may take it off again. It
is valid while the name has this index and the interface is on this bridge. One that was renamed is known by its index
and MAC address, since the index alone may have been given to another one. After a reboot the record is gone, as is
the membership.
"""

from __future__ import annotations

import dataclasses
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, record_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links, by_index

_DIRECTORY = "/run/linuxnet/ports"


@dataclasses.dataclass(frozen=True)
class PortRecord:
    """``name``: that of the file, which the interface had when it was written."""

    ifindex: int
    bridge: str
    owner: str
    mac_address: str | None = None
    name: str = dataclasses.field(default="", compare=False)


def of(links: Links) -> dict[str, PortRecord]:
    """All records by interface, renamed ones by the names that they have now."""
    records, indexed = read_all(), by_index(links)
    found = dict(records)
    for name, record in records.items():
        link = indexed.get(record.ifindex)
        if link is None or link.name == name or link.mac_address is None or link.mac_address != record.mac_address:
            continue
        if link.name not in records or records[link.name].ifindex != link.index:
            found[link.name] = record
    return found


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
    ifindex, bridge, owner, mac = (found.get(word) for word in ("ifindex", "bridge", "owner", "mac_address"))
    if not (isinstance(ifindex, int) and record_files.is_number(ifindex)):
        return None
    if not (isinstance(bridge, str) and isinstance(owner, str) and (mac is None or isinstance(mac, str))):
        return None
    return PortRecord(ifindex, bridge, owner, mac, name)


def write(name: str, record: PortRecord) -> None:
    """Write a record, whole or not at all."""
    content = {word: value for word, value in dataclasses.asdict(record).items() if word != "name"}
    record_files.write(path(name), content)


def remove(name: str, ifindex: int | None = None) -> None:
    """Forget an interface, and the directories with the last one.

    :param ifindex: what is remembered by the name of another one stays
    """
    record = None if ifindex is None else _read(name)
    if record is None or record.ifindex == ifindex:
        record_files.remove(path(name))
