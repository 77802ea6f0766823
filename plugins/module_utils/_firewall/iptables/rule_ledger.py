# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What all resources with rules share: read tables, collect claims on rules, and turn those into steps."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused, Unchangeable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Asked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    commands,
    kernel_tables,
    table_plan,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Edit, Place, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import iptables_programs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, LinksStay, Session

#: The groups of chains that a resource manages, by family and table.
GroupsOf = t.Callable[[str, str], t.Sequence[chains.Group]]
#: Namespace (the first reference to it), family and table.
TableKey = tuple[t.Optional[str], str, str]


class WriteRules(Value, LinksStay, Aside):
    ref: str | None
    family: str
    table: str
    edits: list[Edit]

    def __str__(self) -> str:
        return f"change the {iptables_programs.WORD[self.family]} rules of table {self.table}"

    def do(self, session: Session) -> None:
        commands.write(session.host, self.ref, self.family, self.table, self.edits)


class Tables(Value):
    """The tables that were read, and which references mean the same namespace."""

    #: For each reference in a want, the first one to the same namespace; its tables are stored under that one.
    same: dict[str | None, str | None]
    #: References to namespaces that do not exist, so that there is nothing to remove.
    missing: set[str | None]
    by_key: dict[TableKey, Table]
    #: The tables that cannot hold our rules, each with a sentence why.
    odd: dict[TableKey, str]

    def place(self, ref: str | None) -> str | None:
        """The reference under which a namespace's tables are stored."""
        return self.same.get(ref)

    def of(self, ref: str | None) -> dict[tuple[str, str], Table]:
        """A namespace's tables by family and name."""
        if ref in self.missing:
            return {}
        return {
            (family, name): table for (owner, family, name), table in self.by_key.items() if owner == self.same[ref]
        }


def read_tables(host: Host, wants: t.Sequence[Asked], kept_in: t.Collection[str]) -> Tables:
    """Read the tables of every namespace that a want names, in every family that a want concerns.

    A family that no want requires (``asks_for``) is skipped if this host does not support it.

    :param kept_in: the names of the tables
    """
    concerned = {family for want in wants for family in want.families}
    asked = {family for want in wants for family in want.asks_for}
    found = Tables({}, set(), {}, {})
    needed = {want.netns for want in wants if want.state == "present"}
    identities: dict[t.Any, str | None] = {}
    for ref in dict.fromkeys(want.netns for want in wants):
        if ref not in needed and not host.exists(ref):
            found.missing.add(ref)
            continue
        found.same[ref] = identities.setdefault(host.identity(ref), ref)
    for ref in dict.fromkeys(found.same.values()):
        for family in (family for family in FAMILIES if family in concerned):
            names = [name for name in TABLES if name in kept_in]
            if _usable(host, ref, family, family in asked, bool(needed)):
                for key, table in commands.read(host, ref, [(family, name) for name in names]).items():
                    found.by_key[(ref, *key)] = table
                if needed:
                    found.odd.update(
                        {(ref, family, name): told for name, told in commands.odd(host, ref, family).items()}
                    )
    return found


def _usable(host: Host, ref: str | None, family: str, asked: bool, building: bool) -> bool:
    """Whether to read the rules of this family. If it is required, always: a later error then says what is missing."""
    if asked:
        return True
    if not iptables_programs.has_family(host, ref, family):
        return False
    if iptables_programs.installed(host, family):
        return True
    program = iptables_programs.program(family)
    if building:
        host.warn(f"{program} is not installed, so {family} forwarding on this host is not restricted")
    elif host.run(ref, lambda: kernel_tables.present(family)):
        raise Refused(f"{program} is not installed, so {family} rules can be neither read nor removed")
    return False


class Ledger:
    """Collects what each want claims in each table, and turns it into steps."""

    def __init__(self, tables: Tables, count: int, groups: GroupsOf) -> None:
        """
        :param count: the number of wants
        :param groups: the groups of chains that the resource manages, by family and table
        """
        self._tables = tables
        self._groups = groups
        self._claims: dict[TableKey, dict[int, table_plan.Claim]] = collections.defaultdict(dict)
        self._more: dict[TableKey, list[tuple[int, Edit]]] = collections.defaultdict(list)
        self.shares: list[list[tuple[str, str, Edit]]] = [[] for _want in range(count)]

    def claim(
        self, want: int, ref: str | None, family: str, table: str, found: t.Iterable[Place], wanted: t.Iterable[Place]
    ) -> None:
        """Record what a want has and wants in one table. Ignored if the namespace or the table is missing."""
        key = (self._tables.same.get(ref), family, table)
        if ref not in self._tables.missing and key in self._tables.by_key:
            self._claims[key][want] = table_plan.Claim(tuple(found), tuple(wanted))

    def add(self, want: int, ref: str | None, family: str, table: str, edit: Edit) -> None:
        """Record an edit other than of a rule. Of two equal ones in a table, only the first counts."""
        more = self._more[self._tables.same[ref], family, table]
        if edit not in [noted for _number, noted in more]:
            more.append((want, edit))

    def settle(self, building: bool) -> list[WriteRules]:
        """The steps, ordered so that nothing is open in between. Also fills ``shares``.

        :param building: whether any rules are added; if they are only removed, the order is reversed
        """
        steps = []
        for key, claims in self._claims.items():
            ref, family, name = key
            if key in self._tables.odd and any(claim.wanted for claim in claims.values()):
                raise Unchangeable(self._tables.odd[key])
            numbers = sorted(claims)
            table = self._tables.by_key[key]
            made = table_plan.draft(table, [claims[number] for number in numbers], self._groups(family, name))
            for number, edits in zip(numbers, made.shares):
                self.shares[number] += [(family, name, edit) for edit in edits]
            more = self._more[key]
            for number, edit in more:
                self.shares[number].append((family, name, edit))
            edits = made.edits + [edit for _number, edit in more]
            if edits:
                steps.append(WriteRules(ref, family, name, edits))
        return sorted(steps, key=lambda step: TABLES.index(step.table), reverse=not building)

    def drift(self, want: int) -> tuple[list[str], list[str]]:
        """The lines that a want's share of the edits removes and adds, for the diff."""
        removed: list[str] = []
        added: list[str] = []
        for family, table, edit in self.shares[want]:
            words = f"{family} {table} "
            if edit.verb in "NX":
                (added if edit.verb == "N" else removed).append(f"{words}-N {edit.chain}")
            elif edit.verb in "DAI":
                (removed if edit.verb == "D" else added).append(f"{words}-A {edit.chain} {edit.text}")
        return _telling(removed, added)


def _telling(removed: list[str], added: list[str]) -> tuple[list[str], list[str]]:
    """Mark rules that are removed only to be added again: they were misplaced, or there more than once."""
    again = set(added)
    copies = collections.Counter(removed)
    told = [
        f"{line} ({copies[line]} times)" if copies[line] > 1 else f"{line} (misplaced)" if line in again else line
        for line in copies
    ]
    return told, added
