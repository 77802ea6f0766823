# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What can be done to veth pairs. An end is named by where it is when its step's turn has come."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import functools
import itertools
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import dumps, link_changes, udev
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer


@dataclasses.dataclass(frozen=True)
class Where:
    """An end: its namespace, None for the host's own, and its name there."""

    netns: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.name} in namespace {self.netns}" if self.netns else self.name


@dataclasses.dataclass(frozen=True)
class Make:
    """Make a pair, each end with its values, in the words of the options."""

    end: Where
    peer: Where
    values: t.Mapping[str, t.Any]
    peer_values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"make veth {self.end} with peer {self.peer}"


@dataclasses.dataclass(frozen=True)
class Put:
    """Move and rename one end."""

    end: Where
    to: Where

    def __str__(self) -> str:
        return f"{'rename' if self.end.netns == self.to.netns else 'move'} veth {self.end} to {self.to}"


@dataclasses.dataclass(frozen=True)
class Set:
    """Set attributes of one end."""

    end: Where
    values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"set {', '.join(self.values)} of veth {self.end}"


@dataclasses.dataclass(frozen=True)
class Delete:
    """Delete pairs by their ends in one namespace."""

    netns: str | None
    ends: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.ends[:5]) + (f" and {len(self.ends) - 5} more" if len(self.ends) > 5 else "")
        return f"delete veth {Where(self.netns, shown)}"


Step = t.Union[Make, Put, Set, Delete]


def execute(host: Host, steps: t.Sequence[Step]) -> None:
    """Do the steps in order, those that follow on one another in one namespace by one visit."""
    for netns, group in itertools.groupby(steps, key=_where):
        there = tuple(group)
        fds = {other: host.fd(other) for other in map(_other, there)}
        host.run(netns, functools.partial(_do_all, host, there, fds))
    made = [end for step in steps if isinstance(step, Make) for end in (step.end, step.peer)]
    udev.settle(host, [end.name for end in made if end.netns is None])


def _where(step: Step) -> str | None:
    """The namespace in which a step is done."""
    return step.netns if isinstance(step, Delete) else step.end.netns


def _other(step: Step) -> str | None:
    """The other namespace that it needs a descriptor of, or the same one."""
    if isinstance(step, Make):
        return step.peer.netns
    return step.to.netns if isinstance(step, Put) else _where(step)


def _do_all(host: Host, steps: t.Sequence[Step], fds: t.Mapping[str | None, int]) -> None:
    with Writer() as writer:
        for step in steps:
            _do(host, writer, step, fds[_other(step)])


def _do(host: Host, writer: Writer, step: Step, fd: int) -> None:
    with host.doing(str(step)):
        if isinstance(step, Make):
            _make(writer, step, fd)
        elif isinstance(step, Put):
            _put(writer, step, fd)
        elif isinstance(step, Set):
            link_changes.set_values(writer, socket.if_nametoindex(step.end.name), step.values)
        else:
            _delete(writer, step.ends)


def _make(writer: Writer, step: Make, peer_fd: int) -> None:
    """Both ends by one message, the peer born in its namespace under its final name.

    The kernel ignores an alias then. Where we are stopped before it is set, the link group still says whose it is.
    """
    values = {"name": step.end.name, **step.values}
    alias = values.pop("alias")
    peer_values = {"name": step.peer.name, "netns_fd": peer_fd, **step.peer_values}
    link_changes.make_veth(writer, values, peer_values)
    link_changes.set_values(writer, socket.if_nametoindex(step.end.name), {"alias": alias})


def _put(writer: Writer, step: Put, fd: int) -> None:
    index = socket.if_nametoindex(step.end.name)
    name = {"name": step.to.name}
    if step.end.netns != step.to.netns:
        link_changes.set_values(writer, index, {"netns_fd": fd, **name})
        return
    try:
        link_changes.set_values(writer, index, name)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # Older kernels rename only what is down.
        link_changes.turn(writer, index, False)
        link_changes.set_values(writer, index, name)
        link_changes.turn(writer, index, True)


def _delete(writer: Writer, ends: t.Sequence[str]) -> None:
    """An end that is gone already went with its peer or with the peer's namespace."""
    found = dumps.links(writer)
    doomed = [found[name] for name in ends if name in found]
    try:
        link_changes.delete_many(writer, doomed)
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
        for link in doomed:
            with contextlib.suppress(OSError):
                link_changes.delete(writer, link.index)
