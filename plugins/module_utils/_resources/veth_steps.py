# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps for veth pairs. An end is given by its place at the time of the step."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, link_changes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session


class Where(Value):
    """The place of an end: its namespace, or None for the host's own, and its name."""

    netns: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.name}{within(self.netns)}"


class _AtAnEnd(Value):
    """A step in the namespace of an end."""

    end: Where

    @property
    def netns(self) -> str | None:
        return self.end.netns


class Make(_AtAnEnd):
    """Create a pair, each end with its values by option name."""

    peer: Where
    values: t.Mapping[str, t.Any]
    peer_values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"create veth {self.end} with peer {self.peer}"

    def do(self, session: Session) -> None:
        """Create both ends with one message, the peer in its namespace and under its final name.

        The kernel ignores an alias in it. If the run is interrupted before that is set, the link group shows the owner.
        """
        values = {"name": self.end.name, **_last(self.end), **self.values}
        alias = values.pop("alias")
        peer_values = {"name": self.peer.name, "netns_fd": session.host.fd(self.peer.netns), **_last(self.peer)}
        peer_values.update(self.peer_values)
        link_changes.make_veth(session.writer, values, peer_values)
        link_changes.set_values(session.writer, socket.if_nametoindex(self.end.name), {"alias": alias})


def _last(end: Where) -> dict[str, str]:
    """The MAC address of an end on the host unless one is wanted.

    Somebody else's bridge without one of its own takes the lowest of its ports', which this one hardly ever is.
    """
    return {} if end.netns else {"mac_address": (b"\xfe" + os.urandom(5)).hex(":")}


class Put(_AtAnEnd):
    """Move and rename one end."""

    to: Where

    def __str__(self) -> str:
        return f"{'rename' if self.end.netns == self.to.netns else 'move'} veth {self.end} to {self.to}"

    def do(self, session: Session) -> None:
        index, writer = socket.if_nametoindex(self.end.name), session.writer
        name = {"name": self.to.name}
        if self.end.netns != self.to.netns:
            link_changes.set_values(writer, index, {"netns_fd": session.host.fd(self.to.netns), **name})
            return
        try:
            link_changes.set_values(writer, index, name)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            # Older kernels only rename interfaces that are down.
            link_changes.turn(writer, index, False)
            link_changes.set_values(writer, index, name)
            link_changes.turn(writer, index, True)


class Set(_AtAnEnd):
    """Set attributes of one end."""

    values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"set {', '.join(self.values)} of veth {self.end}"

    def do(self, session: Session) -> None:
        link_changes.set_values(session.writer, socket.if_nametoindex(self.end.name), self.values)


class Delete(Value):
    """Delete pairs by their ends in one namespace."""

    netns: str | None
    ends: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.ends[:5]) + (f" and {len(self.ends) - 5} more" if len(self.ends) > 5 else "")
        return f"delete veth {Where(self.netns, shown)}"

    def do(self, session: Session) -> None:
        """Ignore ends that are gone, with their peer or its namespace."""
        found = dumps.links(session.writer)
        doomed = [found[name] for name in self.ends if name in found]
        try:
            link_changes.delete_many(session.writer, doomed)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            for link in doomed:
                with contextlib.suppress(OSError):
                    link_changes.delete(session.writer, link.index)
