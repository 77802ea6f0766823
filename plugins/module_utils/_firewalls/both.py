# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The firewalls of a host as one: each network has its rules in one of them, and what it has in the other goes.

A network moves from one to the other without an open moment and without a dead one: first all of it holds in the new
one, then it is taken out of the old one. In between a packet has to pass both, and both say the same. Connections live
on, since nothing was missing meanwhile.
"""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPNetwork
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Intent,
    IsolationRequest,
    Isolations,
    Planned,
    PortRequest,
    Publications,
    Ref,
    Request,
    Served,
    Translations,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    Isolation,
    Key,
    Neighbours,
    Publication,
    Sender,
    SourceNat,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step

IPTABLES, NFTABLES = "iptables", "nftables"
K = t.TypeVar("K", Isolations, Publications, Translations)


class Sides(Value, t.Generic[K]):
    """What each firewall has of one kind, by the firewall's name, and where each owner's rules belong."""

    by_name: t.Mapping[str, K]
    #: By namespace and owner the name of a firewall.
    homes: t.Mapping[tuple[Ref, str], str]
    #: For each reference the first one to the same namespace.
    same: t.Mapping[Ref, Ref]

    def place(self, ref: Ref) -> Ref:
        return self.same.get(ref)

    @property
    def alone(self) -> K | None:
        """The only one that is concerned, if there is one."""
        return next(iter(self.by_name.values())) if len(self.by_name) == 1 else None

    def every(self) -> t.Collection[K]:
        return self.by_name.values()

    def home(self, ref: Ref, owner: str | None) -> str:
        """Where an owner's rules belong; of what nobody has it does not matter."""
        return self.homes.get((self.place(ref), owner or ""), next(iter(self.by_name)))


def _planned(
    requests: t.Sequence[t.Any],
    sides: Sides[t.Any],
    owner: t.Callable[[t.Any], str | None],
    absent: t.Callable[[t.Any, str], t.Any],
    present: t.Callable[[t.Any, str], t.Any],
) -> Planned[t.Any]:
    """
    :param absent: a request for a side that is to have nothing of it
    :param present: a request as the side that it belongs to gets it
    """
    staged: list[tuple[bool, t.Sequence[Step]]] = []
    served: list[Served[t.Any] | None] = [None] * len(requests)
    for name, side in sides.by_name.items():
        at_home = [sides.home(request.netns, owner(request)) == name for request in requests]
        asked = [present(one, name) if home else absent(one, name) for one, home in zip(requests, at_home)]
        planned = side.plan(asked)
        # What leaves a firewall holds in the other one first.
        leaves = any(not home and found.before is not None for found, home in zip(planned.served, at_home))
        staged.append((leaves, planned.steps))
        for number, found in enumerate(planned.served):
            served[number] = _merged(served[number], found, at_home[number])
    steps = [step for _leaves, some in sorted(staged, key=lambda one: one[0]) for step in some]
    return Planned(steps, [one for one in served if one is not None])


def _merged(earlier: Served[Intent] | None, found: Served[Intent], at_home: bool) -> Served[Intent]:
    """What two firewalls do for one request. Nothing was missing while the other one had it."""
    if earlier is None:
        return found if at_home else found.but(gaps=frozenset())
    gaps = (found if at_home else earlier).gaps
    moved = (earlier if at_home else found).before is not None
    return Served(
        (found if at_home else earlier).before or (earlier if at_home else found).before,
        earlier.removed + found.removed,
        earlier.added + found.added,
        frozenset() if moved else gaps,
    )


class BothIsolations:
    def __init__(self, sides: Sides[Isolations]) -> None:
        self._sides = sides

    def place(self, ref: Ref) -> Ref:
        return self._sides.place(ref)

    def owners(self, ref: Ref) -> list[tuple[str, str]]:
        return list(dict.fromkeys(one for side in self._sides.every() for one in side.owners(ref)))

    def of(self, ref: Ref) -> list[Isolation]:
        found: dict[str, Isolation] = {}
        for side in self._sides.every():
            for network in side.of(ref):
                found.setdefault(network.bridge, network)
        return list(found.values())

    def neighbours(self, ref: Ref, bridge: str, family: str) -> Neighbours:
        return next((found for side in self._sides.every() if (found := side.neighbours(ref, bridge, family))), ())

    def senders(self, ref: Ref, bridge: str) -> t.Sequence[Sender]:
        return next((found for side in self._sides.every() if (found := side.senders(ref, bridge))), ())

    def keeps_names(self, ref: Ref, subnet: IPNetwork) -> bool:
        return any(side.keeps_names(ref, subnet) for side in self._sides.every())

    def bridged(self, ref: Ref, family: str) -> bool:
        return any(side.bridged(ref, family) for side in self._sides.every())

    def forwards(self, ref: Ref) -> list[str]:
        """Those that no firewall stops."""
        return [family for family in FAMILIES if all(family in side.forwards(ref) for side in self._sides.every())]

    def plan(self, requests: t.Sequence[IsolationRequest]) -> Planned[Isolation]:
        def absent(request: IsolationRequest, name: str) -> IsolationRequest:
            # What nftables accepts, iptables may still drop, since each of them decides for itself.
            passing = request.present and name == IPTABLES
            return request.but(present=False, drops=False, elsewhere=passing)

        return _planned(
            requests,
            self._sides,
            lambda request: str(request.intent.owner),
            absent,
            lambda request, _name: request,
        )


class BothTranslations:
    def __init__(self, sides: Sides[Translations]) -> None:
        self._sides = sides

    def of(self, ref: Ref) -> list[SourceNat]:
        return list(dict.fromkeys(one for side in self._sides.every() for one in side.of(ref)))

    def plan(self, requests: t.Sequence[Request[SourceNat]]) -> Planned[SourceNat]:
        return _planned(
            requests,
            self._sides,
            lambda request: str(request.intent.owner),
            lambda request, _name: request.but(present=False),
            lambda request, _name: request,
        )


class BothPublications:
    def __init__(self, sides: Sides[Publications]) -> None:
        self._sides = sides

    def place(self, ref: Ref) -> Ref:
        return self._sides.place(ref)

    def of(self, ref: Ref, key: Key) -> list[Publication]:
        return list(dict.fromkeys(one for side in self._sides.every() for one in side.of(ref, key)))

    def every(self) -> list[tuple[Ref, Publication]]:
        return list(dict.fromkeys(one for side in self._sides.every() for one in side.every()))

    def plan(self, requests: t.Sequence[PortRequest]) -> Planned[Publication]:
        def its_own(request: PortRequest, name: str) -> tuple[Publication, ...]:
            there = self._sides.by_name[name].of(request.netns, request.key)
            return tuple(one for one in request.replaces if one in there)

        return _planned(
            requests,
            self._sides,
            _publisher,
            lambda request, name: request.but(publication=None, replaces=its_own(request, name)),
            lambda request, name: request.but(replaces=its_own(request, name)),
        )


def _publisher(request: PortRequest) -> str | None:
    named = (request.publication, *request.replaces)
    return next((one.owner for one in named if one is not None), None)
