# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Read and write tables of iptables, with at most one read and one write per table and family."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import odd_tables, tables
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import iptables_programs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host

Tables = dict[tuple[str, str], tables.Table]


def read(host: Host, ref: str | None, wanted: t.Iterable[tuple[str, str]]) -> Tables:
    """The tables by family and name."""
    return {
        (family, name): tables.parse(name, iptables_programs.save(host, ref, family, name)) for family, name in wanted
    }


def odd(host: Host, ref: str | None, family: str) -> dict[str, str]:
    """The tables that cannot hold our rules, each with a sentence why. The legacy backend has tables of its own."""
    place = ("odd tables", host.identity(ref), family)
    if place not in host.memory:
        found = host.run(ref, functools.partial(odd_tables.read, family))
        host.memory[place] = found if found and iptables_programs.other_backend(host, family) == "legacy" else {}
    return dict(host.memory[place])


def write(host: Host, ref: str | None, family: str, name: str, edits: t.Sequence[tables.Edit]) -> None:
    """Edit one table, in several writes if necessary.

    In a user namespace iptables cannot enlarge its socket buffer, so the kernel refuses thousands of edits in one
    message. Edits apply one after the other, so the list can be split anywhere.
    """
    try:
        iptables_programs.restore(host, ref, family, name, tables.restore_text(name, edits))
    except iptables_programs.TooLong:
        if len(edits) < 2:
            raise
        middle = len(edits) // 2
        write(host, ref, family, name, edits[:middle])
        write(host, ref, family, name, edits[middle:])
