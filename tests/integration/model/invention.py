# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations that make sense in the current world. The same seed yields the same operations."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.integration.model.catalog import FIREWALLS, KINDS, OUTSIDE, SOURCES, Kind
from tests.integration.model.damages import DAMAGES
from tests.integration.model.foreign import FOREIGN
from tests.integration.model.world import Endpoint, Network, Operation, Port, World, ipam_config, text_of

#: How the options begin that _with_other_limits draws anew.
_LIMITS = ("egress", "ingress")


def operations(seed: int, number: int) -> Iterator[Operation]:
    """The given number of operations, followed by the removal of all networks."""
    chance = random.Random(seed)
    world = World()
    for _count in range(number):
        operation = _next(chance, world)
        world = world.after(operation)
        yield operation
    for name in sorted(world.networks.keys() | world.uncertain, key=lambda _name: chance.random()):
        yield Operation("absent", name)


def _next(chance: random.Random, world: World) -> Operation:
    """Mostly resolves what is uncertain first."""
    if world.uncertain and chance.random() < 0.8:
        name = chance.choice(sorted(world.uncertain))
        network = world.networks.get(name)
        if network is None or chance.random() < 0.25:
            return Operation("absent", name) if chance.random() < 0.5 else _applied(chance, world, name, network)
        return network.whole(name) if chance.random() < 0.7 else _applied(chance, world, name, network)
    makers = {_change: 10, _absent: 2, _damage: 5, _killed: 2, _foreign: 1, _service: 2}
    for _attempt in range(20):
        (maker,) = chance.choices(list(makers), list(makers.values()))
        operation = maker(chance, world)
        if operation is not None:
            return operation
    return _change(chance, world)


def _change(chance: random.Random, world: World) -> Operation:
    name = chance.choice(list(KINDS))
    return _applied(chance, world, name, world.networks.get(name))


def _absent(chance: random.Random, world: World) -> Operation | None:
    return Operation("absent", chance.choice(sorted(world.networks))) if world.networks else None


def _killed(chance: random.Random, world: World) -> Operation | None:
    operation = _absent(chance, world) if chance.random() < 0.3 else _change(chance, world)
    if operation is None or world.refuses(operation):
        return None
    return Operation(operation.kind, operation.network, operation.variables, moment=round(chance.uniform(0.02, 1), 3))


def _damage(chance: random.Random, world: World) -> Operation | None:
    able = [name for name, network in world.running.items() if network.endpoints and name not in world.uncertain]
    if not able:
        return None
    name = chance.choice(able)
    return Operation(
        "damage", name, word=chance.choice(list(DAMAGES)), namespace=chance.choice(list(world.networks[name].endpoints))
    )


def _foreign(chance: random.Random, world: World) -> Operation | None:
    left = [word for word in FOREIGN if word not in world.foreign]
    return Operation("foreign", word=chance.choice(left)) if left and not world.uncertain else None


def _service(chance: random.Random, world: World) -> Operation | None:
    able = [name for name, network in world.networks.items() if network.persistent and name not in world.uncertain]
    return Operation("service", chance.choice(able), word=chance.choice(("up", "down"))) if able else None


def _applied(chance: random.Random, world: World, name: str, network: Network | None) -> Operation:
    """The network with something changed, or a new one."""
    if network is not None and chance.random() < 0.2:
        return _appended(chance, world, name, network)
    variables: dict[str, Any] = {"name": name, "ipam_config": ipam_config(name), "firewall": chance.choice(FIREWALLS)}
    endpoints: dict[str, Endpoint] = {}
    if network is not None:
        variables = {key: value for key, value in network.variables.items() if key != "appends"}
        endpoints = dict(network.endpoints)
    if network is None or chance.random() < 0.3:
        _change_mode(chance, variables)
    _change_endpoints(chance, world, name, endpoints)
    listed = [_fitting(endpoint, variables) for endpoint in endpoints.values()]
    return Operation("apply", name, {**_allowing(variables, listed), "endpoints": listed})


def _appended(chance: random.Random, world: World, name: str, network: Network) -> Operation:
    """The network with more endpoints, or with other limits of one that it has. No other is listed."""
    variables = {**network.variables, "appends": True}
    if chance.random() < 0.3:
        _change_mode(chance, variables)
    there = list(network.endpoints.values())
    if any(_fitting(one, variables) != one for one in there) or _allowing(variables, there) != variables:
        variables = {**network.variables, "appends": True}
    drawn: dict[str, Endpoint] = {}
    _change_endpoints(chance, world, name, drawn)
    taken = {text_of(port) for one in there for port in one.get("published_ports", ())}
    listed = []
    for namespace, endpoint in drawn.items():
        if namespace not in network.endpoints:
            # A run that was killed may have published any of them for another endpoint.
            drawn_ports = () if name in world.uncertain else endpoint.get("published_ports", ())
            ports = [port for port in drawn_ports if text_of(port) not in taken]
            listed.append(_fitting({**endpoint, "published_ports": ports}, variables))
    if there and chance.random() < 0.3:
        listed.append(_fitting(_with_other_limits(chance, world, name, chance.choice(there)), variables))
    return Operation("apply", name, {**_allowing(variables, there + listed), "endpoints": listed})


def _change_mode(chance: random.Random, variables: dict[str, Any]) -> None:
    option, values = chance.choice(
        [
            ("gateway_mode", ("nat", "routed", "nat-unprotected")),
            ("internal", (True, False)),
            ("icc", (True, False)),
            ("masquerade", (True, False)),
            ("egress", ("deny", "allow")),
            ("firewall", FIREWALLS),
            ("mtu", ("auto", "1400")),
            ("persistent", (True, False, True)),
            ("persistent", (True, False, True)),
        ]
    )
    variables[option] = chance.choice(values)


def _change_endpoints(chance: random.Random, world: World, name: str, endpoints: dict[str, Endpoint]) -> None:
    for _count in range(chance.choice((1, 1, 2, 3))):
        namespace = chance.choice(KINDS[name].namespaces)
        if namespace in endpoints and chance.random() < 0.4:
            del endpoints[namespace]
        else:
            endpoints[namespace] = _endpoint(chance, world, name, namespace, endpoints)


def _endpoint(chance: random.Random, world: World, name: str, namespace: str, others: dict[str, Endpoint]) -> Endpoint:
    kind = KINDS[name]
    elsewhere = any(
        namespace in other.endpoints and other.endpoints[namespace].get("default_route", True)
        for known, other in world.networks.items()
        if known != name
    )
    # Occasionally ask for a second default route, which is refused.
    default_route = chance.random() < (0.0 if world.uncertain else 0.05) if elsewhere else chance.random() < 0.7
    made: Endpoint = {
        "namespace": namespace,
        "interface": f"{chance.choice(('eth', 'eth', 'lan'))}{list(KINDS).index(name)}",
        "default_route": default_route,
    }
    if "ipv4" in kind.families and chance.random() < 0.3:
        made["ipv4_address"] = kind.given(namespace)
    before = others.get(namespace, made)
    if "host_interface" in before:
        made["host_interface"] = before["host_interface"]
    if chance.random() < 0.3 and before["interface"] == made["interface"]:
        made["host_interface"] = f"h-{name}-{namespace}{chance.choice('ab')}"
    if chance.random() < 0.2:
        made["mac_address"] = f"02:00:00:{kind.number:02}:00:0{kind.namespaces.index(namespace)}"
    if chance.random() < 0.2:
        made["sysctls"] = (
            {"net.ipv4.ip_default_ttl": 99} if chance.random() < 0.5 else {"net.ipv4.conf.IFNAME.arp_ignore": 1}
        )
    # One that is taken off leaves the gateway's MAC address known inside, so it is only drawn with a new endpoint.
    if not before.get("guard", True) or (namespace not in others and chance.random() < 0.15):
        made["guard"] = False
    made |= _limits(chance, world, name, made)
    taken = {
        text_of(port)
        for other, endpoint in others.items()
        if other != namespace
        for port in endpoint.get("published_ports", ())
    }
    ports = [port for port in _ports(chance, kind, default_route) if text_of(port) not in taken]
    if ports:
        made["published_ports"] = ports
    return made


def _with_other_limits(chance: random.Random, world: World, name: str, endpoint: Endpoint) -> Endpoint:
    rest = {key: value for key, value in endpoint.items() if not key.startswith(_LIMITS)}
    return rest | _limits(chance, world, name, rest)


def _limits(chance: random.Random, world: World, name: str, endpoint: Endpoint) -> Endpoint:
    """Rates, and a list of destinations. Often none, so that they come and go."""
    made: Endpoint = {}
    for word in ("egress", "ingress"):
        if chance.random() < 0.2:
            made[f"{word}_rate"] = chance.choice(("5mbit", "50mbit"))
            if chance.random() < 0.3:
                made[f"{word}_burst"] = chance.choice(("64kb", "2mb"))
    if endpoint.get("guard", True) and chance.random() < 0.25:
        store = [*_destinations(KINDS[name]), *(f"{one}{chance.choice(_ENDS)}" for one in world.names_beside(name))]
        made["egress"] = chance.sample(store, min(len(store), chance.choice((0, 1, 2, 3))))
    return made


#: What follows the name of an endpoint or network in a list of destinations.
_ENDS = ("", ":80/tcp")


def _destinations(kind: Kind) -> list[str]:
    """The gateways, and addresses of the outside."""
    found = list(kind.gateways.values())
    if "ipv4" in kind.families:
        found += [OUTSIDE["ipv4"], "10.0.0.0/8", "192.0.2.0/24:53/udp", f"{OUTSIDE['ipv4']}:443"]
    if "ipv6" in kind.families:
        found += ["2001:db8::/64", f"[{OUTSIDE['ipv6']}]:53/udp", f"[{OUTSIDE['ipv6']}]:400-450/tcp"]
    return found


def _ports(chance: random.Random, kind: Kind, udp: bool) -> list[Port]:
    """Ports from a common pool, so that they move from one endpoint to another."""
    first = kind.port(0)
    store = [f"{first}:80", f"{first + 1}:80", f"{first + 10}-{first + 12}:90-92"]
    store += [f"127.0.0.1:{first + 2}:81"] * ("ipv4" in kind.families)
    store += [f"{first + 3}:53/udp"] * udp
    return [_with_sources(chance, kind, text) for text in chance.sample(store, chance.choice((0, 1, 1, 2)))]


def _with_sources(chance: random.Random, kind: Kind, text: str) -> Port:
    """A published port, perhaps with a list of sources, which may leave one IP version out."""
    if "127.0.0.1" in text or chance.random() < 0.6:
        return text
    store = [source for family in kind.families for source in SOURCES[family]]
    return {"port": text, "allowed_sources": chance.sample(store, chance.choice((1, 1, 2)))}


def _fitting(endpoint: Endpoint, variables: dict[str, Any]) -> Endpoint:
    """The endpoint without what its network does not allow."""
    internal, mode = variables.get("internal"), variables.get("gateway_mode")
    fitting = dict(endpoint)
    ports = [
        text_of(port) if mode == "nat-unprotected" else port
        for port in fitting.pop("published_ports", ())
        if not internal and not (mode == "routed" and "127.0.0.1" in text_of(port))
    ]
    if ports:
        fitting["published_ports"] = ports
    if internal and "egress" in fitting:
        gateways = KINDS[variables["name"]].gateways.values()
        fitting["egress"] = [one for one in fitting["egress"] if one in gateways]
    return fitting


def _allowing(variables: dict[str, Any], endpoints: list[Endpoint]) -> dict[str, Any]:
    """The options of a network with these endpoints: without a guard, an endpoint could borrow another's list."""
    lists = any("egress" in one for one in endpoints)
    if variables.get("egress") == "deny" and lists and not all(one.get("guard", True) for one in endpoints):
        return {**variables, "egress": "allow"}
    return variables
