# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small iptables: applies to a table of plain values what iptables-restore --noflush would apply to the kernel's."""

from __future__ import annotations

import copy

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import BUILT_IN, Table


class RestoreError(Exception):
    """iptables-restore would have refused the text, without any effect."""


def restore(table: Table, text: str) -> Table:
    """The table after a restore of `text`."""
    new = copy.deepcopy(table)
    lines = text.splitlines()
    if lines[0] != f"*{table.name}" or lines[-1] != "COMMIT":
        raise RestoreError(f"not one text for table {table.name}")
    for line in lines[1:-1]:
        _do(new, line)
    return new


def _do(table: Table, line: str) -> None:
    verb, _space, rest = line.partition(" ")
    chain, _space, text = rest.partition(" ")
    if verb == "-N":
        if chain in table.chains:
            raise RestoreError(f"{line}: chain exists")
        table.chains[chain] = []
        return
    if chain not in table.chains:
        raise RestoreError(f"{line}: no such chain")
    if verb == "-P":
        table.policies[chain] = text
    elif verb == "-X":
        _remove_chain(table, chain, line)
    else:
        _edit(table, verb, chain, text, line)


def _remove_chain(table: Table, chain: str, line: str) -> None:
    led_to = any(rule_text.fields(text).target == chain for texts in table.chains.values() for text in texts)
    if chain in BUILT_IN[table.name] or table.chains[chain] or led_to:
        raise RestoreError(f"{line}: chain is in use")
    del table.chains[chain]


def _edit(table: Table, verb: str, chain: str, text: str, line: str) -> None:
    rules = table.chains[chain]
    if verb == "-D":
        if text not in rules:
            raise RestoreError(f"{line}: no such rule")
        rules.remove(text)
        return
    target = rule_text.fields(text.partition(" ")[2] if verb == "-I" else text).target
    if target and target.startswith("LINUXNET") and target not in table.chains:
        raise RestoreError(f"{line}: no such target")
    if verb == "-A":
        rules.append(text)
    elif verb == "-I":
        position, _space, text = text.partition(" ")
        if not 1 <= int(position) <= len(rules) + 1:
            raise RestoreError(f"{line}: no such position")
        rules.insert(int(position) - 1, text)
    else:
        raise RestoreError(line)
