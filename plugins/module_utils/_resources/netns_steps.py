# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps for named network namespaces."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import NETNS_DIR
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
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
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, Session, Silent, Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import Written, mean_the_same
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import leases


class Bind(Value, Aside):
    """Create a namespace, or bind the one of ``source``, under the name, in place of ``replaces``.

    ``replaces`` is the namespace with that name, or None if the name is free or its file is dead.
    """

    name: str
    source: str | None
    replaces: tuple[int, int] | None
    record: namespace_records.Record

    def __str__(self) -> str:
        return f"{f'attach {self.source} as' if self.source else 'create'} namespace {self.name}"

    @property
    def links_first(self) -> str:
        """Like that of ``Remove``, for the namespace that loses the name and so ends."""
        return "ours" if self.source and self.replaces else "none"

    def is_the_same(self) -> bool:
        """Whether the name still refers to the namespace to be replaced."""
        return namespaces.identity(self.name) == self.replaces

    def do(self, session: Session) -> None:
        host = session.host
        source = f"/proc/self/fd/{host.fd(self.source)}" if self.source else None
        found = namespaces.identity(self.name)
        if found != self.replaces:
            if found and not source:
                # Something else has just created it: use it, but do not claim it.
                return
            raise Refused(f"namespace {self.name} was just given to another namespace and is left alone; run again")
        namespaces.remove(self.name)
        host.forget(self.name)
        if source:
            self._name(host, source)
        else:
            host.fresh(functools.partial(self._name, host, namespaces.OWN))
        if namespaces.hidden_from_init(self.name):
            host.warn(
                f"namespace {self.name} is visible only in the mount namespace that this module runs in; "
                "run it outside of containers and private mounts"
            )

    def _name(self, host: Host, source: str) -> None:
        """Claim a namespace before naming it: an interruption leaves a claim on nothing, but no unclaimed namespace."""
        identity = namespaces.identity(source)
        if identity is None:
            raise Refused(f"namespace {self.name}: {source} is no longer a network namespace")
        namespace_records.write(host, self.name, self.record.but(identity=identity))
        namespaces.attach(self.name, source)


class Claim(Value, Aside):
    """Write the record of a namespace that stays as it is."""

    name: str
    record: namespace_records.Record

    def __str__(self) -> str:
        return f"record the owners of namespace {self.name}"

    def do(self, session: Session) -> None:
        if self.record.owners:
            namespace_records.write(session.host, self.name, self.record)
        else:
            namespace_records.remove(session.host, self.name)


class Forget(Value, Aside):
    """Remove the damaged record of a namespace that is gone or counts as foreign."""

    name: str

    def __str__(self) -> str:
        return f"remove the damaged record of namespace {self.name}"

    def do(self, session: Session) -> None:
        namespace_records.remove(session.host, self.name)


class Free(Value, Silent):
    """Free the addresses of the namespace's interfaces for others."""

    addresses: t.Sequence[str]

    def do(self, session: Session) -> None:
        leases.end_flows(session.host, self.addresses)


class Inside(Value):
    """Apply what is managed inside a namespace."""

    name: str
    loopback: bool | None
    sysctls: t.Mapping[str, str]

    @property
    def written(self) -> list[Written]:
        return [Written(self.name, path, value) for path, value in self.sysctls.items()]

    @property
    def netns(self) -> str:
        return self.name

    def __str__(self) -> str:
        return f"configure namespace {self.name}"

    def do(self, _session: Session) -> None:
        if self.loopback:
            loopback.mend()
        elif self.loopback is not None:
            loopback.set_up(False)
        for path, value in self.sysctls.items():
            found = sysctl.read(path)
            if found is None or not mean_the_same(found, value):
                sysctl.write(path, value)


class Remove(Value, Aside):
    """Remove the name of this namespace, or of none.

    ``links_first``: which links into it to delete first, "all" if this module created it, "ours" if that is unknown,
    else "none".
    """

    name: str
    identity: tuple[int, int] | None
    links_first: str

    def __str__(self) -> str:
        return f"remove namespace {self.name}"

    def do(self, session: Session) -> None:
        if not self.is_the_same():
            raise Refused(f"namespace {self.name} was just given to another namespace and is left alone; run again")
        namespaces.remove(self.name)
        session.host.forget(self.name)
        namespace_records.remove(session.host, self.name)

    def is_the_same(self) -> bool:
        """Whether the name still refers to the same namespace; one that lost its name meanwhile counts as gone."""
        return namespaces.identity(self.name) in (None, self.identity)


class Empty(Value, Silent):
    """Delete the host's ends of veth pairs that lead into namespaces to be removed or replaced.

    The kernel would do so some time later, and not at all while a process stays inside.
    """

    removed: tuple[Remove | Bind, ...]

    def do(self, session: Session) -> None:
        host = session.host
        removed = [step for step in self.removed if step.is_the_same()]
        if not removed:
            return
        fds = [(step, host.fd(step.name)) for step in removed if host.exists(step.name)]
        with host.doing(f"delete the links into {', '.join(step.name for step in removed)}"):
            host.run(None, functools.partial(_delete_links, fds))


def _delete_links(into: t.Sequence[tuple[Remove | Bind, int]]) -> None:
    with Writer() as writer:
        inside = {dumps.nsid(writer, fd): step for step, fd in into}
        inside.pop(None, None)
        found = [link for link in dumps.links(writer).values() if link.peer_nsid in inside]
        link_changes.delete_many(writer, [link for link in found if _falls(link, inside[link.peer_nsid])])


def _falls(link: Link, step: Remove | Bind) -> bool:
    """Whether a link into a namespace is deleted before it."""
    mark = marks.parse_alias(link.alias)
    marked = mark is not None and mark.namespace == step.name
    return link.kind == "veth" and (marked or step.links_first == "all")


class Prepare(Silent):
    """Create the directory of the names."""

    def do(self, session: Session) -> None:
        with session.host.trying(f"prepare {NETNS_DIR}"):
            if not namespaces.prepare():
                session.host.warn(
                    f"another process keeps {NETNS_DIR} locked; it was made a mount point without the lock"
                )


def in_order(steps: t.Sequence[Step]) -> list[Step]:
    """Names first, then their records, then what is inside."""
    naming = [step for step in steps if isinstance(step, (Bind, Remove))]
    emptied = tuple(step for step in naming if step.links_first != "none")
    freed = [address for step in steps if isinstance(step, Free) for address in step.addresses]
    return [
        *([Empty(emptied)] if emptied else []),
        *([Prepare()] if naming else []),
        *naming,
        *(step for step in steps if isinstance(step, (Claim, Forget))),
        *(step for step in steps if isinstance(step, Inside)),
        *([Free(tuple(freed))] if freed else []),
    ]
