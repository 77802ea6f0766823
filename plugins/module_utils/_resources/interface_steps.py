# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps for an interface, given by namespace and name."""

from __future__ import annotations

import contextlib
import errno
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, IPInterface
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    dumps,
    link_changes,
    new_mac,
    promoting,
    stack_changes,
    sysctl,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import connected
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.routes import Route
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import Written


class Step(Value):
    """One action on the interface ``name`` in the namespace ``netns``, or None for the host's own."""

    netns: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.what} interface {self.name}{within(self.netns)}"

    @property
    def what(self) -> str:
        raise NotImplementedError

    def do(self, session: Session) -> None:
        self.change(session.writer, socket.if_nametoindex(self.name))

    def change(self, writer: Writer, index: int) -> None:
        """Apply it to the interface with this index."""
        raise NotImplementedError


class SetLink(Step):
    """Set MTU and MAC address, by option name."""

    values: t.Mapping[str, t.Any]

    @property
    def what(self) -> str:
        return f"set {', '.join(self.values)} of"

    def change(self, writer: Writer, index: int) -> None:
        others = {word: value for word, value in self.values.items() if word != "mac_address"}
        if others:
            link_changes.set_values(writer, index, others)
        if "mac_address" in self.values:
            new_mac.give(writer, index, self.values["mac_address"])


class Turn(Step):
    up: bool

    @property
    def what(self) -> str:
        return f"bring {'up' if self.up else 'down'}"

    def change(self, writer: Writer, index: int) -> None:
        link_changes.turn(writer, index, self.up)


class SpeakArp(Step):
    @property
    def what(self) -> str:
        return "enable ARP on"

    def change(self, writer: Writer, index: int) -> None:
        link_changes.speak_arp(writer, index)


class WriteSettings(Step):
    """Write kernel settings of the interface, by path below /proc/sys."""

    values: t.Mapping[str, str]

    @property
    def what(self) -> str:
        return f"set {', '.join(self.values)} of"

    @property
    def written(self) -> list[Written]:
        return [Written(self.netns, path, value) for path, value in self.values.items()]

    def change(self, _writer: Writer, _index: int) -> None:
        for path, value in self.values.items():
            sysctl.write(path, value)


class AddAddress(Step):
    """``routeless``: the kernel adds no route to its subnet."""

    address: IPInterface
    routeless: bool = False

    @property
    def what(self) -> str:
        return f"add address {self.address} to"

    def change(self, writer: Writer, index: int) -> None:
        try:
            stack_changes.put_address(writer, index, self.address, self.routeless)
        except OSError as error:
            if error.errno == errno.EACCES and self.address.version == 6:
                setting = f"net.ipv6.conf.{self.name}.disable_ipv6"
                raise KernelRefused(f"cannot {self}: IPv6 is disabled there, see {setting}") from error
            raise


class DeleteAddress(Step):
    """``keep_others``: keep other IPv4 addresses of the subnet, which by default go with its first one."""

    address: IPInterface
    keep_others: bool = False

    @property
    def written(self) -> list[Written]:
        return [Written(self.netns, promoting.setting(self.name), "1")] if self.keep_others else []

    @property
    def what(self) -> str:
        return f"delete address {self.address} from"

    def change(self, writer: Writer, index: int) -> None:
        keeping = promoting.others(self.netns, self.name) if self.keep_others else contextlib.nullcontext()
        with keeping, _gone_is_done(errno.EADDRNOTAVAIL):
            stack_changes.delete_address(writer, index, self.address)


class PutRoute(Step):
    """Add a route, or replace the one with the same key."""

    route: Route

    @property
    def what(self) -> str:
        return f"add route {_shown(self.route)} to"

    def change(self, writer: Writer, index: int) -> None:
        stack_changes.put_route(writer, index, self.route)


class PutConnected(Step):
    """Restore a route of the kernel for an address."""

    route: Route

    @property
    def what(self) -> str:
        return f"restore the kernel's route {connected.words(self.route)} on"

    def change(self, writer: Writer, index: int) -> None:
        with _gone_is_done(errno.EEXIST):
            stack_changes.put_connected(writer, index, self.route)


class DeleteRoute(Step):
    route: Route

    @property
    def what(self) -> str:
        return f"delete route {_shown(self.route)} from"

    def change(self, writer: Writer, index: int) -> None:
        with _gone_is_done(errno.ESRCH):
            stack_changes.delete_route(writer, index, self.route)


class SetNeighbours(Step):
    """Remove the first ones and add the others."""

    gone: tuple[IPAddress, ...]
    new: tuple[tuple[IPAddress, str], ...]

    @property
    def what(self) -> str:
        return "set the permanent neighbours of"

    def change(self, writer: Writer, index: int) -> None:
        for gone in self.gone:
            with _gone_is_done(errno.ENOENT):
                stack_changes.delete_neighbour(writer, index, gone)
        for address, mac_address in self.new:
            stack_changes.put_neighbour(writer, index, address, mac_address)


class SetProxies(Step):
    """Remove the first addresses and add the others."""

    gone: tuple[IPAddress, ...]
    new: tuple[IPAddress, ...]

    @property
    def what(self) -> str:
        return "set the proxy neighbours of"

    def change(self, writer: Writer, index: int) -> None:
        for gone in self.gone:
            with _gone_is_done(errno.ENOENT):
                stack_changes.delete_proxy(writer, index, gone)
        for address in self.new:
            stack_changes.put_proxy(writer, index, address)


class Announce(Step):
    """Make the kernel announce the interface's addresses to its neighbours, as its notify settings allow.

    ``came_up``: it was down before, so that its own neighbour cache is empty.
    """

    index: int
    came_up: bool
    addresses: tuple[str, ...]

    @property
    def what(self) -> str:
        return "announce"

    def change(self, writer: Writer, index: int) -> None:
        """Set its MAC address to the current one, which the kernel announces like a change.

        A device without one, or that accepts none while it is up, is not announced; neighbours find out a little later.
        """
        address = dumps.link(writer, index).mac_address
        with contextlib.suppress(OSError):
            if address:
                new_mac.give(writer, index, address)


def _shown(route: Route) -> str:
    return " ".join(f"{word} {value}" if word != "to" else str(value) for word, value in route.view().items())


@contextlib.contextmanager
def _gone_is_done(code: int) -> t.Iterator[None]:
    """Ignore that an earlier step has removed or added the same already."""
    try:
        yield
    except OSError as error:
        if error.errno != code:
            raise
