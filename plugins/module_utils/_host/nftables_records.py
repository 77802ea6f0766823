# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Records of what was written to nftables: /run/linuxnet/nftables/INODE, a JSON file for each namespace with rules.

    {"lines": {"DIGEST": ["iifname \"br0\" accept", "linuxnet-forward-shop", []]}, "networks": {"br0": {...}}}

The kernel has rules in a form of its own. By the digest of that form a rule is known for what was written, so that
nothing has to be read back in a program's words; a rule with another digest was changed by somebody else. Both are lost
at a reboot. Without the record the rules are written anew.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import record_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

_DIRECTORY = "/run/linuxnet/nftables"


def _path(host: Host, ref: str | None) -> str | None:
    identity = host.identity(ref)
    return None if isinstance(identity, str) else f"{_DIRECTORY}/{identity[1]}"


def read(host: Host, ref: str | None) -> t.Mapping[str, t.Any]:
    path = _path(host, ref)
    return (record_files.read(path) if path else None) or {}


def write(host: Host, ref: str | None, content: t.Mapping[str, t.Any]) -> None:
    """Record this, or nothing any more."""
    path = _path(host, ref)
    if path and content:
        record_files.write(path, content)
    elif path:
        record_files.remove(path)
