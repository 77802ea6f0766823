# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps for ports of bridges."""

from __future__ import annotations

import contextlib
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    dumps,
    fdb,
    link_changes,
    port_records,
    refusals,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.port_records import PortRecord
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.vlans import Vlans

_PVID_UNTAGGED = 2 | 4


class Join(Value):
    """``owner`` is to be recorded, for an interface of the host without a mark."""

    netns: str | None
    interface: str
    bridge: str
    owner: str | None = None

    def __str__(self) -> str:
        return f"add interface {self.interface} to bridge {self.bridge}"

    def do(self, session: Session) -> None:
        """The record comes first, so that an interrupted run leaves no port of unknown origin."""
        index, master = socket.if_nametoindex(self.interface), socket.if_nametoindex(self.bridge)
        if self.owner is not None:
            _remember(session.writer, index, self.interface, self.bridge, self.owner)
        try:
            link_changes.set_values(session.writer, index, {"master": master})
        except OSError:
            if self.owner is not None:
                port_records.remove(self.interface)
            raise


class Leave(Value):
    netns: str | None
    interface: str
    bridge: str

    def __str__(self) -> str:
        return f"remove interface {self.interface} from bridge {self.bridge}"

    def do(self, session: Session) -> None:
        link_changes.set_values(session.writer, socket.if_nametoindex(self.interface), {"master": 0})


class SetFlags(Value):
    """Set flags and numbers of the port, by option name."""

    netns: str | None
    interface: str
    values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"set {', '.join(self.values)} of port {self.interface}"

    def do(self, session: Session) -> None:
        with _on_a_bridge(self):
            link_changes.set_port(session.writer, socket.if_nametoindex(self.interface), self.values)


class SetVlans(Value):
    """Set the VLANs; None leaves them as they are."""

    netns: str | None
    interface: str
    tagged: frozenset[int] | None
    pvid: int | None

    def __str__(self) -> str:
        return f"set the VLANs of port {self.interface}"

    def do(self, session: Session) -> None:
        """Removals come first, including the PVID that the bridge gave to a new port."""
        with _on_a_bridge(self):
            index, ip = socket.if_nametoindex(self.interface), session.route
            found = dumps.vlans(session.writer).get(index, Vlans())
            if not dumps.link(session.writer, index).master:
                raise KernelRefused(_left(self))
            tagged = found.tagged if self.tagged is None else self.tagged
            pvid = found.pvid if self.pvid is None else self.pvid
            for number in (found.tagged - tagged) | ({found.pvid} - {pvid, None} - tagged):
                ip.vlan_filter("del", index=index, vlan_info={"vid": number, "flags": 0})
            if pvid is not None and pvid != found.pvid:
                ip.vlan_filter("add", index=index, vlan_info={"vid": pvid, "flags": _PVID_UNTAGGED})
            for number in tagged - found.tagged:
                ip.vlan_filter("add", index=index, vlan_info={"vid": number, "flags": 0})


class SetFdb(Value):
    """Set the static MAC addresses behind the port."""

    netns: str | None
    interface: str
    gone: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        return f"set the static MAC addresses of port {self.interface}"

    def do(self, session: Session) -> None:
        with _on_a_bridge(self):
            index = socket.if_nametoindex(self.interface)
            for address in self.gone:
                fdb.delete(session.writer, index, address)
            for address in self.new:
                fdb.put(session.writer, index, address)


class _OfTheHost:
    """A step about a record: only interfaces of the host have records."""

    @property
    def netns(self) -> None:
        return None


class Remember(Value, _OfTheHost):
    """Record the owner of an unmarked interface of the host as a port."""

    interface: str
    bridge: str
    owner: str

    def __str__(self) -> str:
        return f"record the owner of port {self.interface}"

    def do(self, session: Session) -> None:
        index = socket.if_nametoindex(self.interface)
        _remember(session.writer, index, self.interface, self.bridge, self.owner)


class Forget(Value, _OfTheHost):
    """``ifindex``: remove the record only if it is about this interface."""

    interface: str
    ifindex: int | None = None

    def __str__(self) -> str:
        return f"remove the record of port {self.interface}"

    def do(self, _session: Session) -> None:
        port_records.remove(self.interface, self.ifindex)


@contextlib.contextmanager
def _on_a_bridge(step: SetFlags | SetFdb | SetVlans) -> t.Iterator[None]:
    """Report an interface that is no longer a port, for which the kernel's errors are misleading."""
    try:
        yield
    except refusals.refusals() as error:
        with Reader() as reader:
            link = dumps.link(reader, socket.if_nametoindex(step.interface))
        if not link.master:
            raise KernelRefused(_left(step)) from error
        raise


def _left(step: SetFlags | SetFdb | SetVlans) -> str:
    return (
        f"cannot {step}: something else removed it from its bridge just now; find out what manages it, then run again"
    )


def _remember(writer: Writer, index: int, interface: str, bridge: str, owner: str) -> None:
    mac_address = dumps.link(writer, index).mac_address
    port_records.write(interface, PortRecord(index, bridge, owner, mac_address))
