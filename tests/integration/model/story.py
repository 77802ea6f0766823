# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sequence of operations on a host of the lab, checking after each whether the host is as it must be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.integration.model import expected, passing, picture, probing, role
from tests.integration.model.damages import DAMAGES
from tests.integration.model.foreign import FOREIGN
from tests.integration.model.world import Network, Operation, World
from tests.integration.persistence import program
from tests.integration.settling import settle
from tests.lab.dumps import Dump
from tests.lab.host import Host
from tests.lab.lab import Lab

Ends = dict[str, dict[str, str]]

#: Modules that may have something to do in a network when another network joins or leaves one of its namespaces: the
#: way back of an endpoint's replies, which ports of bridges let through, is only known once its default route exists.
_FOLLOWING = frozenset({"bridge_forward", "netns", "port_guard"})
#: The same in a network whose lists of destinations name another one or an endpoint of it.
_NAMING = frozenset({"network_service"})
_ROUNDS = 3
#: How many differences to show.
_LINES = 30
#: The result of a refused operation.
_IN_VAIN = object()


class Broken(AssertionError):
    """The host is not as the model says. operations: everything that was done until then."""

    def __init__(self, operations: list[Operation], what: str) -> None:
        super().__init__(what)
        self.operations = operations


class Player:
    """Plays operations on one host, and builds the same from scratch on others to compare."""

    def __init__(self, lab: Lab, tell: Callable[[str], None] = lambda _line: None) -> None:
        self._lab = lab
        self._tell = tell
        self._number = 0
        self._pictures: dict[str, dict[str, list[str]]] = {}

    def play(self, operations: Iterable[Operation]) -> int:
        """Play all operations on a new host. Returns how many there were; raises Broken."""
        done: list[Operation] = []
        story = _Story(*self._new_host(), self)
        try:
            for operation in operations:
                done.append(operation)
                begun = time.monotonic()
                try:
                    story.do(operation)
                except AssertionError as error:
                    raise Broken(done, f"after {operation}:\n{error}") from error
                self._tell(f"{len(done):4} {time.monotonic() - begun:5.2f} s  {operation}")
        finally:
            self._lab.stop(story.host)
        return len(done)

    def built_anew(self, world: World, addresses: expected.Addresses, ends: Ends) -> dict[str, list[str]]:
        """The picture of a new host on which the same was built."""
        networks = {name: vars(network) for name, network in world.networks.items()}
        key = json.dumps([networks, addresses, ends, world.foreign], sort_keys=True)
        if key not in self._pictures:
            host, _outside = self._new_host()
            try:
                self._pictures[key] = _build(host, world, addresses, ends)
            finally:
                self._lab.stop(host)
        return self._pictures[key]

    def _new_host(self) -> tuple[Host, str]:
        """A host that has had a network before, since forwarding stays on after that, and the path of its outside."""
        self._number += 1
        host = self._lab.host(f"host{self._number}")
        outside = passing.attach_outside(host)
        role.apply(host, _FIRST)
        role.apply(host, {"name": _FIRST["name"], "state": "absent"})
        return host, outside


_FIRST = {"name": "first", "ipam_config": [{"subnet": "172.31.0.0/24"}, {"subnet": "fd00:31::/64"}]}


class _Story:
    def __init__(self, host: Host, outside: str, player: Player) -> None:
        self.host = host
        self._outside = outside
        self._player = player
        self._world = World()
        self._addresses: expected.Addresses = {}
        self._seconds = 0.1

    def do(self, operation: Operation) -> None:
        """Perform the operation on the host and in the model, and compare."""
        if getattr(self, f"_{operation.kind}")(operation) is not _IN_VAIN:
            self._world = self._world.after(operation)
        dump = self.host.dump()
        found = expected.problems(self._world, self._addresses, dump)
        assert not found, "\n".join(found)
        if not self._world.uncertain:
            self._settle(operation)
            self._probe()
            dump = self.host.dump()
            if self._world.stale:
                return  # of these, the rules of before remain
            anew = self._player.built_anew(self._world, self._addresses, expected.ends(self._world, dump))
            differing = picture.lacks(anew, picture.of(dump))
            assert not differing, "another host than one built anew (-):\n" + "\n".join(differing[:_LINES])

    def _apply(self, operation: Operation) -> object:
        name = operation.network
        if operation.moment:
            self._kill(operation)
            return None
        certain = name not in self._world.uncertain
        try:
            done = self._converge(operation, exact=certain and not self._world.moves_rules(operation))
        except role.Refusal as error:
            assert self._world.refuses(operation) or self._world.uncertain - {name}, f"refused: {error}"
            assert "Traceback" not in str(error)
            return _IN_VAIN
        assert not self._world.refuses(operation), "it should have been refused"
        known = self._addresses.get(name, {}) if certain else {}
        wanted = {endpoint["namespace"] for endpoint in operation.variables["endpoints"]}
        moved = {
            namespace: (known[namespace], addresses)
            for namespace, addresses in done.addresses.items()
            if namespace in known
            and addresses != known[namespace]
            and not _may_move(operation, self._world.networks[name], namespace)
        }
        assert not moved, f"addresses moved: {moved}"
        kept = self._addresses.get(name, {}) if operation.variables.get("appends") else {}
        self._addresses[name] = {**kept, **{one: done.addresses[one] for one in wanted}}
        return None

    def _absent(self, operation: Operation) -> None:
        if operation.moment:
            self._kill(operation)
            return
        self._converge(operation, exact=operation.network not in self._world.uncertain)
        self._addresses.pop(operation.network, None)

    def _converge(self, operation: Operation, exact: bool) -> role.Done:
        """Check mode changes nothing and predicts the run; the second run finds nothing to do.

        :param exact: whether the prediction has no more and no less than the run
        """
        variables = _variables(operation)
        before = self.host.dump()
        refused = None
        try:
            foretold = role.apply(self.host, variables, check=True)
        except role.Refusal as error:
            refused = error
        _same(before, self.host.dump(), "check mode changed something")
        begun = time.monotonic()
        try:
            done = role.apply(self.host, variables)
        except role.Refusal:
            _same(before, self.host.dump(), "what was refused changed something")
            raise
        assert refused is None, f"check mode refused what was done: {refused}"
        self._seconds = time.monotonic() - begun
        if exact:
            assert foretold.diffs == done.diffs, f"check mode foretold {foretold.diffs} and not {done.diffs}"
        assert foretold.changed >= done.changed, (
            f"check mode foretold {set(foretold.changed)} and not {set(done.changed)}; {foretold.warnings}"
        )
        settle(self.host, *self.host.sh("ls /run/netns").split(), quiet=0.1)
        after = self.host.dump()
        if exact:
            changes = picture.differences(picture.of(before), picture.of(after))
            what = "\n".join(changes[:_LINES])
            assert bool(changes) == bool(done.changed), f"it says that it changed {set(done.changed)}, and did:\n{what}"
        again = role.apply(self.host, variables)
        assert not again.changed, f"the second run changed {set(again.changed)}: {again.diffs}"
        _same(after, self.host.dump(), "the second run changed something")
        return done

    def _kill(self, operation: Operation) -> None:
        try:
            role.apply(self.host, _variables(operation), module=role.killed_after(operation.moment * self._seconds))
        except role.Killed:
            pass
        except role.Refusal as error:
            assert self._world.refuses(operation) or self._world.uncertain, f"refused: {error}"

    def _service(self, operation: Operation) -> None:
        network = self._world.networks.get(operation.network)
        if network is not None and network.persistent:
            _run_service(self.host, operation.word, operation.network)

    def _damage(self, operation: Operation) -> None:
        if self._world.can_be_damaged(operation):
            network, namespace = self._world.networks[operation.network], operation.namespace
            alias = f"linuxnet:{operation.network}:{namespace}"
            ends = [link["ifname"] for link in self.host.ip("link", "show") if link.get("ifalias") == alias]
            words = {"bridge": operation.network, "ns": namespace, "inner": network.endpoints[namespace]["interface"]}
            self.host.sh(DAMAGES[operation.word].script.format(end=ends[0] if ends else "none", **words))

    def _foreign(self, operation: Operation) -> None:
        self.host.sh(FOREIGN[operation.word])

    def _settle(self, operation: Operation) -> None:
        """Apply all running networks: each has only to do what follows from the change of another."""
        for _round in range(_ROUNDS):
            changed = [self._follow(name, network, operation) for name, network in sorted(self._world.running.items())]
            if not any(changed):
                return
        raise AssertionError("the networks do not come to rest")

    def _probe(self) -> None:
        """Send packets that must arrive, and such as must not."""
        settle(self.host, *self.host.sh("ls /run/netns").split(), quiet=0)
        probes = list(passing.probes(self._world, self._addresses, self._outside))
        found = self.host.call(probing.wrong, probes)
        assert not found, "\n".join(found)

    def _follow(self, name: str, network: Network, operation: Operation) -> bool:
        try:
            done = role.apply(self.host, _as_it_is(name, network))
        except role.Refusal as error:
            if name in self._world.stale:
                return False
            raise AssertionError(f"after {operation}: {name} is refused: {error}") from error
        assert done.changed <= _FOLLOWING | (_NAMING if network.names else set()), (
            f"after {operation}: {name} changed {set(done.changed)}: {done.diffs}"
        )
        return bool(done.changed)


def _same(before: Dump, after: Dump, otherwise: str) -> None:
    changes = picture.differences(picture.of(before), picture.of(after))
    assert not changes, f"{otherwise}:\n" + "\n".join(changes[:_LINES])


def _variables(operation: Operation) -> dict[str, Any]:
    return operation.variables if operation.kind == "apply" else {"name": operation.network, "state": "absent"}


def _as_it_is(name: str, network: Network) -> dict[str, Any]:
    return {**network.variables, "endpoints": list(network.endpoints.values())}


def _may_move(operation: Operation, network: Network, namespace: str) -> bool:
    """Whether an endpoint may have other addresses than before: if one is given, or with another interface."""
    (endpoint,) = (one for one in operation.variables["endpoints"] if one["namespace"] == namespace)
    return "ipv4_address" in endpoint or endpoint["interface"] != network.endpoints[namespace]["interface"]


def _run_service(host: Host, verb: str, name: str) -> None:
    done = program(host, verb, name, check=False)
    assert done.rc == 0, f"network.pyz {verb} {name}: {done.out}{done.err}"


def _build(host: Host, world: World, addresses: expected.Addresses, ends: Ends) -> dict[str, list[str]]:
    """Build everything from scratch, with the current addresses and host ends of all endpoints."""
    for word in world.foreign:
        host.sh(FOREIGN[word])
    for number in range(2):
        for name, network in sorted(world.networks.items()):
            given = []
            for namespace, endpoint in network.endpoints.items():
                chosen = {
                    "ipv6_address" if ":" in address else "ipv4_address": address.partition("/")[0]
                    for address in addresses[name][namespace]
                }
                end = ends.get(name, {}).get(namespace)
                made = {**endpoint, **chosen, **({"host_interface": end} if end else {})}
                if not number and "egress" in made:
                    made["egress"] = []  # what it names may not exist yet
                given.append(made)
            role.apply(host, {**network.variables, "endpoints": given})
    down = [name for name, network in sorted(world.networks.items()) if network.down]
    for name in down:
        _run_service(host, "down", name)
    # The consequences for the others, whose endpoints may have lost their default routes.
    for name, network in sorted(world.running.items()) if down else ():
        role.apply(host, _as_it_is(name, network))
    return picture.of(host.dump())
