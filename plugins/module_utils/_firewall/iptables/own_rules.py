# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Read the rules that carry a mark of ours, and find out whether that is all of them."""

from __future__ import annotations

import functools

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Told
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    commands,
    kernel_tables,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.info import (
    is_ours,
    kind_in,
    rules_of_ours,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import iptables_programs, nftables_table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


def read(host: Host, ref: str | None) -> Told:
    found: dict[tuple[str, str], Table] = {}
    unread: list[str] = []
    empty: dict[str, None] = {}
    for family in FAMILIES:
        if not iptables_programs.has_family(host, ref, family):
            continue
        if not iptables_programs.installed(host, family):
            program = iptables_programs.program(family)
            if not nftables_table.installed():
                host.warn(f"{program} is not installed, so no rules are returned")
            if host.run(ref, functools.partial(kernel_tables.present, family)):
                unread.append(f"{program} is not installed, but the kernel has tables of its rules")
            continue
        for table in TABLES:
            try:
                tables = commands.read(host, ref, [(family, table)])
            except iptables_programs.NoTable:
                continue
            except KernelRefused as error:
                unread.append(str(error))
            else:
                found.update(tables)
                chains = tables[family, table].chains
                empty.update((name, None) for name, texts in chains.items() if is_ours(name) and not texts)
    # All tables at once: the rules of a published port are in several, and only one of them says where it leads.
    return Told(rules_of_ours(found), unread, list(empty), sorted(set(map(kind_in, empty))))
