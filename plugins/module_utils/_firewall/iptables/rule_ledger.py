# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What the resources that write rules share: reading tables, collecting claims, and the steps that come of them."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused, Unchangeable
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
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

#: The groups of chains that a resource is about, by family and table.
GroupsOf = t.Callable[[str, str], t.Sequence[chains.Group]]
#: By namespace (the first reference to it), family and table.
TableKey = tuple[t.Optional[str], str, str]


@dataclasses.dataclass(frozen=True)
class WriteRules(LinksStay, Aside):
    """A step: edit one table."""

    ref: str | None
    family: str
    table: str
    edits: list[Edit]

    def __str__(self) -> str:
        return f"change the {iptables_programs.WORD[self.family]} rules of table {self.table}"

    def do(self, session: Session) -> None:
        commands.write(session.host, self.ref, self.family, self.table, self.edits)


@dataclasses.dataclass
class Tables:
    """The tables read, and which namespaces are one."""

    #: For each reference used by a want the first one to the same namespace, under which its tables are found.
    same: dict[str | None, str | None]
    #: References to namespaces that do not exist, where there is nothing to remove.
    missing: set[str | None]
    by_key: dict[TableKey, Table]
    #: A sentence for each of them in which no rule of ours can be.
    odd: dict[TableKey, str] = dataclasses.field(default_factory=dict)

    def place(self, ref: str | None) -> str | None:
        """The reference under which the tables of a namespace are found."""
        return self.same.get(ref)

    def of(self, ref: str | None) -> dict[tuple[str, str], Table]:
        """The tables of a namespace by family and name."""
        if ref in self.missing:
            return {}
        return {
            (family, name): table for (owner, family, name), table in self.by_key.items() if owner == self.same[ref]
        }


def read_tables(host: Host, wants: t.Sequence[Asked], kept_in: t.Collection[str]) -> Tables:
    """Read tables in every namespace that the wants name, in the families that any of them is about.

    A family that no want asks for (``asks_for``) is passed over where this host cannot do it.

    :param kept_in: the names of the tables
    """
    concerned = {family for want in wants for family in want.families}
    asked = {family for want in wants for family in want.asks_for}
    found = Tables({}, set(), {})
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
    """Whether there can be rules of this family; where they were asked for, a later error tells why not."""
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
    """The claims of the wants, table by table, and what settling them takes."""

    def __init__(self, tables: Tables, count: int, groups: GroupsOf) -> None:
        """
        :param count: how many wants there are
        :param groups: the groups of chains that the resource is about, by family and table
        """
        self._tables = tables
        self._groups = groups
        self._claims: dict[TableKey, dict[int, table_plan.Claim]] = collections.defaultdict(dict)
        self._more: dict[TableKey, list[tuple[int, Edit]]] = collections.defaultdict(list)
        self.shares: list[list[tuple[str, str, Edit]]] = [[] for _want in range(count)]

    def claim(
        self, want: int, ref: str | None, family: str, table: str, found: t.Iterable[Place], wanted: t.Iterable[Place]
    ) -> None:
        """Note what a want, by number, has and wants in one table; nothing where namespace or table is missing."""
        key = (self._tables.same.get(ref), family, table)
        if ref not in self._tables.missing and key in self._tables.by_key:
            self._claims[key][want] = table_plan.Claim(tuple(found), tuple(wanted))

    def add(self, want: int, ref: str | None, family: str, table: str, edit: Edit) -> None:
        """Note an edit that is not about a rule; of two equal ones in one table the first counts."""
        more = self._more[self._tables.same[ref], family, table]
        if edit not in [noted for _number, noted in more]:
            more.append((want, edit))

    def settle(self, building: bool) -> list[WriteRules]:
        """The steps, in the order in which nothing is open for a moment; also fills ``shares``.

        :param building: rules are made; else they are only taken down, the other way round
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
        """The lines that a want's part of the edits takes away and adds, for people to read."""
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
    """A rule that is taken away only to be put back was in the wrong place, or there more than once."""
    again = set(added)
    copies = collections.Counter(removed)
    told = [
        f"{line} ({copies[line]} times)" if copies[line] > 1 else f"{line} (misplaced)" if line in again else line
        for line in copies
    ]
    return told, added
