# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Records of subnets from the address pools: /etc/linuxnet/subnets/NAME, one JSON file each.

    {"subnets": ["172.16.0.0/16"]}

They are on disk, so that a network gets the same subnet after a reboot, whatever was added in between.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, record_files

_DIRECTORY = "/etc/linuxnet/subnets"


def read_all() -> dict[str, list[str]]:
    """The subnets by network; malformed files do not count."""
    atomic_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    try:
        names = os.listdir(_DIRECTORY)
    except FileNotFoundError:
        return {}
    return {name: _read(name) for name in names if not name.startswith(atomic_files.UNFINISHED)}


def _read(name: str) -> list[str]:
    found = (record_files.read(f"{_DIRECTORY}/{name}") or {}).get("subnets")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def write(name: str, subnets: t.Sequence[str]) -> None:
    """Replace the recorded subnets of a network."""
    path = f"{_DIRECTORY}/{name}"
    if not subnets:
        record_files.remove(path)
    elif _read(name) != list(subnets):
        record_files.write(path, {"subnets": list(subnets)})
