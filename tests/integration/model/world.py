# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model: the networks that exist and what was wanted of them. Pure; knows nothing about the implementation."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any

from tests.integration.model.catalog import KINDS
from tests.integration.model.damages import DAMAGES


@dataclass(frozen=True)
class Operation:
    """An operation on the host, complete in itself so that it can be repeated without the ones before.

    kind: apply, absent, service, damage or foreign
    variables: the role's, for apply
    word: the damage, the foreign object, or the verb of the boot program
    moment: for apply and absent, when the run is killed, as a fraction of its duration; 0: never
    """

    kind: str
    network: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    word: str = ""
    namespace: str = ""
    moment: float = 0

    def __str__(self) -> str:
        words = [self.kind, self.network, self.word, self.namespace]
        if self.moment:
            words.append(f"killed at {self.moment:.2f}")
        endpoints = ", ".join(
            " ".join(f"{key}={value}" if key != "namespace" else str(value) for key, value in endpoint.items())
            for endpoint in self.variables.get("endpoints", ())
        )
        rest = {key: value for key, value in self.variables.items() if key not in ("name", "ipam_config", "endpoints")}
        words += [f"{key}={value}" for key, value in rest.items()]
        return " ".join(word for word in words if word) + (f" [{endpoints}]" if endpoints else "")


Endpoint = dict[str, Any]
#: A published port: a text, or a dictionary of it and the sources that may use it.
Port = str | dict[str, Any]
_NAMED = re.compile(r"(?P<name>[a-z][a-z0-9]*)(:\d+(/\w+)?)?")


@dataclass(frozen=True)
class Network:
    """A network that exists. variables: without the endpoints. down: stopped by its boot program."""

    variables: dict[str, Any]
    endpoints: dict[str, Endpoint]
    down: bool = False

    @property
    def routed_by(self) -> set[str]:
        """The namespaces that have their default route here."""
        leads_out = not self.variables.get("internal")
        return {name for name, endpoint in self.endpoints.items() if leads_out and endpoint["default_route"]}

    def whole(self, name: str) -> Operation:
        """The application of all of it once more."""
        return Operation(
            "apply", name, {**self.variables, "appends": False, "endpoints": list(self.endpoints.values())}
        )

    @property
    def names(self) -> set[str]:
        """The endpoints and networks that lists of destinations name."""
        entries = [entry for endpoint in self.endpoints.values() for entry in endpoint.get("egress", ())]
        return {name for name in map(name_in, entries) if name}

    @property
    def persistent(self) -> bool:
        return bool(self.variables.get("persistent"))


@dataclass(frozen=True)
class World:
    """networks: those that were applied and not removed.

    uncertain: those that were damaged or whose change was killed. Their state is known again after they were applied or
    removed once more. foreign: foreign objects, in the order of creation.
    """

    networks: dict[str, Network] = field(default_factory=dict)
    uncertain: frozenset[str] = frozenset()
    foreign: tuple[str, ...] = ()

    @property
    def running(self) -> dict[str, Network]:
        return {name: network for name, network in self.networks.items() if not network.down}

    def sharing(self, namespace: str) -> set[str]:
        """The networks that have an endpoint there."""
        return {name for name, network in self.running.items() if namespace in network.endpoints}

    def names_beside(self, name: str) -> list[str]:
        """The networks beside this one, and their namespaces, whose names its lists of destinations may have."""
        families = set(KINDS[name].families)
        others = {one: network for one, network in self.running.items() if one != name and one not in self.uncertain}
        found = {one for one in others if families & set(KINDS[one].families)}
        return sorted(found.union(*(others[one].endpoints for one in found)))

    def knows_names(self, operation: Operation) -> bool:
        """Whether all names in lists of destinations stand for something outside of the network, or, if its endpoints
        do not reach each other directly, for one of them."""
        given = operation.variables
        listed = {one["namespace"]: one for one in given.get("endpoints", ())}
        known = {one for one in self.running if one != operation.network}
        for name, network in self.running.items():
            if name != operation.network or (given.get("appends") and not given.get("icc", True)):
                known |= network.endpoints.keys()
        if not given.get("icc", True):
            known |= listed.keys()
        return Network(given, listed).names <= known

    def refuses(self, operation: Operation) -> bool:
        """Whether an application contradicts what other networks already have, or names one that they have not."""
        if operation.kind != "apply":
            return False
        wanted = Network(operation.variables, {one["namespace"]: one for one in operation.variables["endpoints"]})
        if not self.knows_names(operation):
            return True
        others = [network for name, network in self.running.items() if name != operation.network]
        return any(wanted.routed_by & other.routed_by for other in others)

    def after(self, operation: Operation) -> World:
        """The world after an operation."""
        return getattr(self, f"_after_{operation.kind}")(operation)  # type: ignore[no-any-return]

    def _after_apply(self, operation: Operation) -> World:
        name = operation.network
        if operation.moment:
            return self._uncertain({name})
        if self.refuses(operation):
            return self
        endpoints = {endpoint["namespace"]: endpoint for endpoint in operation.variables["endpoints"]}
        before = self.running.get(name)
        if operation.variables.get("appends") and before:
            endpoints = {**before.endpoints, **endpoints}
        variables = {key: value for key, value in operation.variables.items() if key != "endpoints"}
        known = self._with(name, Network(variables, endpoints))
        # If endpoints are only added, the others are left alone, including their default routes.
        named = len(operation.variables["endpoints"]) == len(endpoints)
        return (
            known
            if named or not (name in self.uncertain or self.leaves_routes(operation))
            else known._uncertain({name})
        )

    def moves_rules(self, operation: Operation) -> bool:
        """Whether a network gets another firewall, of which check mode tells in another way what all networks share."""
        before = self.running.get(operation.network)
        return before is not None and before.variables["firewall"] != operation.variables["firewall"]

    def leaves_routes(self, operation: Operation) -> bool:
        """Whether a network becomes internal, or is no longer, while endpoints that are not listed stay."""
        before = self.running.get(operation.network)
        if operation.kind != "apply" or before is None or not operation.variables.get("appends"):
            return False
        listed = {endpoint["namespace"] for endpoint in operation.variables["endpoints"]}
        turned = bool(before.variables.get("internal")) != bool(operation.variables.get("internal"))
        return turned and not before.endpoints.keys() <= listed

    def _after_absent(self, operation: Operation) -> World:
        name = operation.network
        if operation.moment:
            return self._uncertain({name})
        rest = {other: network for other, network in self.networks.items() if other != name}
        return dataclasses.replace(self, networks=rest, uncertain=self.uncertain - {name})

    def _after_service(self, operation: Operation) -> World:
        network = self.networks.get(operation.network)
        if network is None or not network.persistent:
            return self
        return self._with(operation.network, dataclasses.replace(network, down=operation.word == "down"))

    @property
    def stale(self) -> set[str]:
        """The networks with a name in a list of destinations that stands for nothing any more."""
        return {name for name, network in self.running.items() if not self.knows_names(network.whole(name))}

    def _after_damage(self, operation: Operation) -> World:
        if not self.can_be_damaged(operation):
            return self
        reach = DAMAGES[operation.word].reach
        return self._uncertain(
            {"own": {operation.network}, "all": set(self.running)}.get(reach) or self.sharing(operation.namespace)
        )

    def can_be_damaged(self, operation: Operation) -> bool:
        network = self.running.get(operation.network)
        return (
            network is not None and operation.network not in self.uncertain and operation.namespace in network.endpoints
        )

    def _after_foreign(self, operation: Operation) -> World:
        return dataclasses.replace(self, foreign=(*self.foreign, operation.word))

    def _with(self, name: str, network: Network) -> World:
        return dataclasses.replace(self, networks={**self.networks, name: network}, uncertain=self.uncertain - {name})

    def _uncertain(self, names: set[str]) -> World:
        return dataclasses.replace(self, uncertain=self.uncertain | names)


def text_of(port: Port) -> str:
    """A published port without its sources."""
    return port if isinstance(port, str) else str(port["port"])


def sources_of(port: Port) -> list[str]:
    """Who may use a published port; empty for everybody."""
    return [] if isinstance(port, str) else list(port["allowed_sources"])


def name_in(entry: str) -> str | None:
    """The name of an endpoint or network that an entry of a list of destinations begins with."""
    found = _NAMED.fullmatch(entry)
    return found["name"] if found else None


def ipam_config(name: str) -> list[dict[str, str]]:
    return [{"subnet": subnet} for subnet in KINDS[name].subnets]
