# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Records of the published ports of an owner: /run/linuxnet/published/OWNER, one JSON file each.

    {"ports": [["ipv4", "tcp", "", "8080"], ["ipv4", "tcp", "127.0.0.1", "8081"]]}

The rules contain them too, unless one was deleted by hand. A port that is only recorded is restored, whatever listens
on it by now. The record is written after the rules and removed before them.
"""

from __future__ import annotations

import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import atomic_files, record_files

_DIRECTORY = "/run/linuxnet/published"

#: IP version, protocol, address of the host (may be empty), port or range.
Port = tuple[str, str, str, str]


def read_all() -> dict[str, frozenset[Port]]:
    """The ports by owner; malformed files do not count."""
    atomic_files.trust(os.path.dirname(_DIRECTORY), _DIRECTORY)
    try:
        owners = os.listdir(_DIRECTORY)
    except FileNotFoundError:
        return {}
    return {owner: _read(owner) for owner in owners if not owner.startswith(atomic_files.UNFINISHED)}


def _read(owner: str) -> frozenset[Port]:
    ports = (record_files.read(f"{_DIRECTORY}/{owner}") or {}).get("ports")
    if not isinstance(ports, list):
        return frozenset()
    formed = [port for port in ports if isinstance(port, list) and all(isinstance(word, str) for word in port)]
    return frozenset((port[0], port[1], port[2], port[3]) for port in formed if len(port) == 4)


def write(owner: str, ports: frozenset[Port]) -> None:
    """Replace the recorded ports of an owner."""
    path = f"{_DIRECTORY}/{owner}"
    if ports:
        record_files.write(path, {"ports": sorted(ports)})
    else:
        record_files.remove(path)
