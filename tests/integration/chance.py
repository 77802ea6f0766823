# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's network without what the kernel chooses, for comparing two hosts with different histories."""

from __future__ import annotations

import re

from tests.lab.host import Host

#: Numbers and addresses that the kernel chooses, and what it shows some time after a carrier change.
_CHANCE = re.compile(
    r'"(ifindex|link_index|link_netnsid|address|permaddr|bridge_id|no|port_id|id)": ("[\w:.]*"|\d+)'
    r'|"(NO-CARRIER|LOWER_UP|linkdown)",? ?'
    r"|namespace \d+|\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b"
    # The host's own name, and what was made of it.
    r"|(?<=127\.0\.0\.1 localhost )\w+|(?<=::1 localhost )\w+|SHA-256 [0-9a-f]{64}"
)
_OF_ONE_FILE = re.compile(r"/run/linuxnet/netns/(\S+) \S+ .*")


def without_chance(host: Host) -> list[str]:
    """A dump of everything except what the kernel chooses."""
    found = []
    for section, lines in host.dump().items():
        for line in lines:
            if "fe80:" not in line:
                found.append(f"{section}: " + _OF_ONE_FILE.sub(r"claim on \1", _CHANCE.sub("", line)))
    return sorted(found)
