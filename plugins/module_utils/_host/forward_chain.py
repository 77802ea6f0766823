# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Whether forwarded packets are accepted by default."""

from __future__ import annotations

import re

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import iptables_programs, nftables_chains
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

#: A rule that stops every packet: it has only a comment and a target.
_STOPS_ALL = re.compile(
    r"""-A\ FORWARD (\ -m\ comment\ --comment\ ("(\\.|[^"\\])*"|[^\s"]+))* \ -[jg]\ (DROP|REJECT) (\ .*)?""", re.VERBOSE
)


def is_open(host: Host, ref: str | None, family: str) -> bool:
    """Whether the chain accepts, by its policy and its last rule, and so does that of nftables. Without either, yes."""
    if host.run(ref, nftables_chains.ours_drops):
        return False
    try:
        saved = iptables_programs.save(host, ref, family, "filter")
    except KernelRefused:
        return True
    lines = saved.splitlines()
    dropped = any(line.startswith(":FORWARD ") and line.split()[1] != "ACCEPT" for line in lines)
    last = [line for line in lines if line.startswith("-A FORWARD ")][-1:]
    return not dropped and not any(map(_STOPS_ALL.fullmatch, last))
