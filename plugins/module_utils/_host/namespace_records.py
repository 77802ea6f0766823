# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Records of named namespaces: /run/linuxnet/netns/NAME, one JSON file each.

    {"device": 4, "inode": 4026532001, "owners": ["shop"], "attached": false,
     "addresses": {"shop": {"eth0": ["172.18.0.2/16"]}}}

Each of ``owners`` has a claim; the last one to release it removes the name. Claims are only valid while the name refers
to the namespace with this device and inode. ``addresses`` are leases, which are kept if the namespace is lost, so that
a recreated endpoint gets its old address. The file is on the same tmpfs as the namespaces, and both are gone after a
reboot.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import parse_interface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, record_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

_DIRECTORY = "/run/linuxnet/netns"

Addresses = t.Mapping[str, dict[str, list[str]]]


class Record(Value):
    """A claimed namespace. ``attached`` means that it existed before and was only given a name."""

    identity: tuple[int, int]
    owners: tuple[str, ...]
    attached: bool = False
    addresses: Addresses = NOTHING


def read(host: Host, name: str) -> Record | None:
    """The record of a name, or None. Malformed files do not count, see :func:`damaged`.

    Read only once, since no other run writes records while the host is locked.
    """
    place = (__name__, name)
    if place not in host.memory:
        host.memory[place] = _read(name)
    return t.cast("Record | None", host.memory[place])


def _read(name: str) -> Record | None:
    atomic_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    found = record_files.read(path(name))
    if found is None or not _is_ours(found):
        return None
    return Record(
        identity=(found["device"], found["inode"]),
        owners=tuple(found["owners"]),
        attached=found["attached"],
        addresses=found.get("addresses", {}),
    )


def path(name: str) -> str:
    """The file of the record of a name."""
    return f"{_DIRECTORY}/{name}"


def damaged(host: Host, name: str) -> bool:
    """Whether the file of a record is malformed."""
    return read(host, name) is None and os.path.lexists(path(name))


def _is_ours(found: t.Mapping[str, t.Any]) -> bool:
    """Whether the record is well-formed."""
    owners = found.get("owners")
    return (
        record_files.is_number(found.get("device"))
        and record_files.is_number(found.get("inode"))
        and isinstance(found.get("attached"), bool)
        and isinstance(owners, list)
        and all(isinstance(owner, str) for owner in owners)
        and _are_leases(found.get("addresses", {}))
    )


def _are_leases(found: object) -> bool:
    """Whether it is a dictionary of dictionaries of lists of addresses."""
    if not isinstance(found, dict) or not all(isinstance(leased, dict) for leased in found.values()):
        return False
    given = [listed for leased in found.values() for listed in leased.values()]
    return all(isinstance(listed, list) and all(map(_is_address, listed)) for listed in given)


def _is_address(text: object) -> bool:
    try:
        parse_interface(text if isinstance(text, str) else "")
    except ValueError:
        return False
    return True


def names() -> list[str]:
    """All names with a record, sorted."""
    try:
        return sorted(name for name in os.listdir(_DIRECTORY) if not name.startswith(atomic_files.UNFINISHED))
    except FileNotFoundError:
        return []


def read_all(host: Host) -> dict[str, Record]:
    """All records by name."""
    found = {name: read(host, name) for name in names()}
    return {name: record for name, record in found.items() if record}


def write(host: Host, name: str, record: Record) -> None:
    """Write a record atomically."""
    _forget(host, name)
    device, inode = record.identity
    content = {
        "device": device,
        "inode": inode,
        "owners": record.owners,
        "attached": record.attached,
        "addresses": dict(record.addresses),
    }
    record_files.write(path(name), content)


def remove(host: Host, name: str) -> None:
    """Remove the record of a name, and the directories with the last one."""
    _forget(host, name)
    record_files.remove(path(name))


def _forget(host: Host, name: str) -> None:
    """Drop the cached record, which is about to change."""
    host.memory.pop((__name__, name), None)
