# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The tables of iptables as plain values, and the ``iptables-restore --noflush`` input that edits one.

Nothing is flushed and rules that stay are not rewritten, so their counters and all foreign rules are kept.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value

BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}


#: The hooks in order of their numbers, each by the name of its built-in chain.
HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
_PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0}


def base_chain(table: str, chain: str) -> tuple[str, int]:
    """The nftables type and priority of a built-in chain."""
    if table == "nat":
        return "nat", -100 if chain in ("PREROUTING", "OUTPUT") else 100
    return "route" if (table, chain) == ("mangle", "OUTPUT") else "filter", _PRIORITIES[table]


class Place(t.NamedTuple):
    """A rule's text and its chain."""

    chain: str
    text: str


class Table(Value):
    """A table of one family: the rules of each chain in order, and the policies of the built-in chains."""

    name: str
    chains: dict[str, list[str]]
    policies: dict[str, str]


def empty(name: str) -> Table:
    """The table as the kernel creates it."""
    return Table(name, {chain: [] for chain in BUILT_IN[name]}, dict.fromkeys(BUILT_IN[name], "ACCEPT"))


def parse(name: str, saved: str) -> Table:
    """Parse the output of ``iptables-save -t NAME``. No output means that nobody has used the table yet."""
    table = empty(name)
    for line in saved.splitlines():
        if line.startswith(":"):
            chain, policy, *_counters = line[1:].split()
            table.chains.setdefault(chain, [])
            if policy != "-":
                table.policies[chain] = policy
        elif line.startswith("-A "):
            _append, chain, *rest = line.split(" ", 2)
            table.chains[chain].append(rest[0] if rest else "")
    return table


class Edit(t.NamedTuple):
    """One line of ``iptables-restore`` input.

    ``verb``: N (create a chain), D (delete a rule by its text), I (insert at ``position``, counted from 1), A (append),
    X (delete an empty chain) or P (set the policy to ``text``).
    """

    verb: str
    chain: str
    text: str = ""
    position: int = 0

    def line(self) -> str:
        """The line. No field can contain a newline, since each was validated or read from such a line."""
        words = [f"-{self.verb}", self.chain]
        if self.position:
            words.append(str(self.position))
        if self.text:
            words.append(self.text)
        return " ".join(words)


def restore_text(table: str, edits: t.Sequence[Edit]) -> str:
    """The input of ``iptables-restore --noflush``, which applies all of it or nothing."""
    return "\n".join([f"*{table}", *(edit.line() for edit in edits), "COMMIT", ""])
