# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What we remember of named namespaces: /run/linuxnet/netns/NAME, one JSON file each.

    {"device": 4, "inode": 4026532001, "owners": ["shop"], "attached": false,
     "addresses": {"shop": {"eth0": ["172.18.0.2/16"]}}}

``owners`` hold a claim each; the last to let go removes the name. The claims are valid only while the name leads
to the namespace with this device and inode. ``addresses`` are leases, kept also when the namespace was lost, so
that an endpoint that is made again gets the address it had. The file lives on the same tmpfs as the namespaces, and
both are gone after a reboot.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import whole_files

_DIRECTORY = "/run/linuxnet/netns"

Addresses = dict[str, dict[str, list[str]]]


@dataclasses.dataclass(frozen=True)
class Record:
    """One namespace of ours; ``attached`` means that it was there before and we only named it."""

    identity: tuple[int, int]
    owners: tuple[str, ...]
    attached: bool = False
    addresses: Addresses = dataclasses.field(default_factory=dict)


def read(name: str) -> Record | None:
    """The record of a name, or None; a file that is not ours in form is none."""
    whole_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    try:
        with open(f"{_DIRECTORY}/{name}", encoding="utf-8") as file:
            found = json.load(file)
        return Record(
            identity=(int(found["device"]), int(found["inode"])),
            owners=tuple(str(owner) for owner in found["owners"]),
            attached=bool(found["attached"]),
            addresses=dict(found.get("addresses", {})),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None


def names() -> list[str]:
    """All names that have a record, sorted."""
    try:
        return sorted(name for name in os.listdir(_DIRECTORY) if not name.startswith(whole_files.UNFINISHED))
    except FileNotFoundError:
        return []


def write(name: str, record: Record) -> None:
    """Write a record, whole or not at all."""
    device, inode = record.identity
    text = json.dumps(
        {
            "device": device,
            "inode": inode,
            "owners": record.owners,
            "attached": record.attached,
            "addresses": record.addresses,
        }
    )
    whole_files.write(f"{_DIRECTORY}/{name}", (text + "\n").encode())


def remove(name: str) -> None:
    """Forget a name, and the directories with the last one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{_DIRECTORY}/{name}")
    with contextlib.suppress(OSError):
        os.rmdir(_DIRECTORY)
        os.rmdir(os.path.dirname(_DIRECTORY))
