# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations that make sense in the current world. The same seed yields the same operations."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.integration.model.catalog import KINDS, Kind
from tests.integration.model.damages import DAMAGES
from tests.integration.model.foreign import FOREIGN
from tests.integration.model.world import Endpoint, Network, Operation, World, ipam_config


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
        return _again(name, network) if chance.random() < 0.7 else _applied(chance, world, name, network)
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


def _again(name: str, network: Network) -> Operation:
    return Operation(
        "apply", name, {**network.variables, "appends": False, "endpoints": list(network.endpoints.values())}
    )


def _applied(chance: random.Random, world: World, name: str, network: Network | None) -> Operation:
    """The network with something changed, or a new one."""
    variables: dict[str, Any] = {"name": name, "ipam_config": ipam_config(name)}
    endpoints: dict[str, Endpoint] = {}
    if network is not None:
        variables = {key: value for key, value in network.variables.items() if key != "appends"}
        endpoints = dict(network.endpoints)
    if network is None or chance.random() < 0.3:
        _change_mode(chance, variables)
    appends = network is not None and chance.random() < 0.2
    if appends:
        variables["appends"] = True
        endpoints = {}
    _change_endpoints(chance, world, name, endpoints)
    if appends and network is not None:
        endpoints = {namespace: one for namespace, one in endpoints.items() if namespace not in network.endpoints}
    published = not variables.get("internal") and not variables.get("inhibit_gateway")
    listed = [_fitting(endpoint, published) for endpoint in endpoints.values()]
    if appends and network is not None:
        taken = {port for other in network.endpoints.values() for port in other.get("published_ports", ())}
        listed = [
            {**one, "published_ports": [p for p in one.get("published_ports", ()) if p not in taken]} for one in listed
        ]
    return Operation("apply", name, {**variables, "endpoints": listed})


def _change_mode(chance: random.Random, variables: dict[str, Any]) -> None:
    option, values = chance.choice(
        [
            ("gateway_mode", ("nat", "routed", "nat-unprotected")),
            ("internal", (True, False)),
            ("icc", (True, False)),
            ("masquerade", (True, False)),
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
    taken = {
        port for other, endpoint in others.items() if other != namespace for port in endpoint.get("published_ports", ())
    }
    ports = [port for port in _ports(chance, kind, default_route) if port not in taken]
    if ports:
        made["published_ports"] = ports
    return made


def _ports(chance: random.Random, kind: Kind, udp: bool) -> list[str]:
    """Ports from a common pool, so that they move from one endpoint to another."""
    first = kind.port(0)
    store = [f"{first}:80", f"{first + 1}:80", f"{first + 10}-{first + 12}:90-92"]
    store += [f"127.0.0.1:{first + 2}:81"] * ("ipv4" in kind.families)
    store += [f"{first + 3}:53/udp"] * udp
    return chance.sample(store, chance.choice((0, 1, 1, 2)))


def _fitting(endpoint: Endpoint, published: bool) -> Endpoint:
    """The endpoint without options that its network does not allow."""
    return {key: value for key, value in endpoint.items() if published or key != "published_ports"}
