# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Routes learnt by router advertisement."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import sysctl

#: RTF_ADDRCONF: the route was learnt by autoconfiguration. Manual routes never have it.
_LEARNT = 0x00040000


def accept_ra() -> dict[str, str]:
    """accept_ra of each interface with an advertised route, in the calling thread's namespace."""
    found = {}
    try:
        with open("/proc/thread-self/net/ipv6_route", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                words = line.split()
                if int(words[8], 16) & _LEARNT:
                    found[words[9]] = sysctl.read(f"net/ipv6/conf/{words[9]}/accept_ra") or "0"
    except FileNotFoundError:
        return {}
    return found
