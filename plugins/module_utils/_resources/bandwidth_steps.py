# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps that limit interfaces."""

from __future__ import annotations

import contextlib
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, link_changes, queueing
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session, Silent
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import Limit
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import bandwidth_probe


class Probe(Value, Silent):
    """Refuse before the first change if the kernel lacks something."""

    directions: tuple[str, ...]

    def do(self, session: Session) -> None:
        bandwidth_probe.refuse(session.host, "", self.directions)


class MakeDevice(Value):
    """Create the ifb device of an interface with its limit."""

    netns: str | None
    interface: str
    name: str
    values: t.Mapping[str, t.Any]
    limit: Limit

    def __str__(self) -> str:
        return f"create {self.name}, which limits what is received on {self.interface}{within(self.netns)}"

    def do(self, session: Session) -> None:
        """The alias comes second, since the kernel would ignore it at first. The device is limited before it goes up.

        It needs no address of its own, not even a link-local one.
        """
        writer, values = session.writer, dict(self.values)
        alias = values.pop("alias")
        link_changes.make(writer, "ifb", {"name": self.name, **values})
        index = socket.if_nametoindex(self.name)
        link_changes.set_values(writer, index, {"alias": alias})
        with contextlib.suppress(OSError):
            link_changes.forgo_link_local(writer, index)
        queueing.put_limit(session.route, index, self.limit)
        link_changes.turn(writer, index, True)


class SetDevice(Value):
    """Set attributes of the device, and bring it up."""

    netns: str | None
    name: str
    values: t.Mapping[str, t.Any]
    up: bool

    def __str__(self) -> str:
        return f"set {', '.join([*self.values, *(['enabled'] if self.up else [])])} of {self.name}{within(self.netns)}"

    def do(self, session: Session) -> None:
        index = socket.if_nametoindex(self.name)
        if self.values:
            link_changes.set_values(session.writer, index, self.values)
        if self.up:
            link_changes.turn(session.writer, index, True)


class PutLimit(Value):
    """Limit what an interface sends. ``instead``: a discipline of another kind with our handle goes first."""

    netns: str | None
    name: str
    limit: Limit
    instead: bool = False

    def __str__(self) -> str:
        return f"limit {self.name}{within(self.netns)} to {self.limit.rate_text}"

    def do(self, session: Session) -> None:
        index = socket.if_nametoindex(self.name)
        if self.instead:
            queueing.delete_root(session.route, index)
        queueing.put_limit(session.route, index, self.limit)


class EndLimit(Value):
    netns: str | None
    name: str

    def __str__(self) -> str:
        return f"end the limit of {self.name}{within(self.netns)}"

    def do(self, session: Session) -> None:
        queueing.delete_root(session.route, socket.if_nametoindex(self.name))


class Redirect(Value):
    """Redirect what an interface receives to the device."""

    netns: str | None
    interface: str
    name: str
    #: Whether there is the discipline for filters, and a filter of ours.
    ready: bool
    stale: bool

    def __str__(self) -> str:
        return f"redirect what is received on {self.interface}{within(self.netns)} to {self.name}"

    def do(self, session: Session) -> None:
        route, index = session.route, socket.if_nametoindex(self.interface)
        if not self.ready:
            queueing.add_ingress(route, index)
        if self.stale:
            queueing.delete_redirection(route, index)
        queueing.add_redirection(route, index, socket.if_nametoindex(self.name))


class EndRedirection(Value):
    """``whole``: nobody else has filters there."""

    netns: str | None
    interface: str
    whole: bool

    def __str__(self) -> str:
        return f"end the redirection of what is received on {self.interface}{within(self.netns)}"

    def do(self, session: Session) -> None:
        index = socket.if_nametoindex(self.interface)
        if self.whole:
            queueing.delete_ingress(session.route, index)
        else:
            queueing.delete_redirection(session.route, index)


class DeleteDevices(Value):
    """Delete devices together, which is as fast as a single one."""

    netns: str | None
    names: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.names[:5]) + (f" and {len(self.names) - 5} more" if len(self.names) > 5 else "")
        return f"delete {shown}{within(self.netns)}"

    def do(self, session: Session) -> None:
        found = dumps.links(session.writer)
        link_changes.delete_many(session.writer, [found[name] for name in self.names if name in found])


def probing(directions: t.Iterable[str]) -> list[Probe]:
    """The step that comes before limits are set."""
    asked = tuple(directions)
    return [Probe(asked)] if asked else []
