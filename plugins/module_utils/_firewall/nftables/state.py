# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The tables of the namespaces that a call is about, and the step that writes one."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Asked, Planned, Ref, Served
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import edits, layout, reading
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Line, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    nftables_records,
    nftables_table,
    nftables_transaction,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

Networks = dict[str, t.Any]


class Tables(Value):
    """What is there, by the first reference to each namespace."""

    #: For each reference of a want the first one to the same namespace.
    same: dict[Ref, Ref]
    by_ref: dict[Ref, Table]
    #: What was recorded of networks, by bridge.
    networks: dict[Ref, t.Mapping[str, t.Any]]

    def place(self, ref: Ref) -> Ref:
        return self.same.get(ref)

    def of(self, ref: Ref) -> Table:
        """The table of a namespace; an empty one where the namespace is missing."""
        return self.by_ref.get(self.same[ref], Table()) if ref in self.same else Table()

    def known(self, ref: Ref) -> t.Mapping[str, t.Any]:
        return self.networks.get(self.same[ref], {}) if ref in self.same else {}


def read(host: Host, asked: t.Sequence[Asked]) -> Tables:
    """Read the table in every namespace that is asked about; a missing one has nothing to remove."""
    found = Tables({}, {}, {})
    needed = {want.netns for want in asked if want.state == "present"}
    identities: dict[t.Any, Ref] = {}
    for ref in dict.fromkeys(want.netns for want in asked):
        if ref in needed or host.exists(ref):
            found.same[ref] = identities.setdefault(host.identity(ref), ref)
    for ref in dict.fromkeys(found.same.values()):
        found.by_ref[ref], found.networks[ref] = read_one(host, ref)
    return found


def read_one(host: Host, ref: Ref) -> tuple[Table, t.Mapping[str, t.Any]]:
    """The table of one namespace, and what was recorded of its networks."""
    record = nftables_records.read(host, ref)
    networks = record.get("networks")
    table = reading.table(nftables_table.read(host, ref, layout.NAME), record)
    if any(rule.line is None for rules in table.rules.values() for rule in rules):
        reading.show(table, nftables_table.listed(host, ref, layout.NAME))
    return table, networks if isinstance(networks, dict) else {}


def has_of(table: Table, owner: str) -> bool:
    """Whether anything there belongs to an owner."""
    comments = [rule.comment for rules in table.rules.values() for rule in rules]
    comments += [element.comment for elements in table.elements.values() for element in elements.values()]
    found = (marks.parse_comment((comment or "").split(" ")[0]) for comment in comments)
    return any(mark and mark[1] == owner for mark in found)


class Writing(Value):
    """What a transaction does to the table."""

    task: edits.Task
    draft: edits.Draft
    #: By bridge what is to be recorded, None for one that is no more.
    networks: t.Mapping[str, t.Any]

    @property
    def table(self) -> str:
        return layout.TABLE

    def commands(self) -> t.Iterable[str]:
        return _commands(self.draft.edits)

    def joined(self, later: nftables_transaction.Part) -> Writing | None:
        task = self.task.joined(later.task) if isinstance(later, Writing) else None
        if task is None or not isinstance(later, Writing):
            return None
        return Writing(task, edits.draft(task), {**self.networks, **later.networks})

    def record(self, host: Host, ref: Ref) -> None:
        record(host, ref, self.draft.lines, self.networks)


def record(
    host: Host, ref: Ref, lines: t.Mapping[str, t.Sequence[Line | None]], networks: t.Mapping[str, t.Any]
) -> None:
    """Note by which digests the kernel knows what was written."""
    before = nftables_records.read(host, ref)
    raw = nftables_table.read(host, ref, layout.NAME)
    if raw is None:
        nftables_records.write(host, ref, {})
        return
    there: dict[str, list[nftables_table.RawRule]] = {}
    for rule in raw.rules:
        there.setdefault(rule.chain, []).append(rule)
    known = before.get("lines")
    old = known if isinstance(known, dict) else {}
    # What somebody else did meanwhile is not ours: chains of another length are left for the next run to look at.
    new = {
        rule.digest: [line.text, line.comment, list(line.rank)]
        for chain, found in lines.items()
        if len(found) == len(there.get(chain, ()))
        for rule, line in zip(there.get(chain, ()), found)
        if line is not None
    }
    alive = {rule.digest for rule in raw.rules}
    told = before.get("networks")
    merged = {**(told if isinstance(told, dict) else {}), **networks}
    content = {
        "lines": {digest: line for digest, line in sorted({**old, **new}.items()) if digest in alive},
        "networks": {bridge: one for bridge, one in sorted(merged.items()) if one is not None},
    }
    nftables_records.write(host, ref, content)


def _commands(found: t.Iterable[edits.Edit]) -> t.Iterator[str]:
    """The lines of the transaction; elements of one set share a line."""
    for command, group in itertools.groupby(found, key=lambda edit: edit.command):
        elements = [edit.element for edit in group if edit.element]
        if not elements:
            yield command
        yield from nftables_table.of_elements(command, elements)


def planned(
    tables: Tables,
    requests: t.Sequence[t.Any],
    tasked: t.Callable[[Ref, list[t.Any]], tuple[edits.Task, t.Mapping[str, t.Any]]],
    serve: t.Callable[[t.Any, t.Sequence[edits.Edit]], Served[t.Any]],
) -> Planned[t.Any]:
    """One transaction for each namespace.

    :param tasked: the task of the requests of a namespace, and what is to be recorded of networks
    :param serve: what a share of the draft does for its request
    """
    steps: list[Step] = []
    served: dict[int, Served[t.Any]] = {}
    for ref in dict.fromkeys(tables.place(request.netns) for request in requests):
        mine = {number: one for number, one in enumerate(requests) if tables.place(one.netns) == ref}
        task, networks = tasked(ref, list(mine.values()))
        draft = edits.draft(task)
        if draft.edits:
            steps.append(nftables_transaction.Write(ref, (Writing(task, draft, networks),)))
        for (number, request), share in zip(mine.items(), draft.shares):
            served[number] = serve(request, share)
    return Planned(steps, [served[number] for number in range(len(requests))])


def told(share: t.Sequence[edits.Edit]) -> tuple[list[str], list[str]]:
    """What a share of a draft takes away and adds, for people to read."""
    return [edit.removed for edit in share if edit.removed], [edit.added for edit in share if edit.added]
