# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What can be done to a named network namespace."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import NETNS_DIR
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    dumps,
    link_changes,
    loopback,
    namespace_records,
    namespaces,
    sysctl,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Writer
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import Written
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import leases


@dataclasses.dataclass(frozen=True)
class Bind:
    """Make a namespace, or bind the one of ``source``, under the name; what ``replaces`` tells goes first.

    ``replaces`` is the namespace that has the name, None where the name is free or its file is dead.
    """

    name: str
    source: str | None
    replaces: tuple[int, int] | None
    record: namespace_records.Record


@dataclasses.dataclass(frozen=True)
class Claim:
    """Write the record of a namespace that stays as it is."""

    name: str
    record: namespace_records.Record


@dataclasses.dataclass(frozen=True)
class Forget:
    """Remove a damaged record, of a namespace that is gone or that nothing tells to be ours."""

    name: str


@dataclasses.dataclass(frozen=True)
class Free:
    """Leave the addresses that were given to the namespace's interfaces to others."""

    addresses: t.Sequence[str]


@dataclasses.dataclass(frozen=True)
class Inside:
    """Bring about what is managed inside a namespace."""

    name: str
    loopback: bool | None
    sysctls: t.Mapping[str, str]

    @property
    def written(self) -> list[Written]:
        return [Written(self.name, path, value) for path, value in self.sysctls.items()]


@dataclasses.dataclass(frozen=True)
class Remove:
    """Take the name of this namespace, or of none, away.

    ``links_first``: which links into it go before, "all" if we made it; "ours" where that is not known, "none" else.
    """

    name: str
    identity: tuple[int, int] | None
    links_first: str


def execute(host: Host, steps: t.Sequence[t.Any]) -> None:
    """Do the steps: names first, then our records of them, then what is inside."""
    naming = [step for step in steps if isinstance(step, (Bind, Remove))]
    removed = [step for step in naming if isinstance(step, Remove) and step.links_first != "none"]
    emptied = [step for step in removed if _is_the_same(step)]
    if emptied:
        _delete_links_into(host, emptied)
    if naming:
        with host.trying(f"prepare {NETNS_DIR}"):
            if not namespaces.prepare():
                host.warn(f"another process keeps {NETNS_DIR} locked; it was made a mount point without the lock")
        for step in naming:
            _bind(host, step) if isinstance(step, Bind) else _remove(host, step)
    for step in steps:
        if isinstance(step, Claim):
            with host.doing(f"remember whose namespace {step.name} is"):
                namespace_records.write(step.name, step.record) if step.record.owners else namespace_records.remove(
                    step.name
                )
        elif isinstance(step, Forget):
            with host.doing(f"remove the damaged record of namespace {step.name}"):
                namespace_records.remove(step.name)
    inside = [step for step in steps if isinstance(step, Inside)]
    host.tour((step.name, functools.partial(_set_inside, host, step)) for step in inside)
    leases.end_flows(host, [one for step in steps if isinstance(step, Free) for one in step.addresses])


def _bind(host: Host, step: Bind) -> None:
    word = f"attach {step.source} as namespace" if step.source else "make namespace"
    with host.doing(f"{word} {step.name}"):
        source = f"/proc/self/fd/{host.fd(step.source)}" if step.source else None
        found = namespaces.identity(step.name)
        if found != step.replaces:
            if found and not source:
                # Somebody was faster. His serves as well as ours, but it is his.
                return
            raise Refused(f"namespace {step.name} was given to another one just now and is left alone; run again")
        namespaces.remove(step.name)
        host.forget(step.name)
        if source:
            _name(step, source)
        else:
            host.fresh(functools.partial(_name, step, namespaces.OWN))
    if namespaces.hidden_from_init(step.name):
        host.warn(
            f"namespace {step.name} is visible only in the mount namespace that this module runs in; "
            "run it outside of containers and private mounts"
        )


def _name(step: Bind, source: str) -> None:
    """Claim a namespace, then name it: who is killed in between leaves a claim on nothing, no namespace of nobody's."""
    identity = namespaces.identity(source)
    if identity is None:
        raise Refused(f"namespace {step.name}: {source} is no network namespace any more")
    namespace_records.write(step.name, dataclasses.replace(step.record, identity=identity))
    namespaces.attach(step.name, source)


def _remove(host: Host, step: Remove) -> None:
    with host.doing(f"remove namespace {step.name}"):
        if not _is_the_same(step):
            raise Refused(f"namespace {step.name} was given to another one just now and is left alone; run again")
        namespaces.remove(step.name)
        host.forget(step.name)
        namespace_records.remove(step.name)


def _is_the_same(step: Remove) -> bool:
    """Whether the name leads where it led when it was read; a namespace that lost its name meanwhile is gone."""
    return namespaces.identity(step.name) in (None, step.identity)


def _delete_links_into(host: Host, removed: t.Sequence[Remove]) -> None:
    """Delete the host's ends of the veth pairs that lead into these namespaces.

    They would go with the namespaces, but some time later, and not at all while a process stays inside.
    """
    fds = [(step, host.fd(step.name)) for step in removed if host.exists(step.name)]

    def delete() -> None:
        with Writer() as writer:
            inside = {dumps.nsid(writer, fd): step for step, fd in fds}
            inside.pop(None, None)
            found = [link for link in dumps.links(writer).values() if link.peer_nsid in inside]
            link_changes.delete_many(writer, [link for link in found if _falls(link, inside[link.peer_nsid])])

    with host.doing(f"delete the links into {', '.join(step.name for step in removed)}"):
        host.run(None, delete)


def _falls(link: Link, step: Remove) -> bool:
    """Whether a link into a namespace goes before it."""
    mark = marks.parse_alias(link.alias)
    marked = mark is not None and mark.namespace == step.name
    return link.kind == "veth" and (marked or step.links_first == "all")


def _set_inside(host: Host, step: Inside) -> None:
    """Called inside the namespace."""
    with host.doing(f"set up the inside of namespace {step.name}"):
        if step.loopback:
            loopback.mend()
        elif step.loopback is not None:
            loopback.set_up(False)
        for path, value in step.sysctls.items():
            if sysctl.read(path) != value:
                sysctl.write(path, value)
