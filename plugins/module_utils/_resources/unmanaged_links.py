# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The interfaces of an owner that systemd-networkd and NetworkManager have to leave alone."""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Missing, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import link_managers
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Aside, Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.manager_files import MANAGERS, NETWORKD, Manager
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

#: Seconds to wait for a manager to release interfaces.
_PATIENCE = 5


class Want(Value):
    state: str
    owner: str
    interfaces: tuple[str, ...]
    persistent: bool


class Found(Value):
    """What exists for an owner: the text of each file, and the interfaces that managers manage."""

    files: t.Mapping[str, str | None]
    untold: bool
    managed: t.Mapping[str, t.Mapping[str, str]]


class State(Value):
    running: t.Sequence[Manager]
    found: t.Mapping[str, Found]


class Tell(Value, Aside):
    """Write and remove files, then notify the managers and wait until they release the interfaces."""

    owner: str
    write: t.Mapping[str, str]
    remove: t.Sequence[str]
    managers: t.Sequence[Manager]
    interfaces: t.Sequence[str]

    def __str__(self) -> str:
        return f"tell {', '.join(manager.name for manager in self.managers)} which interfaces to leave alone"

    def do(self, session: Session) -> None:
        """Record the owner first, and remove the record last, so that a run after an interruption notifies them."""
        if self.write:
            link_managers.remember_untold(self.owner)
        for path, text in self.write.items():
            link_managers.write(path, text)
        for path in self.remove:
            link_managers.remove(path)
        for manager in self.managers:
            link_managers.tell(session.host, manager)
        link_managers.forget_untold(self.owner)
        self._await()

    def _await(self) -> None:
        """Wait until the managers have released the interfaces; the run repairs later what they undo meanwhile."""
        end = time.monotonic() + _PATIENCE
        for manager in self.managers:
            while link_managers.managed(manager, self.interfaces) and time.monotonic() < end:
                time.sleep(0.05)


class UnmanagedLinks(Resource):
    options: t.ClassVar[Options] = {
        "state": STATE,
        "interfaces": {"type": "list", "elements": "str"},
        "persistent": {"type": "bool", "default": False},
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ()
    name: t.ClassVar[str] = "unmanaged_links"
    order: t.ClassVar[Order] = Order(present=10, absent=100)
    aside: t.ClassVar[bool] = True

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        owner = names.owner_name("owner", options["owner"])
        if options["state"] == "absent":
            return Want("absent", owner, (), False)
        if options["interfaces"] is None:
            raise Missing("interfaces", "the names of the interfaces, unless state is absent")
        found = {
            names.one_interface(f"interfaces[{number}]", name) for number, name in enumerate(options["interfaces"])
        }
        return Want("present", owner, tuple(sorted(found)), options["persistent"])

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"owner": want.owner}

    def label(self, want: Want) -> str:
        return f"unmanaged_links {want.owner}"

    def extended(self, definition: Element, old: t.Sequence[Element]) -> Element:
        known = {name for element in old for name in element["interfaces"]}
        return {**definition, "interfaces": sorted(known.union(definition["interfaces"]))}

    def left(self, view: Marked) -> list[Element]:
        return left_over.unmanaged_links(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        running = link_managers.running()
        found = host.run(None, lambda: {want.owner: _read(want, running) for want in wants})
        return State(running, found)

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        plan = Plan([])
        for want in wants:
            plan.changes.append(_plan(want, state.found[want.owner], state.running, plan))
        return plan


def _read(want: Want, running: t.Sequence[Manager]) -> Found:
    paths = [manager.path(want.owner, lasting) for manager in MANAGERS for lasting in (False, True)]
    return Found(
        files={path: link_managers.read(path) for path in paths},
        untold=link_managers.is_untold(want.owner),
        managed={manager.name: link_managers.managed(manager, want.interfaces) for manager in running},
    )


def _plan(want: Want, found: Found, running: t.Sequence[Manager], plan: Plan) -> Change:
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for manager in MANAGERS:
        ours = _ours(want, manager, found)
        before.update(ours)
        # At boot, a manager with a file may not run yet.
        if want.interfaces and (manager in running or ours):
            after[manager.path(want.owner, want.persistent)] = manager.text(want.owner, want.interfaces)
    concerned = [
        manager
        for manager in MANAGERS
        if any(_is_of(manager, path) for path in (*before, *after)) or (found.untold and manager in running)
    ]
    write = {path: text for path, text in after.items() if before.get(path) != text}
    remove = [path for path in before if path not in after]
    lost, held = _managed(want, found)
    if held and not write:
        plan.warnings.append(f"{', '.join(held)}, despite this collection's file")
    if write or remove or lost or found.untold:
        plan.steps.append(Tell(want.owner, write, remove, concerned, want.interfaces))
    news = bool(lost or found.untold) and not write and not remove
    return Change(
        {**_view(before), **({"known": False} if news else {})},
        {**_view(after), **({"known": True} if news and want.state == "present" else {})},
    )


def _view(files: t.Mapping[str, str]) -> dict[str, t.Any]:
    return {"files": {path: text.splitlines() for path, text in files.items()}} if files else {}


def _is_of(manager: Manager, path: str) -> bool:
    return os.path.dirname(path) in (manager.volatile, manager.lasting)


def _ours(want: Want, manager: Manager, found: Found) -> dict[str, str]:
    """The files of this owner; raises Refused if a foreign file is in the place of a wanted one."""
    ours = {}
    for lasting in (False, True):
        path = manager.path(want.owner, lasting)
        text = found.files[path]
        if text is not None and manager.owner_of(text) == want.owner:
            ours[path] = text
        elif text is not None and want.interfaces:
            raise Refused(f"interfaces: {path} was not written by this collection for owner {want.owner}; remove it")
    return ours


def _managed(want: Want, found: Found) -> tuple[list[str], list[str]]:
    """The interfaces that a manager will release when it reloads, and sentences about those it will not.

    systemd-networkd keeps those of a file that sorts first. NetworkManager keeps those set by a command.
    """
    lost: list[str] = []
    held = []
    for manager in MANAGERS:
        for name, file in found.managed.get(manager.name, {}).items():
            if manager is not NETWORKD:
                held.append(f"{manager.name} manages {name}")
            elif file and os.path.basename(file) < manager.file_name(want.owner):
                held.append(f"{manager.name} manages {name} by {file}")
            else:
                lost.append(name)
    return lost, held
