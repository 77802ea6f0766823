# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""One network of a call: what is wanted, and what became of it."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Outcome
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.option_reader import Section


class Wanted:
    """One network of the call."""

    def __init__(self, section: Section, name: str, network: Network | None, pooled: tuple[str, ...] = ()) -> None:
        """
        :param network: None if it is to be removed
        :param pooled: the IP versions with a subnet from the address pools
        """
        self.section, self.name, self.network, self.pooled = section, name, network, pooled
        self.plan: dict[str, t.Any] = {}
        self.outcomes: t.Mapping[str, Outcome] = {}
        #: What was done before the network had its turn.
        self.earlier: t.Mapping[str, Outcome] = {}
        self.failures: list[str] = []
        #: Whether anything was done, even if it was not completed.
        self.touched = False

    @property
    def changed(self) -> bool:
        return self.touched or any(outcome.changed for outcome in self.outcomes.values())

    def note(self, done: t.Sequence[str]) -> None:
        """Add what was done earlier, for good.

        :param done: the steps of this turn
        """
        self.touched |= bool(done)
        parts = {kind: found.after(self.earlier[kind]) for kind, found in self.outcomes.items() if kind in self.earlier}
        self.outcomes = self.earlier = {**self.earlier, **self.outcomes, **parts}

    @property
    def state(self) -> str:
        return "absent" if self.network is None else "present"
