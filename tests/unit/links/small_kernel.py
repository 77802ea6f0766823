# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel small enough to be obviously right, on which the steps of the planners for links run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import HealthCheck, settings

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.assigned import Address, broadcast_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import interface_steps, veth_steps

#: Many wants are rightly refused, and then there is no plan to look at.
many = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def connected_routes(address: IPInterface, index: int) -> Iterable[Route]:
    """The routes that the kernel adds for an address, without their sources."""
    version, network = address.version, address.network
    host = f"{address.ip}/{32 if version == 4 else 128}"
    yield Route(version, host, 255, type="local", index=index, protocol=2, scope="host")
    yield Route(version, str(network), 254, metric=0 if version == 4 else 256, index=index, protocol=2)
    if version == 4:
        everybody = f"{network.broadcast_address}/32"
        yield Route(4, everybody, 255, type="broadcast", index=index, protocol=2, scope="link")


@dataclasses.dataclass
class Namespace:
    """Interfaces by name, addresses in order, routes; settings by path."""

    links: dict[str, Link]
    addresses: list[Address] = dataclasses.field(default_factory=list)
    routes: list[Route] = dataclasses.field(default_factory=list)
    settings: dict[str, str] = dataclasses.field(default_factory=dict)

    def execute(self, steps: Iterable[object]) -> None:
        for step in steps:
            if isinstance(step, interface_steps.Step):
                self._execute(step, self.links[step.name])

    def _execute(self, step: interface_steps.Step, link: Link) -> None:
        if isinstance(step, interface_steps.SetLink):
            self.links[step.name] = link.but(**step.values)
        elif isinstance(step, interface_steps.WriteSettings):
            self.settings.update(step.values)
        elif isinstance(step, interface_steps.Turn):
            assert link.up is not step.up, "turned to where it is"
            self.links[step.name] = link.but(up=step.up)
            if step.up:
                self._connect(link.index)
            else:
                self.addresses = [one for one in self.addresses if one.index != link.index or one.address.version == 4]
                self._drop_routes(link.index, {4, 6})
        elif isinstance(step, interface_steps.AddAddress):
            same = [one for one in self.addresses if one.index == link.index and one.address.ip == step.address.ip]
            assert step.address.version == 4 or not same, "IPv6 takes an address but once"
            assert all(one.address != step.address for one in same), "added twice"
            self.addresses.append(Address(link.index, step.address, broadcast=broadcast_of(step.address)))
            if link.up:
                self._connect(link.index)
        elif isinstance(step, interface_steps.DeleteAddress):
            self._delete_address(step, link.index)
        elif isinstance(step, interface_steps.PutRoute):
            assert link.up or step.route.index is None, "a route over what is down"
            self.routes = [one for one in self.routes if one.key != step.route.key] + [step.route]
        elif isinstance(step, interface_steps.PutConnected):
            self.put_connected(step.route)
        elif isinstance(step, interface_steps.DeleteRoute):
            self.routes.remove(step.route)

    def _connect(self, index: int) -> None:
        """Add missing routes of an interface's addresses."""
        for one in self.addresses:
            if one.index == index:
                for route in connected_routes(one.address, index):
                    self.put_connected(route)

    def put_connected(self, route: Route) -> None:
        if (route.key, route.index) not in {(one.key, one.index) for one in self.routes}:
            self.routes.append(route)

    def _delete_address(self, step: interface_steps.DeleteAddress, index: int) -> None:
        mine = [one for one in self.addresses if one.index == index]
        subnet = [one for one in mine if one.address.network == step.address.network and one.address.version == 4]
        doomed = [one for one in mine if one.address == step.address]
        assert doomed, "deleted what is not there"
        if not step.keep_others and subnet and subnet[0] in doomed:
            doomed = subnet
        self.addresses = [one for one in self.addresses if one not in doomed]
        for gone in doomed:
            self._disconnect(gone.address, index)
            if gone.address.ip not in {one.address.ip for one in self.addresses}:
                source = str(gone.address.ip)
                if gone.address.version == 4:
                    self.routes = [one for one in self.routes if one.src != source or one.table != 254]
                else:
                    self.routes = [
                        one.but(src=None) if (one.src, one.index) == (source, index) else one for one in self.routes
                    ]
        if step.address.version == 4 and not any(
            one.index == index and one.address.version == 4 for one in self.addresses
        ):
            self._drop_routes(index, {4})

    def _disconnect(self, address: IPInterface, index: int) -> None:
        """Remove the routes of an address that no other address of the interface has."""
        doomed = {route.key for route in connected_routes(address, index)}
        self.routes = [one for one in self.routes if (one.index, one.protocol) != (index, 2) or one.key not in doomed]
        if self.links[next(name for name, link in self.links.items() if link.index == index)].up:
            self._connect(index)

    def _drop_routes(self, index: int, families: set[int]) -> None:
        self.routes = [one for one in self.routes if one.index != index or one.family not in families]


@dataclasses.dataclass
class End:
    link: Link
    peer: End | None = None


@dataclasses.dataclass
class Machine:
    """Interfaces by namespace and name."""

    ends: dict[tuple[str | None, str], End]

    def execute(self, steps: Iterable[object]) -> None:
        for step in steps:
            if isinstance(step, veth_steps.Make):
                first = End(self._new(step.end, step.values))
                second = End(self._new(step.peer, step.peer_values), first)
                first.peer = second
                self._put(first, step.end)
                self._put(second, step.peer)
            elif isinstance(step, veth_steps.Put):
                end = self.ends.pop((step.end.netns, step.end.name))
                end.link = end.link.but(name=step.to.name)
                self._put(end, step.to)
            elif isinstance(step, veth_steps.Set):
                end = self.ends[step.end.netns, step.end.name]
                end.link = end.link.but(**step.values)
            elif isinstance(step, veth_steps.Delete):
                self._delete(step)

    def _new(self, where: veth_steps.Where, values: Mapping[str, Any]) -> Link:
        return Link(index=self._free_index(), name=where.name, kind="veth", **values)

    def _free_index(self) -> int:
        return max((end.link.index for end in self.ends.values()), default=0) + 1

    def _put(self, end: End, where: veth_steps.Where) -> None:
        assert (where.netns, where.name) not in self.ends, "the name is taken"
        end.link = end.link.but(index=self._free_index())
        self.ends[where.netns, where.name] = end

    def _delete(self, step: veth_steps.Delete) -> None:
        for name in step.ends:
            end = self.ends.pop((step.netns, name))
            self.ends = {place: other for place, other in self.ends.items() if other is not end.peer}
