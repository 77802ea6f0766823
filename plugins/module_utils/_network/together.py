# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Applies kinds that follow each other at once, where their firewall can: with one transaction instead of one for each.

A kind that can be joined with the next one is planned, but carried out only when that one is planned as well. So the
next one is planned on the same state of the host as in check mode.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import (
    Outcome,
    Plan,
    Resource,
    converge,
    execute,
    freeing_first,
    outcome,
    planned,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host


class Together:
    def __init__(self, host: Host, of_many: bool = False) -> None:
        """:param of_many: for several networks, whose other kinds come in between"""
        self.host = host
        self._of_many = of_many
        #: What is planned and not carried out yet.
        self._due: Plan | None = None
        #: Whether anything that was due could not be carried out.
        self.failed = False

    def converge(self, resource: Resource, wants: t.Sequence[t.Any]) -> Outcome:
        """Apply every want, some of them later."""
        if not resource.joins or self.host.check_mode:
            self.give_way()
            return converge(self.host, resource, wants)
        order = freeing_first(wants)
        ordered = [wants[number] for number in order]
        plan = self._planned(resource, ordered)
        return outcome(resource, wants, dict(zip(order, plan.changes)))

    def _planned(self, resource: Resource, ordered: t.Sequence[t.Any]) -> Plan:
        plan = planned(self.host, resource, ordered)
        if self._due:
            steps = session.joined(self._due.steps, plan.steps)
            if steps is not None:
                self._due = Plan([], steps, [*self._due.warnings, *plan.warnings])
                return plan
            # It has to follow, and starts from what the earlier one leaves.
            self.finish()
            plan = planned(self.host, resource, ordered)
        if session.is_joinable(plan.steps):
            self._due = plan
        else:
            execute(self.host, plan)
        return plan

    def give_way(self) -> None:
        """Before other kinds: carry out what is due, unless it may follow them."""
        if not self._of_many:
            self.finish()

    def finish(self) -> None:
        """Carry out what is due."""
        due, self._due = self._due, None
        if due:
            try:
                execute(self.host, due)
            except Exception:
                self.failed = True
                raise
