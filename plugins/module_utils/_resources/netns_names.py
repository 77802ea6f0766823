# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The names by which namespaces find each other: a marked block for each owner in /etc/netns/NAME/hosts."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import address
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import in_place, netns_files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netns_files import Files
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, LinksStay, Session, Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import hosts_file
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.hosts_file import Block, HostsFile
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

_View = dict[str, t.Any]


class Want(Value):
    """``blocks`` are the lines by namespace."""

    state: str
    owner: str
    hosts: tuple[str, ...]
    blocks: t.Mapping[str, Block]


class State(Value):
    """The files by namespace, and what a new one starts with."""

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
        return f"write the names of {number} namespaces" if number > 1 else "write the names of a namespace"

    def do(self, session: Session) -> None:
        netns_files.forget(session.host)
        if self.create:
            in_place.create(self.create)
        if self.rewrite:
            in_place.rewrite(self.rewrite)
        if self.remove:
            in_place.remove(self.remove, self.with_directory)


class NetnsNames(Resource):
    options: t.ClassVar[Options] = {
        "state": STATE,
        "hosts": {"type": "list", "elements": "str"},
        "namespaces": {
            "type": "list",
            "elements": "dict",
            "options": {"name": {"type": "str", "required": True}},
        },
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ()
    name: t.ClassVar[str] = "netns_names"
    order: t.ClassVar[Order] = Order(present=65, absent=95)
    aside: t.ClassVar[bool] = True

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        owner = names.owner_name("owner", options["owner"])
        if options["state"] == "absent":
            return Want("absent", owner, (), {})
        for option in ("hosts", "namespaces"):
            if options[option] is None:
                raise Missing(option, "a list, unless state is absent")
        common = _hosts(options["hosts"])
        blocks: dict[str, Block] = {}
        plain = Block((), common)
        for number, one in enumerate(options["namespaces"]):
            option = f"namespaces[{number}].name"
            name = names.namespace_name(option, one["name"])
            if name in blocks:
                raise Invalid(option, name, "each namespace once")
            blocks[name] = plain
        return Want("present", owner, common, blocks)

    def key(self, want: Want) -> _View:
        return {"owner": want.owner}

    def label(self, want: Want) -> str:
        return f"netns_names {want.owner}"

    def left(self, view: Marked) -> list[Element]:
        return left_over.netns_names(view)

    def read(self, host: Host, _wants: t.Sequence[Want]) -> State:
        return State(netns_files.read_all(host), netns_files.source())

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        now = {name: files.hosts for name, files in state.files.items() if files.hosts}
        changes = [_Planner(want, state, now).change() for want in wants]
        return Plan(changes, _steps(state, now))


class _Planner:
    """Plans the files of one owner. Most of them are alike, so each distinct file is planned once."""

    def __init__(self, want: Want, state: State, now: dict[str, HostsFile]) -> None:
        self._want = want
        self._state = state
        self._now = now
        self._planned: dict[t.Any, tuple[HostsFile | None, _View | None, _View | None]] = {}

    def change(self) -> Change:
        """The change. Updates ``now``, the files as they will be."""
        before: dict[int, _View] = {}
        after: dict[int, _View] = {}
        owner = self._want.owner
        having = {name for name, file in self._now.items() if owner in file.owners}
        for name in sorted(having.union(self._want.blocks)):
            file, old, new = self._become(name)
            for views, one in ((before, old), (after, new)):
                if one:
                    views.setdefault(id(one), {**one, "namespaces": []})["namespaces"].append(name)
            if file:
                self._now[name] = file
            else:
                del self._now[name]
        facts = {"hosts": list(self._want.hosts), "namespaces": list(self._want.blocks)}
        return Change(_view(before), _view(after), facts if self._want.state == "present" else {})

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
        if block is None:
            assert file is not None
            left = file.without(owner)
            return left, _lines(file.blocks[owner].lines, file.origin is not None and not (left and left.origin)), None
        if file is None:
            made = hosts_file.started(self._state.source, with_directory)
            return made.with_block(owner, block), None, _lines(block.lines, True)
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


def _view(groups: t.Mapping[int, _View]) -> _View:
    return {"files": list(groups.values())} if groups else {}


def _steps(state: State, now: t.Mapping[str, HostsFile]) -> list[Step]:
    """One step for all owners."""
    create: dict[str, bytes] = {}
    rewrite: list[in_place.Rewrite] = []
    remove: list[str] = []
    with_directory: set[str] = set()
    for name, file in now.items():
        files = state.files.get(name)
        path = netns_files.path(name, netns_files.HOSTS)
        if files is None or files.hosts is None:
            create[path] = file.content
        elif files.content is not file.content and files.content != file.content:
            rewrite.append(in_place.Rewrite(path, files.content, file.content))
    for name, files in state.files.items():
        if files.hosts and name not in now:
            remove.append(netns_files.path(name, netns_files.HOSTS))
            if files.hosts.origin and files.hosts.origin.with_directory:
                with_directory.add(netns_files.path(name, "")[:-1])
    return [Write(create, rewrite, remove, with_directory)] if create or rewrite or remove else []


def _hosts(listed: t.Sequence[str]) -> tuple[str, ...]:
    """The lines ordered by address, regardless of the given order."""
    found: dict[tuple[int, int], str] = {}
    for number, line in enumerate(listed):
        option = f"hosts[{number}]"
        first, *others = line.split() or [""]
        one = address(option, first)
        if not others:
            raise Invalid(option, line, "an address and at least one name, such as 172.18.0.2 web")
        for name in others:
            names.host_name(option, name)
        key = (one.version, int(one))
        if key in found:
            raise Invalid(option, line, "one line with all names of its address")
        found[key] = " ".join([str(one), *others])
    return tuple(found[key] for key in sorted(found))
