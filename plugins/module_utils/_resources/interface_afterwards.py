# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps after all interfaces are as wanted."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import bridge_ports, namespace_records
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session, Silent, Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import leases
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.interface_steps import Announce


class Lease(Value):
    """The addresses of an owner to record with the namespace; None removes the record."""

    netns: str | None
    name: str
    owner: str
    addresses: tuple[str, ...] | None

    def unless_in(self, record: namespace_records.Record | None) -> Lease | None:
        """None if there is nothing to write."""
        if record is None or self.owner not in record.owners:
            return None
        remembered = record.addresses.get(self.owner, {})
        elsewhere = {one for name, given in remembered.items() if name != self.name for one in given}
        same = list(self.addresses or ()) == list(remembered.get(self.name) or ())
        return None if same and elsewhere.isdisjoint(self.addresses or ()) else self


class AnnounceAll(Value, Silent):
    """Announce addresses that neighbours may need, once the way to them is up."""

    each: tuple[Announce, ...]

    def do(self, session: Session) -> None:
        due = [step for step in self.each if step.netns not in session.failed]
        if due:
            bridge_ports.wait(session.host, {step.netns for step in due})
            session.execute(_heard(session.host, due))


def _heard(host: Host, announcements: t.Sequence[Announce]) -> list[Announce]:
    """The announcements that are needed.

    Each goes to every port of the bridge: with a thousand new endpoints, a million packets would be wasted.
    """
    newcomers = {(step.netns, step.index): step.addresses for step in announcements if step.came_up}
    unheard = host.run(None, functools.partial(bridge_ports.among_themselves, host, newcomers)) if newcomers else set()
    return [step for step in announcements if (step.netns, step.index) not in unheard]


class RememberAll(Value, Silent):
    """Record the addresses of namespaces in which nothing failed."""

    leases: tuple[Lease, ...]

    def do(self, session: Session) -> None:
        freed: list[str] = []
        for lease in self.leases:
            if lease.netns not in session.failed:
                freed += _remember(session.host, lease)
        leases.end_flows(session.host, freed)


def _remember(host: Host, lease: Lease) -> list[str]:
    """Write the record and return the addresses that are now free."""
    record = namespace_records.read(host, str(lease.netns))
    if record is None or lease.owner not in record.owners:
        return []
    addresses = {owner: dict(leased) for owner, leased in record.addresses.items()}
    mine = addresses.setdefault(lease.owner, {})
    before = mine.pop(lease.name, [])
    if lease.addresses:
        # A renamed interface kept its addresses.
        others = {name: [one for one in given if one not in lease.addresses] for name, given in mine.items()}
        mine = addresses[lease.owner] = {name: given for name, given in others.items() if given}
        mine[lease.name] = list(lease.addresses)
    if not mine:
        del addresses[lease.owner]
    namespace_records.write(host, str(lease.netns), record.but(addresses=addresses))
    return [one for one in before if one not in (lease.addresses or ())]


def in_order(steps: t.Sequence[Step], remembered: t.Sequence[Lease]) -> list[Step]:
    """Announcements come after everything else, and records last."""
    announced = tuple(step for step in steps if isinstance(step, Announce))
    return [
        *(step for step in steps if not isinstance(step, Announce)),
        *([AnnounceAll(announced)] if announced else []),
        *([RememberAll(tuple(remembered))] if remembered else []),
    ]
