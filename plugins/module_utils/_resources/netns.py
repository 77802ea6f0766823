# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A named network namespace, either created or an existing one with a new name."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import namespace_path
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    inhabitants,
    loopback,
    namespace_records,
    namespaces,
    record_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import sysctls
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import (
    Element,
    EndpointKey,
    Ends,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import (
    leases,
    left_over,
    netns_options,
    settings,
    witness,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_options import Wish
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_steps import (
    Bind,
    Claim,
    Forget,
    Free,
    Inside,
    Remove,
    in_order,
)

Identity = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Found:
    """What exists under a name."""

    file: bool = False
    identity: Identity | None = None
    record: namespace_records.Record | None = None
    #: Whether the record was damaged by hand; ``record`` was then derived from interfaces that lead into it.
    damaged: bool = False
    #: The file of the namespace to name, and its identity.
    path: str | None = None
    source: Identity | None = None
    loopback: bool = False
    sysctls: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    pids: tuple[int, ...] = ()

    @property
    def ours(self) -> namespace_records.Record | None:
        """The record, if it is about the namespace that the name refers to."""
        return self.record if self.record and self.identity and self.record.identity == self.identity else None


class Netns(Resource):
    options: t.ClassVar[Options] = netns_options.OPTIONS
    identified_by: t.ClassVar[tuple[str, ...]] = ("name",)
    name: t.ClassVar[str] = "netns"
    order: t.ClassVar[Order] = Order(present=60, absent=50)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("name",)

    def wish(self, options: t.Mapping[str, t.Any]) -> Wish:
        return netns_options.wish(options)

    def key(self, wish: Wish) -> dict[str, t.Any]:
        return {"name": wish.name}

    def label(self, wish: Wish) -> str:
        return f"netns {wish.name}"

    def identity(self, definition: Element) -> t.Hashable:
        return definition["name"]

    def endpoint_of(self, definition: Element, _ends: Ends) -> EndpointKey | None:
        return (definition["name"], "")

    def left(self, view: Marked) -> list[Element]:
        return left_over.netns(view)

    def read(self, host: Host, wishes: t.Sequence[Wish]) -> dict[str, Found]:
        paths = _paths(host, wishes)
        found = {wish.name: _read(host, wish, paths.get(wish.name)) for wish in wishes}
        _hear_witnesses(host, found)
        _look_inside(host, wishes, found)
        if any(_asks_for_users(wish, found[wish.name]) for wish in wishes):
            users = namespaces.users()
            for name, one in found.items():
                if one.identity in users:
                    found[name] = dataclasses.replace(one, pids=tuple(users[one.identity]))
        if host.check_mode:
            _warn_of_blindness(host, found)
        return _in_kernels_words(host, wishes, found)

    def plan(self, wishes: t.Sequence[Wish], state: t.Mapping[str, Found]) -> Plan:
        plan = Plan([])
        for wish in wishes:
            decide = _plan_absent if wish.state == "absent" else _plan_present
            plan.changes.append(decide(wish, state[wish.name], plan))
        plan.steps = in_order(plan.steps)
        return plan


def _in_kernels_words(host: Host, wishes: t.Sequence[Wish], found: dict[str, Found]) -> dict[str, Found]:
    """The settings, in the form of the wish if they only differ in form."""
    differing = [
        (path, value, found[wish.name].sysctls.get(path))
        for wish in wishes
        for path, value in wish.sysctls.items()
        if found[wish.name].sysctls.get(path, value) != value
    ]
    forms = settings.forms(host, differing)
    for wish in wishes if forms else ():
        there = found[wish.name]
        same = {
            path: wish.sysctls[path] if forms.get((path, wish.sysctls.get(path, ""))) == value else value
            for path, value in there.sysctls.items()
        }
        found[wish.name] = dataclasses.replace(there, sysctls=same)
    return found


def _warn_of_blindness(host: Host, found: t.Mapping[str, Found]) -> None:
    """Until the name is changed, other modules see the old namespace under it."""
    for name, one in found.items():
        if one.identity and one.source not in (None, one.identity):
            host.warn(
                f"check mode: namespace {name} would be given to another namespace, so the prediction for its "
                "interfaces may be incomplete"
            )


def _paths(host: Host, wishes: t.Sequence[Wish]) -> dict[str, str]:
    """The files of the namespaces to attach, by name."""
    present = [wish for wish in wishes if wish.state == "present"]
    inhabited = {wish.name: wish.inhabitant for wish in present if wish.inhabitant is not None}
    processes = inhabitants.processes(host, inhabited.values())
    return {
        **{wish.name: wish.path for wish in present if wish.path is not None},
        **{name: f"/proc/{processes[one]}/ns/net" for name, one in inhabited.items()},
    }


def _read(host: Host, wish: Wish, path: str | None) -> Found:
    identity, record = namespaces.identity(wish.name), namespace_records.read(host, wish.name)
    found = Found(
        file=namespaces.has_file(wish.name),
        identity=identity,
        record=record,
        damaged=record is None and namespace_records.damaged(host, wish.name),
        path=path,
        source=_read_source(host, wish, path) if path else None,
    )
    if wish.state == "present" and wish.sysctls and not identity:
        # It does not exist yet: check in a new one, or in the one to name, whether it has these settings.
        values = host.run(path, lambda: settings.read(wish.sysctls)) if path else settings.of_new(host, wish.sysctls)
        return _with_inside(wish, found, False, values)
    return found


def _hear_witnesses(host: Host, found: dict[str, Found]) -> None:
    """Replace damaged records by what interfaces show."""
    damaged = [name for name, one in found.items() if one.damaged]
    for name in damaged:
        record_files.refuse_full_directory(namespace_records.path(name))
    for name, record in witness.records(host, damaged).items():
        found[name] = dataclasses.replace(found[name], record=record)


def _look_inside(host: Host, wishes: t.Sequence[Wish], found: dict[str, Found]) -> None:
    """Add what is managed inside existing namespaces."""
    there = [wish for wish in wishes if wish.state == "present" and found[wish.name].identity]
    seen = host.tour((wish.name, functools.partial(_inside, wish)) for wish in there)
    for wish, (up, values) in zip(there, seen):
        found[wish.name] = _with_inside(wish, found[wish.name], up, values)


def _inside(wish: Wish) -> tuple[bool, dict[str, str | None]]:
    return loopback.works() if wish.loopback else loopback.is_up(), settings.read(wish.sysctls)


def _with_inside(wish: Wish, found: Found, up: bool, values: t.Mapping[str, str | None]) -> Found:
    missing = [path for path, value in values.items() if value is None]
    if missing:
        raise Refused(f"sysctls: namespace {wish.name} has no setting {sysctls.name_of(missing[0])}")
    return dataclasses.replace(found, loopback=up, sysctls=values)


def _read_source(host: Host, wish: Wish, path: str) -> Identity:
    if not host.exists(path):
        raise Refused(f"namespace {wish.name}: {path} is not a network namespace, or the process is gone")
    identity = host.identity(path)
    if identity == host.identity(None):
        cure = "; give the service PrivateNetwork=yes" if wish.inhabitant and wish.inhabitant.kind == "service" else ""
        raise Refused(f"namespace {wish.name}: {path} is the host's own network namespace, which cannot be named{cure}")
    return t.cast(Identity, identity)


def _asks_for_users(wish: Wish, found: Found) -> bool:
    """Whether /proc has to be read: for processes left by a removal, and for names to be changed."""
    if wish.state == "absent":
        return found.ours is not None
    return found.source is not None and found.identity not in (None, found.source)


def _plan_present(wish: Wish, found: Found, plan: Plan) -> Change:
    facts = {"path": namespace_path(wish.name), "attached": wish.attached}
    after = {"loopback": wish.loopback, "owners": [wish.owner]}
    if wish.sysctls:
        after["sysctls"] = sysctls.by_name(wish.sysctls)
    if found.source:
        after["inode"] = found.source[1]
    if found.identity is None or found.source not in (None, found.identity):
        before = _refuse_unless_forsaken(wish, found)
        plan.steps.append(_bind_step(wish, found))
        plan.steps.append(Inside(wish.name, wish.loopback, wish.sysctls))
        return Change(before, after, facts)
    return _plan_existing(wish, found, plan, after, facts)


def _plan_existing(wish: Wish, found: Found, plan: Plan, after: dict[str, t.Any], facts: dict[str, t.Any]) -> Change:
    """The name exists and is right; plan what is inside and the claim on it."""
    before = {**after, "loopback": found.loopback}
    if wish.sysctls:
        before["sysctls"] = sysctls.by_name(found.sysctls)
    record = found.ours
    if record:
        if found.damaged:
            # It is unknown who named it; if there are other owners, it may well be theirs.
            record = dataclasses.replace(record, attached=wish.attached or record.owners != (wish.owner,))
        before["owners"] = [] if found.damaged else list(record.owners)
        after["owners"] = list(record.owners) + ([] if wish.owner in record.owners else [wish.owner])
        if before["owners"] != after["owners"]:
            plan.steps.append(Claim(wish.name, dataclasses.replace(record, owners=tuple(after["owners"]))))
    else:
        if found.damaged:
            plan.steps.append(Forget(wish.name))
        # A foreign one: it is used as it is, not claimed, and so never removed.
        del before["owners"], after["owners"]
    facts["attached"] = record.attached if record else False
    drifted = {path: value for path, value in wish.sysctls.items() if found.sysctls[path] != value}
    loopback_drifted = found.loopback != wish.loopback
    if drifted or loopback_drifted:
        plan.steps.append(Inside(wish.name, wish.loopback if loopback_drifted else None, drifted))
    return Change(before, after, facts)


def _refuse_unless_forsaken(wish: Wish, found: Found) -> dict[str, t.Any]:
    """Only rename if the name refers to nothing, or to an own namespace that nothing uses any more."""
    if found.identity is None:
        return {}
    record = found.ours
    if record is None or not record.attached or wish.owner not in record.owners:
        raise Refused(
            f"namespace {wish.name} exists and is another one than {found.path}; "
            "remove it, or give that one another name"
        )
    if found.pids:
        raise Refused(
            f"namespace {wish.name} is another one than {found.path} and is in use by process {found.pids[0]}; "
            f"end that process, or give {found.path} another name"
        )
    return {"inode": found.identity[1], "loopback": found.loopback, "owners": list(record.owners)}


def _bind_step(wish: Wish, found: Found) -> Bind:
    record = namespace_records.Record(
        identity=found.source or (0, 0),
        owners=(wish.owner,),
        attached=wish.attached,
        addresses=found.record.addresses if found.record else {},
    )
    return Bind(wish.name, found.path, found.identity, record)


def _plan_absent(wish: Wish, found: Found, plan: Plan) -> Change:
    change = _plan_removal(wish, found, plan)
    given = leases.of(found.record, wish.owner)
    if given:
        plan.steps.append(Free(given))
    return change


def _plan_removal(wish: Wish, found: Found, plan: Plan) -> Change:
    known = found.record if found.record and wish.owner in found.record.owners else None
    if not found.file:
        if known:
            plan.steps.append(Claim(wish.name, _without(known, wish.owner)))
        elif found.damaged:
            plan.steps.append(Forget(wish.name))
        return Change({}, {})
    if found.identity is None:
        if not known:
            raise Refused(
                f"namespace {wish.name} is a dead file that this collection did not create; remove it with: ip "
                f"netns del {wish.name}"
            )
        plan.steps.append(Remove(wish.name, None, links_first="none"))
        return Change({"live": False}, {})
    record = found.ours
    if record is None and found.damaged:
        raise Refused(
            f"namespace {wish.name} is left alone, since its owner is unknown: {namespace_records.path(wish.name)} "
            "is damaged and no interface of this collection leads into it; remove it with: ip netns del "
            f"{wish.name}"
        )
    if record is None:
        raise Refused(
            f"namespace {wish.name} was not made by this collection and is left alone; remove it with: ip netns "
            f"del {wish.name}"
        )
    if wish.owner not in record.owners:
        plan.warnings.append(f"namespace {wish.name} is left in place, since it belongs to {', '.join(record.owners)}")
        return Change({}, {})
    rest = _without(record, wish.owner)
    if rest.owners and found.damaged:
        # Interfaces of the others keep showing their claim.
        plan.warnings.append(f"namespace {wish.name} is left in place, since it belongs to {', '.join(rest.owners)}")
        return Change({}, {})
    if rest.owners:
        plan.steps.append(Claim(wish.name, rest))
        return Change({"owners": list(record.owners)}, {"owners": list(rest.owners)})
    if found.pids and not record.attached:
        plan.warnings.append(
            f"namespace {wish.name} has lost its name and its interfaces, but is kept alive by the processes inside: "
            + ", ".join(map(str, found.pids))
        )
    links_first = "ours" if found.damaged else "none" if record.attached else "all"
    plan.steps.append(Remove(wish.name, found.identity, links_first))
    plan.ended |= {found.identity} if links_first == "all" else set()
    return Change({"owners": list(record.owners)}, {}, {"pids": list(found.pids)})


def _without(record: namespace_records.Record, owner: str) -> namespace_records.Record:
    return dataclasses.replace(
        record,
        owners=tuple(other for other in record.owners if other != owner),
        addresses={other: given for other, given in record.addresses.items() if other != owner},
    )
