# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Plans the files of namespaces: hosts with a block for each owner, and resolv.conf. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import in_place, netns_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netns_files import Files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, LinksStay, Session, Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import hosts_file, resolver_file
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.hosts_file import Block, HostsFile
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.resolver_file import Resolver, ResolverFile

_View = dict[str, t.Any]


class Want(Value):
    """``blocks`` are the lines by namespace, ``resolvers`` those of single ones, ``common`` that of all others."""

    state: str
    owner: str
    hosts: tuple[str, ...] = ()
    blocks: t.Mapping[str, Block] = NOTHING
    resolvers: t.Mapping[str, Resolver] = NOTHING
    common: Resolver | None = None


class State(Value):
    """The files by namespace, and the content that a new one starts with."""

    files: t.Mapping[str, Files]
    source: bytes


class Write(Value, Aside, LinksStay):
    """Create, overwrite and remove files."""

    create: t.Mapping[str, bytes]
    rewrite: t.Sequence[in_place.Rewrite]
    remove: t.Sequence[str]
    with_directory: t.Collection[str]

    def __str__(self) -> str:
        number = len(self.create) + len(self.rewrite) + len(self.remove)
        return f"write {number} files with names of namespaces" if number > 1 else "write a file with names"

    def do(self, session: Session) -> None:
        netns_files.forget(session.host)
        if self.create:
            in_place.create(self.create)
        if self.rewrite:
            in_place.rewrite(self.rewrite)
        if self.remove:
            in_place.remove(self.remove, self.with_directory)


def plan(wants: t.Sequence[Want], state: State) -> Plan:
    """The changes of all owners, and one step."""
    hosts = {name: files.hosts for name, files in state.files.items() if files.hosts}
    asked = {name: resolver_file.parse_ours(files.resolver) for name, files in state.files.items() if files.resolver}
    resolvers = {name: file for name, file in asked.items() if file}
    changes = []
    for want in wants:
        before, after = _Hosts(want, state, hosts).views()
        old, new = _Resolvers(want, state, resolvers).views()
        facts = {"hosts": list(want.hosts), "namespaces": list(want.blocks)} if want.state == "present" else {}
        changes.append(Change({**before, **old}, {**after, **new}, facts))
    return Plan(changes, _steps(state, hosts, resolvers))


class _Groups:
    """A difference, with all namespaces that share it."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._found: dict[int, _View] = {}

    def add(self, namespace: str, one: _View | None) -> None:
        if one is not None:
            self._found.setdefault(id(one), {**one, "namespaces": []})["namespaces"].append(namespace)

    def view(self) -> _View:
        return {self._word: list(self._found.values())} if self._found else {}


class _Hosts:
    """Plans the hosts files of one owner. Most of them are alike, so each distinct file is planned once."""

    def __init__(self, want: Want, state: State, now: dict[str, HostsFile]) -> None:
        self._want = want
        self._state = state
        self._now = now
        self._planned: dict[t.Any, tuple[HostsFile | None, _View | None, _View | None]] = {}

    def views(self) -> tuple[_View, _View]:
        """What differs before and after; ``now`` is what the files are then."""
        before, after = _Groups("files"), _Groups("files")
        owner = self._want.owner
        having = {name for name, file in self._now.items() if owner in file.owners}
        for name in sorted(having.union(self._want.blocks)):
            file, old, new = self._become(name)
            before.add(name, old)
            after.add(name, new)
            if file:
                self._now[name] = file
            else:
                del self._now[name]
        return before.view(), after.view()

    def _become(self, name: str) -> tuple[HostsFile | None, _View | None, _View | None]:
        """The file as it will be, and how it differs."""
        files = self._state.files.get(name)
        block = self._want.blocks.get(name)
        if block and files and files.trouble:
            raise Refused(files.trouble)
        kind = (id(self._now.get(name)), id(block), files is None)
        if kind not in self._planned:
            self._planned[kind] = self._planned_kind(self._now.get(name), block, with_directory=files is None)
        return self._planned[kind]

    def _planned_kind(
        self, file: HostsFile | None, block: Block | None, with_directory: bool
    ) -> tuple[HostsFile | None, _View | None, _View | None]:
        owner = self._want.owner
        if file is None:
            if block is None:
                return None, None, None
            made = hosts_file.started(self._state.source, with_directory)
            return made.with_block(owner, block), None, _lines(block.lines, True)
        if block is None:
            left = file.without(owner)
            return left, _lines(file.blocks[owner].lines, file.origin is not None and not (left and left.origin)), None
        new = file.with_block(owner, block)
        if new == file:
            return file, None, None
        return (new, *_difference(file.blocks.get(owner), block))


def _difference(old: Block | None, new: Block) -> tuple[_View | None, _View]:
    """The lines that only one of the two has."""
    if old is None:
        return None, _lines(new.lines)
    known, wanted = set(old.lines), set(new.lines)
    gone = [line for line in old.lines if line not in wanted]
    come = [line for line in new.lines if line not in known]
    if gone or come:
        return _lines(gone), _lines(come)
    if old != new:
        return _lines(old.lines), _lines(new.lines)
    return {"lines": [], "marks": "damaged"}, {"lines": [], "marks": "whole"}


def _lines(lines: t.Iterable[str], made: bool = False) -> _View:
    return {"lines": list(lines), **({"started_from": hosts_file.SOURCE} if made else {})}


class _Resolvers:
    """Plans the resolver files of one owner.

    One that was asked for goes before those in place of the host's own, of which several owners may share one.
    """

    def __init__(self, want: Want, state: State, now: dict[str, ResolverFile]) -> None:
        self._want = want
        self._state = state
        self._now = now
        #: The views, one for all equal files.
        self._views: dict[tuple[str, ...], _View] = {}
        self._common = resolver_file.text(want.common) if want.common else None

    def views(self) -> tuple[_View, _View]:
        """What differs before and after; ``now`` is what the files are then."""
        before, after = _Groups("resolv_conf"), _Groups("resolv_conf")
        want = self._want
        having = {name for name, file in self._now.items() if want.owner in file.owners}
        for name in sorted(having.union(want.blocks if want.common else want.resolvers)):
            old = self._now.get(name)
            new = self._become(name, old)
            if new == old:
                continue
            before.add(name, self._view(old))
            after.add(name, self._view(new))
            if new:
                self._now[name] = new
            else:
                del self._now[name]
        return before.view(), after.view()

    def _become(self, name: str, old: ResolverFile | None) -> ResolverFile | None:
        owner = self._want.owner
        own = self._want.resolvers.get(name)
        foreign = self._is_foreign(name)
        if own:
            if foreign:
                path = netns_files.path(name, netns_files.RESOLVER)
                raise Refused(f"{path} was not written by this collection, so it is left alone")
            if old and old.asked and old.owners != (owner,):
                raise Refused(f"{netns_files.path(name, netns_files.RESOLVER)} was written for {old.owners[0]}")
            return ResolverFile((owner,), True, resolver_file.text(own))
        if self._common is None or name not in self._want.blocks:
            return old.without(owner) if old else None
        if old is None:
            return None if foreign else ResolverFile((owner,), False, self._common)
        if old.asked and old.owners != (owner,):
            return old
        owners = (owner,) if old.asked else tuple(sorted({owner, *old.owners}))
        return ResolverFile(owners, False, self._common)

    def _is_foreign(self, name: str) -> bool:
        """Whether a namespace has a foreign file."""
        files = self._state.files.get(name)
        found = files.resolver if files else None
        return found is not None and resolver_file.parse_ours(found) is None

    def _view(self, file: ResolverFile | None) -> _View | None:
        if file is None:
            return None
        key = (*file.owners, "asked" if file.asked else "", *file.lines)
        return self._views.setdefault(key, {"owners": list(file.owners), "lines": file.lines})


def _steps(state: State, hosts: t.Mapping[str, HostsFile], resolvers: t.Mapping[str, ResolverFile]) -> list[Step]:
    """One step for all owners."""
    found = _Files()
    for name, file in hosts.items():
        files = state.files.get(name)
        old = files.content if files and files.hosts else None
        found.becomes(netns_files.path(name, netns_files.HOSTS), old, file.content)
    for name, resolver in resolvers.items():
        files = state.files.get(name)
        found.becomes(netns_files.path(name, netns_files.RESOLVER), files.resolver if files else None, resolver.content)
    with_directory = set()
    for name, files in state.files.items():
        if files.hosts and name not in hosts:
            found.remove.append(netns_files.path(name, netns_files.HOSTS))
            if files.hosts.origin and files.hosts.origin.with_directory:
                with_directory.add(netns_files.directory(name))
        if files.resolver and name not in resolvers and resolver_file.parse_ours(files.resolver):
            found.remove.append(netns_files.path(name, netns_files.RESOLVER))
    if not (found.create or found.rewrite or found.remove):
        return []
    return [Write(found.create, found.rewrite, found.remove, with_directory)]


class _Files:
    """The changes to make to files."""

    def __init__(self) -> None:
        self.create: dict[str, bytes] = {}
        self.rewrite: list[in_place.Rewrite] = []
        self.remove: list[str] = []

    def becomes(self, path: str, old: bytes | None, new: bytes) -> None:
        if old is None:
            self.create[path] = new
        elif old is not new and old != new:
            self.rewrite.append(in_place.Rewrite(path, old, new))
