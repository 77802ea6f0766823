# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The step that writes tables of nftables: one transaction for all tables of a namespace, by one start of ``nft``."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import (
    Aside,
    Joinable,
    LinksStay,
    Session,
    Step,
)


class Part(t.Protocol):
    """What a transaction does to one table."""

    @property
    def table(self) -> str:
        """The family and the name of the table."""

    def commands(self) -> t.Iterable[str]: ...

    def joined(self, later: Part) -> Part | None:
        """What both do to the same table; None if the later one has to follow."""

    def record(self, host: Host, ref: str | None) -> None:
        """Note what was written."""


class Write(Value, LinksStay, Aside, Joinable):
    """A step: the transaction, and the records of what it wrote."""

    ref: str | None
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        tables = [part.table for part in self.parts]
        return f"change the rules of the nftables table{'s' if len(tables) > 1 else ''} {' and '.join(tables)}"

    def joined(self, _later: Step) -> Write | None:
        if not isinstance(_later, Write) or _later.ref != self.ref:
            return None
        parts: dict[str, Part] = {part.table: part for part in self.parts}
        for part in _later.parts:
            one = parts[part.table].joined(part) if part.table in parts else part
            if one is None:
                return None
            parts[part.table] = one
        return Write(self.ref, tuple(parts.values()))

    def do(self, session: Session) -> None:
        commands = tuple(command for part in self.parts for command in part.commands())
        nftables_table.write_in_parts(session.host, self.ref, commands)
        for part in self.parts:
            part.record(session.host, self.ref)
