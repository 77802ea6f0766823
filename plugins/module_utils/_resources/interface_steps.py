# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What can be done to an interface, which is named by namespace and name."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import functools
import itertools
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused, LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    bridge_ports,
    dumps,
    link_changes,
    namespace_records,
    new_mac,
    promoting,
    stack_changes,
    sysctl,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import connected
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import Written
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import leases


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing done to the interface ``name`` in the namespace ``netns``, None being the host's own."""

    netns: str | None
    name: str

    def __str__(self) -> str:
        place = f" in namespace {self.netns}" if self.netns else ""
        return f"{self.what} interface {self.name}{place}"

    @property
    def what(self) -> str:
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class SetLink(Step):
    """MTU and MAC address, by the names of the options."""

    values: t.Mapping[str, t.Any]

    @property
    def what(self) -> str:
        return f"set {', '.join(self.values)} of"


@dataclasses.dataclass(frozen=True)
class Turn(Step):
    up: bool

    @property
    def what(self) -> str:
        return f"turn {'up' if self.up else 'down'}"


@dataclasses.dataclass(frozen=True)
class SpeakArp(Step):
    @property
    def what(self) -> str:
        return "have ARP spoken on"


@dataclasses.dataclass(frozen=True)
class WriteSettings(Step):
    """Kernel settings of the interface, by path below /proc/sys."""

    values: t.Mapping[str, str]

    @property
    def what(self) -> str:
        return f"set {', '.join(self.values)} of"

    @property
    def written(self) -> list[Written]:
        return [Written(self.netns, path, value) for path, value in self.values.items()]


@dataclasses.dataclass(frozen=True)
class AddAddress(Step):
    """``routeless``: the kernel makes no route to its subnet."""

    address: IPInterface
    routeless: bool = False

    @property
    def what(self) -> str:
        return f"add address {self.address} to"


@dataclasses.dataclass(frozen=True)
class DeleteAddress(Step):
    """``keep_others``: other IPv4 addresses of the same subnet stay, which by default go with the first one of it."""

    address: IPInterface
    keep_others: bool = False

    @property
    def written(self) -> list[Written]:
        return [Written(self.netns, promoting.setting(self.name), "1")] if self.keep_others else []

    @property
    def what(self) -> str:
        return f"delete address {self.address} of"


@dataclasses.dataclass(frozen=True)
class PutRoute(Step):
    """Add a route in place of one of the same key."""

    route: Route

    @property
    def what(self) -> str:
        return f"put route {_shown(self.route)} on"


@dataclasses.dataclass(frozen=True)
class PutConnected(Step):
    """Put back a route that the kernel wrote for an address."""

    route: Route

    @property
    def what(self) -> str:
        return f"put the kernel's route {connected.words(self.route)} back on"


@dataclasses.dataclass(frozen=True)
class DeleteRoute(Step):
    route: Route

    @property
    def what(self) -> str:
        return f"delete route {_shown(self.route)} of"


@dataclasses.dataclass(frozen=True)
class SetNeighbours(Step):
    """Forget the first ones and write the others down."""

    gone: tuple[IPAddress, ...]
    new: tuple[tuple[IPAddress, str], ...]

    @property
    def what(self) -> str:
        return "set the permanent neighbours of"


@dataclasses.dataclass(frozen=True)
class SetProxies(Step):
    """Answer for the first addresses no more, and for the others from now on."""

    gone: tuple[IPAddress, ...]
    new: tuple[IPAddress, ...]

    @property
    def what(self) -> str:
        return "set the proxy neighbours of"


@dataclasses.dataclass(frozen=True)
class Announce(Step):
    """Have the kernel tell the neighbours the interface's addresses, as its notify settings allow.

    ``came_up``: it was down before, so that it has no memory of neighbours itself.
    """

    index: int
    came_up: bool
    addresses: tuple[str, ...]

    @property
    def what(self) -> str:
        return "announce"


@dataclasses.dataclass(frozen=True)
class Lease(Step):
    """Remember, in the namespace's record, the addresses that an owner gave; None forgets them."""

    owner: str
    addresses: tuple[str, ...] | None

    @property
    def what(self) -> str:
        return "remember the addresses of"


def _shown(route: Route) -> str:
    return " ".join(f"{word} {value}" if word != "to" else str(value) for word, value in route.view().items())


def execute(host: Host, steps: t.Sequence[Step]) -> None:
    """Do the steps in order, those that follow on one another in one namespace by one visit.

    Announcements come last, when everything that leads to the neighbours is up. A namespace in which something fails
    holds up no other one; the first failure is raised when all else is done.
    """
    remembered = [step for step in steps if isinstance(step, Lease)]
    announcements = [step for step in steps if isinstance(step, Announce)]
    others = [step for step in steps if not isinstance(step, (Lease, Announce))]
    failed = _visit_all(host, others)
    announcements = [step for step in announcements if step.netns not in failed]
    if announcements:
        bridge_ports.wait(host, {step.netns for step in announcements})
        failed.update(_visit_all(host, _heard(host, announcements)))
    remembered = [step for step in remembered if step.netns not in failed]
    if remembered:
        _remember(host, remembered)
    for error in failed.values():
        raise error


def _heard(host: Host, announcements: t.Sequence[Announce]) -> list[Announce]:
    """Those that somebody may need.

    Each one goes to every port of the bridge: among a thousand new endpoints that is a million packets for nothing.
    """
    newcomers = {(step.netns, step.index): step.addresses for step in announcements if step.came_up}
    unheard = host.run(None, functools.partial(bridge_ports.among_themselves, host, newcomers)) if newcomers else set()
    return [step for step in announcements if (step.netns, step.index) not in unheard]


def _visit_all(host: Host, steps: t.Sequence[Step]) -> dict[str | None, LinuxnetError]:
    """Do steps; what failed, by namespace."""
    failed: dict[str | None, LinuxnetError] = {}

    def visit(netns: str | None, group: t.Sequence[Step]) -> None:
        if netns not in failed:
            try:
                _do_all(host, group)
            except LinuxnetError as error:
                failed[netns] = error

    visits = [(netns, tuple(group)) for netns, group in itertools.groupby(steps, key=lambda step: step.netns)]
    host.tour((netns, functools.partial(visit, netns, group)) for netns, group in visits)
    return failed


def _do_all(host: Host, steps: t.Sequence[Step]) -> None:
    with Writer() as writer:
        for step in steps:
            _do(host, writer, step)


def _do(host: Host, writer: Writer, step: Step) -> None:
    with host.doing(str(step)):
        index = socket.if_nametoindex(step.name)
        if isinstance(step, WriteSettings):
            _write(step)
        elif isinstance(step, SetLink):
            _set_link(writer, index, step.values)
        elif isinstance(step, Announce):
            _announce(writer, index)
        elif isinstance(step, Turn):
            link_changes.turn(writer, index, step.up)
        elif isinstance(step, AddAddress):
            _add_address(writer, index, step)
        elif isinstance(step, DeleteAddress):
            _delete_address(writer, index, step)
        elif isinstance(step, PutRoute):
            stack_changes.put_route(writer, index, step.route)
        elif isinstance(step, PutConnected):
            with _gone_is_done(errno.EEXIST):
                stack_changes.put_connected(writer, index, step.route)
        elif isinstance(step, SpeakArp):
            link_changes.speak_arp(writer, index)
        elif isinstance(step, (SetNeighbours, SetProxies)):
            _set_neighbours(writer, index, step)
        elif isinstance(step, DeleteRoute):
            with _gone_is_done(errno.ESRCH):
                stack_changes.delete_route(writer, index, step.route)


def _set_neighbours(writer: Writer, index: int, step: SetNeighbours | SetProxies) -> None:
    if isinstance(step, SetProxies):
        _set_proxies(writer, index, step)
        return
    for gone in step.gone:
        with _gone_is_done(errno.ENOENT):
            stack_changes.delete_neighbour(writer, index, gone)
    for address, mac_address in step.new:
        stack_changes.put_neighbour(writer, index, address, mac_address)


def _set_proxies(writer: Writer, index: int, step: SetProxies) -> None:
    for gone in step.gone:
        with _gone_is_done(errno.ENOENT):
            stack_changes.delete_proxy(writer, index, gone)
    for address in step.new:
        stack_changes.put_proxy(writer, index, address)


def _set_link(writer: Writer, index: int, values: t.Mapping[str, t.Any]) -> None:
    others = {word: value for word, value in values.items() if word != "mac_address"}
    if others:
        link_changes.set_values(writer, index, others)
    if "mac_address" in values:
        new_mac.give(writer, index, values["mac_address"])


def _announce(writer: Writer, index: int) -> None:
    """Its MAC address is set to what it is, which the kernel announces like a change.

    A device that has none, or takes none while it is up, is not announced; neighbours find out a little later.
    """
    address = dumps.link(writer, index).mac_address
    with contextlib.suppress(OSError):
        if address:
            new_mac.give(writer, index, address)


def _write(step: WriteSettings) -> None:
    for path, value in step.values.items():
        sysctl.write(path, value)


@contextlib.contextmanager
def _gone_is_done(code: int) -> t.Iterator[None]:
    """What an earlier step took along needs no removal any more, and what it brought along need not be put."""
    try:
        yield
    except OSError as error:
        if error.errno != code:
            raise


def _add_address(writer: Writer, index: int, step: AddAddress) -> None:
    try:
        stack_changes.put_address(writer, index, step.address, step.routeless)
    except OSError as error:
        if error.errno == errno.EACCES and step.address.version == 6:
            setting = f"net.ipv6.conf.{step.name}.disable_ipv6"
            raise KernelRefused(f"cannot {step}: IPv6 is disabled there, see {setting}") from error
        raise


def _delete_address(writer: Writer, index: int, step: DeleteAddress) -> None:
    kept = promoting.others(step.netns, step.name) if step.keep_others else contextlib.nullcontext()
    with kept, _gone_is_done(errno.EADDRNOTAVAIL):
        stack_changes.delete_address(writer, index, step.address)


def _remember(host: Host, wished: t.Sequence[Lease]) -> None:
    freed: list[str] = []
    for lease in wished:
        record = namespace_records.read(str(lease.netns))
        if record is None or lease.owner not in record.owners:
            continue
        addresses = {owner: dict(leased) for owner, leased in record.addresses.items()}
        mine = addresses.setdefault(lease.owner, {})
        before = mine.pop(lease.name, [])
        if lease.addresses:
            # An interface that was given another name took its addresses along.
            others = {name: [one for one in given if one not in lease.addresses] for name, given in mine.items()}
            mine = addresses[lease.owner] = {name: given for name, given in others.items() if given}
            mine[lease.name] = list(lease.addresses)
        if not mine:
            del addresses[lease.owner]
        freed += [one for one in before if one not in (lease.addresses or ())]
        namespace_records.write(str(lease.netns), dataclasses.replace(record, addresses=addresses))
    leases.end_flows(host, freed)
