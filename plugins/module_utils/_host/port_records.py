# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Records of the owners of bridge ports, for unmarked interfaces.

One JSON file each, /run/linuxnet/ports/IFNAME:

    {"ifindex": 2, "bridge": "br0", "owner": "shop", "mac_address": "52:54:00:12:34:56"}

The record shows that the owner added the interface to the bridge and may remove it. It is valid while the interface
has this name and index and is on this bridge. A renamed interface is recognised by its index and MAC address, since
the index alone may be reused. After a reboot, both the record and the port are gone.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, record_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links, by_index

_DIRECTORY = "/run/linuxnet/ports"


class PortRecord(Value):
    """``name`` is the name of the file: the interface's name when it was written."""

    beside_the_point: t.ClassVar[tuple[str, ...]] = ("name",)

    ifindex: int
    bridge: str
    owner: str
    mac_address: str | None = None
    name: str = ""


def of(links: Links) -> dict[str, PortRecord]:
    """All records by interface, with the current names of renamed ones."""
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
    """All records by interface; malformed files do not count, see :func:`damaged`."""
    return {name: record for name, record in _read_all().items() if record}


def damaged() -> list[str]:
    """The interfaces with malformed records, sorted."""
    return sorted(name for name, record in _read_all().items() if not record and os.path.lexists(path(name)))


def path(name: str) -> str:
    """The file of the record of an interface."""
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
    """Write a record atomically."""
    content = {word: value for word, value in vars(record).items() if word != "name"}
    record_files.write(path(name), content)


def remove(name: str, ifindex: int | None = None) -> None:
    """Remove the record of an interface, and the directories with the last one.

    :param ifindex: a record of another interface under this name stays
    """
    record = None if ifindex is None else _read(name)
    if record is None or record.ifindex == ifindex:
        record_files.remove(path(name))
