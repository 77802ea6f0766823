# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Isolates problems of endpoints: what is wrong in a namespace affects only its endpoint, and is reported last.

Root in a namespace can do anything there, but must not prevent the repair of the rules, nor of the host's end of its
pair.
"""

from __future__ import annotations

import functools
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import (
    Change,
    Outcome,
    Resource,
    execute,
    freeing_first,
    outcome,
    planned,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import refusals
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import EndpointKey, Ends
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import RESOURCES

Wants = t.Mapping[str, t.Sequence[t.Any]]

#: How many sentences to show at most.
_TOLD = 20


class EndpointsFailed(LinuxnetError):
    """Some endpoints, or other parts of a plan, failed; everything else was applied.

    :param failures: a sentence for each
    """

    def __init__(self, failures: t.Sequence[str], outcomes: t.Mapping[str, Outcome]) -> None:
        more = f"; and {len(failures) - _TOLD} more" if len(failures) > _TOLD else ""
        super().__init__(f"{'; '.join(failures[:_TOLD])}{more}. Everything else of the network is as requested")
        self.failures = list(failures)
        self.outcomes = outcomes


class Endpoints:
    """The endpoint of each part of a plan, and the endpoints with problems."""

    def __init__(self, host: Host, wanted: Wants, problems: t.Iterable[t.Mapping[str, str | None]]) -> None:
        self._host = host
        self._ends: dict[EndpointKey, str] = {
            (want.peer.netns, want.peer.name): want.end.name
            for want in wanted["veth"]
            if want.state == "present" and want.end.netns is None and want.peer.netns is not None
        }
        self._known = Ends({end: key for key, end in self._ends.items()}, {})
        #: The first sentence about each endpoint, in the order of detection.
        self.failures: list[str] = []
        self._troubled: set[EndpointKey] = set()
        #: Interfaces of the host that do not exist.
        self._cards: set[str] = set()
        for problem in problems:
            if problem["namespace"] and problem["interface"]:
                self._troubled.add((problem["namespace"], problem["interface"]))
            elif problem["interface"]:
                self._cards.add(problem["interface"])
            self.failures.append(str(problem["sentence"]))

    def of(self, kind: str, want: t.Any) -> list[EndpointKey]:
        """The endpoints of a part; none if it belongs to the whole network."""
        resource = RESOURCES[kind]
        key = resource.endpoint_of(resource.key(want), self._known)
        if key is None or key[1]:
            return [key] if key else []
        return [other for other in self._ends if other[0] == key[0]] or [key]

    def standing(self, bridges: t.Iterable[t.Any]) -> bool:
        """Whether anything of the network exists, so that there is something to repair."""
        names = [want.name for want in bridges if want.state == "present"] + list(self._ends.values())
        return any(self._there(names))

    def feasible(self, kind: str, wants: t.Sequence[t.Any]) -> list[t.Any]:
        """The wants without those that endpoints with problems cannot have.

        The host's side of an existing pair is kept, since its port must not become less isolated because of what is
        inside.
        """
        if not self._troubled and not self._cards:
            return list(wants)
        ends = list(self._ends.values())
        there = {end for end, found in zip(ends, self._there(ends)) if found}
        return [want for want in wants if self._is_feasible(kind, want, there)]

    def _is_feasible(self, kind: str, want: t.Any, there: t.Collection[str]) -> bool:
        resource = RESOURCES[kind]
        link = resource.link_of(resource.key(want))
        if link is None:
            return True
        netns, name = link
        if netns is None and name in self._cards:
            return False
        keys = self._troubled.intersection(self.of(kind, want))
        return not keys or (netns is None and all(self._ends.get(key) in there for key in keys))

    def _there(self, names: t.Sequence[str]) -> list[bool]:
        return self._host.run(None, functools.partial(_existing, names))

    def fail(self, kind: str, want: t.Any, error: Exception) -> None:
        """Record that a part failed; raises the error if the part belongs to the whole network."""
        keys = self.of(kind, want)
        if not keys:
            raise error
        if not self._troubled.intersection(keys):
            told = words(error)
            named = f"namespace {keys[0][0]}"
            self.failures.append(told if named in told else f"{named}: {told}")
        self._troubled.update(keys)


def _existing(names: t.Sequence[str]) -> list[bool]:
    known = {name for _index, name in socket.if_nameindex()}
    return [name in known for name in names]


def words(error: Exception) -> str:
    """An error in words: our own, or a refusal of the kernel."""
    return str(error) if isinstance(error, LinuxnetError) else refusals.reason(error)


def converge_each(
    host: Host, resource: Resource, wants: t.Sequence[t.Any], fail: t.Callable[[t.Any, Exception], None]
) -> Outcome:
    """Apply every want that is possible, and pass each of the others to ``fail``.

    They are applied together until something fails, then in halves, so that one failure among a thousand costs ten more
    attempts.
    """
    changes: dict[int, Change] = {}
    before = len(host.done)

    def bring_about(numbers: t.Sequence[int]) -> None:
        try:
            plan = planned(host, resource, [wants[number] for number in numbers])
            for number, change in zip(numbers, plan.changes):
                # The next attempt does not see what this one has done.
                changes.setdefault(number, change)
            execute(host, plan)
        except (LinuxnetError, OSError) as error:
            if len(numbers) > 1:
                middle = len(numbers) // 2
                bring_about(numbers[:middle])
                bring_about(numbers[middle:])
                return
            if len(host.done) == before or numbers[0] not in changes:
                changes[numbers[0]] = Change({}, {})
            fail(wants[numbers[0]], error)

    if wants:
        bring_about(freeing_first(wants))
    return outcome(resource, wants, changes)
