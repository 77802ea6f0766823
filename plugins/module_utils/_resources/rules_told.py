# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules that carry a mark of ours, and whether these are all."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import iptables, rule_tables
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.own_rules import is_ours, rules_of_ours
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.tables import FAMILIES, TABLES

View = dict[str, t.Any]


def read(host: Host, ref: str | None) -> tuple[list[View], list[str], list[str]]:
    """What was found, in sentences why there may be more, since what cannot be seen can neither be kept nor removed,
    and the chains of ours that have no rule."""
    found: list[View] = []
    unread: list[str] = []
    empty: dict[str, None] = {}
    for family in FAMILIES:
        if not iptables.has_family(host, ref, family):
            continue
        if not iptables.installed(host, family):
            program = iptables.program(family)
            host.warn(f"{program} is not installed, so rules are not told")
            if host.run(ref, functools.partial(rule_tables.present, family)):
                unread.append(f"{program} is not installed, and there are tables of rules that it shows")
            continue
        for table in TABLES:
            try:
                tables = iptables.read(host, ref, [(family, table)])
            except iptables.NoTable:
                continue
            except KernelRefused as error:
                unread.append(str(error))
            else:
                found += rules_of_ours(tables)
                chains = tables[family, table].chains
                empty.update((name, None) for name, texts in chains.items() if is_ours(name) and not texts)
    return found, unread, list(empty)
