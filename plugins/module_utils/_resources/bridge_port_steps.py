# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What can be done to a bridge's port."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    dumps,
    fdb,
    link_changes,
    port_records,
    refusals,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.port_records import PortRecord
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.vlans import Vlans

_PVID_UNTAGGED = 2 | 4


@dataclasses.dataclass(frozen=True)
class Join:
    """``owner``: to be remembered as the one whose membership it is, of an interface of the host without a mark."""

    netns: str | None
    interface: str
    bridge: str
    owner: str | None = None

    def __str__(self) -> str:
        return f"put interface {self.interface} on bridge {self.bridge}"


@dataclasses.dataclass(frozen=True)
class Leave:
    netns: str | None
    interface: str
    bridge: str

    def __str__(self) -> str:
        return f"take interface {self.interface} off bridge {self.bridge}"


@dataclasses.dataclass(frozen=True)
class SetFlags:
    """Flags and numbers of the port, in the words of the options."""

    netns: str | None
    interface: str
    values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"set {', '.join(self.values)} of port {self.interface}"


@dataclasses.dataclass(frozen=True)
class SetVlans:
    """Bring the VLANs to this; None leaves them."""

    netns: str | None
    interface: str
    tagged: frozenset[int] | None
    pvid: int | None

    def __str__(self) -> str:
        return f"set the VLANs of port {self.interface}"


@dataclasses.dataclass(frozen=True)
class SetFdb:
    """Bring the MAC addresses that the bridge finds behind the port by being told to these."""

    netns: str | None
    interface: str
    gone: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        return f"set the static MAC addresses of port {self.interface}"


@dataclasses.dataclass(frozen=True)
class Remember:
    """Note that an owner puts an interface of the host, which carries no mark, on a bridge."""

    interface: str
    bridge: str
    owner: str

    def __str__(self) -> str:
        return f"remember whose port {self.interface} is"


@dataclasses.dataclass(frozen=True)
class Forget:
    """``ifindex``: only what is remembered of this one."""

    interface: str
    ifindex: int | None = None

    def __str__(self) -> str:
        return f"forget whose port {self.interface} was"


Step = t.Union[Join, Leave, SetFlags, SetVlans, SetFdb, Remember, Forget]


def execute(host: Host, steps: t.Sequence[Step]) -> None:
    """Do the steps in order, those that follow on one another in one namespace by one visit."""
    for (netns, about_vlans), group in itertools.groupby(steps, key=_visit):
        if about_vlans:
            host.netlink(netns, functools.partial(_set_all_vlans, host, t.cast("tuple[SetVlans, ...]", tuple(group))))
        else:
            host.run(netns, functools.partial(_do_all, host, tuple(group)))


def _visit(step: Step) -> tuple[str | None, bool]:
    """Steps with the same are done by one visit: VLANs, which are rare, go by pyroute2."""
    return _where(step), isinstance(step, SetVlans)


def _where(step: Step) -> str | None:
    """The namespace in which a step is done; records are of the host's own interfaces."""
    return None if isinstance(step, (Remember, Forget)) else step.netns


def _do_all(host: Host, steps: t.Sequence[Step]) -> None:
    with Writer() as writer:
        for step in steps:
            _do(host, writer, step)


def _do(host: Host, writer: Writer, step: Step) -> None:
    with host.doing(str(step)):
        if isinstance(step, Remember):
            index = socket.if_nametoindex(step.interface)
            _remember(writer, index, step.interface, step.bridge, step.owner)
        elif isinstance(step, Forget):
            port_records.remove(step.interface, step.ifindex)
        elif isinstance(step, Join):
            _join(writer, step)
        elif isinstance(step, Leave):
            link_changes.set_values(writer, socket.if_nametoindex(step.interface), {"master": 0})
        elif isinstance(step, SetFlags):
            with _on_a_bridge(step):
                link_changes.set_port(writer, socket.if_nametoindex(step.interface), step.values)
        elif isinstance(step, SetFdb):
            with _on_a_bridge(step):
                _set_fdb(writer, socket.if_nametoindex(step.interface), step)


@contextlib.contextmanager
def _on_a_bridge(step: SetFlags | SetFdb | SetVlans) -> t.Iterator[None]:
    """Of an interface that is no port any more the kernel says many things, all of them misleading."""
    try:
        yield
    except refusals.refusals() as error:
        with Reader() as reader:
            link = dumps.link(reader, socket.if_nametoindex(step.interface))
        if not link.master:
            raise KernelRefused(_left(step)) from error
        raise


def _left(step: SetFlags | SetFdb | SetVlans) -> str:
    return f"cannot {step}: somebody took it off its bridge just now; see who else manages it, then run again"


def _remember(writer: Writer, index: int, interface: str, bridge: str, owner: str) -> None:
    mac_address = dumps.link(writer, index).mac_address
    port_records.write(interface, PortRecord(index, bridge, owner, mac_address))


def _join(writer: Writer, step: Join) -> None:
    """It is remembered first: were we stopped in between, nobody would know of a port that is on a bridge."""
    index, master = socket.if_nametoindex(step.interface), socket.if_nametoindex(step.bridge)
    if step.owner is not None:
        _remember(writer, index, step.interface, step.bridge, step.owner)
    try:
        link_changes.set_values(writer, index, {"master": master})
    except OSError:
        if step.owner is not None:
            port_records.remove(step.interface)
        raise


def _set_fdb(writer: Writer, index: int, step: SetFdb) -> None:
    for address in step.gone:
        fdb.delete(writer, index, address)
    for address in step.new:
        fdb.put(writer, index, address)


def _set_all_vlans(host: Host, steps: t.Sequence[SetVlans], ip: t.Any) -> None:
    for step in steps:
        with host.doing(str(step)), _on_a_bridge(step):
            _set_vlans(ip, socket.if_nametoindex(step.interface), step)


def _set_vlans(ip: t.Any, index: int, step: SetVlans) -> None:
    """What has to go goes first, the old PVID included: a port that just joined was given one by the bridge."""
    with Reader() as reader:
        found = dumps.vlans(reader).get(index, Vlans())
        if not dumps.link(reader, index).master:
            raise KernelRefused(_left(step))
    tagged = found.tagged if step.tagged is None else step.tagged
    pvid = found.pvid if step.pvid is None else step.pvid
    for number in (found.tagged - tagged) | ({found.pvid} - {pvid, None} - tagged):
        ip.vlan_filter("del", index=index, vlan_info={"vid": number, "flags": 0})
    if pvid is not None and pvid != found.pvid:
        ip.vlan_filter("add", index=index, vlan_info={"vid": pvid, "flags": _PVID_UNTAGGED})
    for number in tagged - found.tagged:
        ip.vlan_filter("add", index=index, vlan_info={"vid": number, "flags": 0})
