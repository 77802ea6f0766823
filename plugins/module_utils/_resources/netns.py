# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A named network namespace, either created or an existing one with a new name."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.names import namespace_path
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
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
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.netns_options import Want
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

#: What gives a container or a service a network namespace of its own.
#: How to get a namespace of its own, by kind of inhabitant; None is any process.
_CURES = {
    "container": "start the container with --network none",
    "service": "give the service PrivateNetwork=yes",
    None: "start the process with unshare --net",
}


class Found(Value):
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
    sysctls: t.Mapping[str, str | None] = NOTHING
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

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        return netns_options.want(options)

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"name": want.name}

    def label(self, want: Want) -> str:
        return f"netns {want.name}"

    def identity(self, definition: Element) -> t.Hashable:
        return definition["name"]

    def endpoint_of(self, definition: Element, _ends: Ends) -> EndpointKey | None:
        return (definition["name"], "")

    def left(self, view: Marked) -> list[Element]:
        return left_over.netns(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> dict[str, Found]:
        paths = _paths(host, wants)
        found = {want.name: _read(host, want, paths.get(want.name)) for want in wants}
        _hear_witnesses(host, found)
        _look_inside(host, wants, found)
        if any(_asks_for_users(want, found[want.name]) for want in wants):
            users = namespaces.users()
            for name, one in found.items():
                if one.identity in users:
                    found[name] = one.but(pids=tuple(users[one.identity]))
        if host.check_mode and (host.replaced or not host.goes_on):
            _warn_of_blindness(host, found)
        return _in_kernels_words(host, wants, found)

    def plan(self, wants: t.Sequence[Want], state: t.Mapping[str, Found]) -> Plan:
        plan = Plan([])
        for want in wants:
            decide = _plan_absent if want.state == "absent" else _plan_present
            plan.changes.append(decide(want, state[want.name], plan))
        plan.steps = in_order(plan.steps)
        return plan


def _in_kernels_words(host: Host, wants: t.Sequence[Want], found: dict[str, Found]) -> dict[str, Found]:
    """The settings, in the form of the want if they only differ in form."""
    differing = [
        (path, value, found[want.name].sysctls.get(path))
        for want in wants
        for path, value in want.sysctls.items()
        if found[want.name].sysctls.get(path, value) != value
    ]
    forms = settings.forms(host, differing)
    for want in wants if forms else ():
        there = found[want.name]
        same = {
            path: want.sysctls[path] if forms.get((path, want.sysctls.get(path, ""))) == value else value
            for path, value in there.sysctls.items()
        }
        found[want.name] = there.but(sysctls=same)
    return found


def _warn_of_blindness(host: Host, found: t.Mapping[str, Found]) -> None:
    """Until the name is changed, other modules see the old namespace under it."""
    for name, one in found.items():
        if one.identity and one.source not in (None, one.identity):
            host.warn(
                f"check mode: namespace {name} would be given to another namespace, so the prediction for its "
                "interfaces may be incomplete"
            )


def _paths(host: Host, wants: t.Sequence[Want]) -> dict[str, str]:
    """The files of the namespaces to attach, by name."""
    present = [want for want in wants if want.state == "present"]
    inhabited = {want.name: want.inhabitant for want in present if want.inhabitant is not None}
    processes = inhabitants.processes(host, inhabited.values())
    return {
        **{want.name: want.path for want in present if want.path is not None},
        **{name: f"/proc/{processes[one]}/ns/net" for name, one in inhabited.items()},
    }


def _read(host: Host, want: Want, path: str | None) -> Found:
    identity, record = namespaces.identity(want.name), namespace_records.read(host, want.name)
    found = Found(
        file=namespaces.has_file(want.name),
        identity=identity,
        record=record,
        damaged=record is None and namespace_records.damaged(host, want.name),
        path=path,
        source=_read_source(host, want, path) if path else None,
    )
    if want.state == "present" and want.sysctls and not identity:
        # It does not exist yet: check in a new one, or in the one to name, whether it has these settings.
        values = host.run(path, lambda: settings.read(want.sysctls)) if path else settings.of_new(host, want.sysctls)
        return _with_inside(want, found, False, values)
    return found


def _hear_witnesses(host: Host, found: dict[str, Found]) -> None:
    """Replace damaged records by what interfaces show."""
    damaged = [name for name, one in found.items() if one.damaged]
    for name in damaged:
        record_files.refuse_full_directory(namespace_records.path(name))
    for name, record in witness.records(host, damaged).items():
        found[name] = found[name].but(record=record)


def _look_inside(host: Host, wants: t.Sequence[Want], found: dict[str, Found]) -> None:
    """Add what is managed inside existing namespaces."""
    there = [want for want in wants if want.state == "present" and found[want.name].identity]
    seen = host.tour((want.name, functools.partial(_inside, want)) for want in there)
    for want, (up, values) in zip(there, seen):
        found[want.name] = _with_inside(want, found[want.name], up, values)


def _inside(want: Want) -> tuple[bool, dict[str, str | None]]:
    return loopback.works() if want.loopback else loopback.is_up(), settings.read(want.sysctls)


def _with_inside(want: Want, found: Found, up: bool, values: t.Mapping[str, str | None]) -> Found:
    missing = [path for path, value in values.items() if value is None]
    if missing:
        raise Refused(f"sysctls: namespace {want.name} has no setting {sysctls.name_of(missing[0])}")
    return found.but(loopback=up, sysctls=values)


def _read_source(host: Host, want: Want, path: str) -> Identity:
    if not host.exists(path):
        raise Refused(
            f"namespace {want.name}: {path} is not a network namespace, or the process is gone;"
            " start what makes it first"
        )
    identity = host.identity(path)
    if identity == host.identity(None):
        cure = _CURES[want.inhabitant.kind if want.inhabitant else None]
        raise Refused(
            f"namespace {want.name}: {path} is the host's own network namespace, which cannot be named; {cure}"
        )
    return t.cast(Identity, identity)


def _asks_for_users(want: Want, found: Found) -> bool:
    """Whether /proc has to be read: for processes left by a removal, and for names to be changed."""
    if want.state == "absent":
        return found.ours is not None
    return found.source is not None and found.identity not in (None, found.source)


def _plan_present(want: Want, found: Found, plan: Plan) -> Change:
    facts = {"path": namespace_path(want.name), "attached": want.attached}
    after = {"loopback": want.loopback, "owners": [want.owner]}
    if want.sysctls:
        after["sysctls"] = sysctls.by_name(want.sysctls)
    if found.source:
        after["inode"] = found.source[1]
    if found.identity is None or found.source not in (None, found.identity):
        before = _refuse_unless_forsaken(want, found)
        plan.steps.append(_bind_step(want, found))
        if found.identity and found.path:
            plan.ended.add(found.identity)
            plan.given[want.name] = found.path
        plan.steps.append(Inside(want.name, want.loopback, want.sysctls))
        return Change(before, after, facts)
    return _plan_existing(want, found, plan, after, facts)


def _plan_existing(want: Want, found: Found, plan: Plan, after: dict[str, t.Any], facts: dict[str, t.Any]) -> Change:
    """The name exists and is right; plan what is inside and the claim on it."""
    before = {**after, "loopback": found.loopback}
    if want.sysctls:
        before["sysctls"] = sysctls.by_name(found.sysctls)
    record = found.ours
    if record:
        if found.damaged:
            # It is unknown who named it; if there are other owners, it may well be theirs.
            record = record.but(attached=want.attached or record.owners != (want.owner,))
        before["owners"] = [] if found.damaged else list(record.owners)
        after["owners"] = list(record.owners) + ([] if want.owner in record.owners else [want.owner])
        if before["owners"] != after["owners"]:
            plan.steps.append(Claim(want.name, record.but(owners=tuple(after["owners"]))))
    else:
        if found.damaged:
            plan.steps.append(Forget(want.name))
        # A foreign one: it is used as it is, not claimed, and so never removed.
        del before["owners"], after["owners"]
    facts["attached"] = record.attached if record else False
    drifted = {path: value for path, value in want.sysctls.items() if found.sysctls[path] != value}
    loopback_drifted = found.loopback != want.loopback
    if drifted or loopback_drifted:
        plan.steps.append(Inside(want.name, want.loopback if loopback_drifted else None, drifted))
    return Change(before, after, facts)


def _refuse_unless_forsaken(want: Want, found: Found) -> dict[str, t.Any]:
    """Only rename if the name refers to nothing, or to an own namespace that nothing uses any more."""
    if found.identity is None:
        return {}
    record = found.ours
    if record is None or not record.attached or want.owner not in record.owners:
        raise Refused(
            f"namespace {want.name} exists and is another one than {found.path}; "
            "remove it, or give that one another name"
        )
    if found.pids:
        raise Refused(
            f"namespace {want.name} is another one than {found.path} and is in use by process {found.pids[0]}; "
            f"end that process, or give {found.path} another name"
        )
    return {"inode": found.identity[1], "loopback": found.loopback, "owners": list(record.owners)}


def _bind_step(want: Want, found: Found) -> Bind:
    record = namespace_records.Record(
        identity=found.source or (0, 0),
        owners=(want.owner,),
        attached=want.attached,
        addresses=found.record.addresses if found.record else {},
    )
    return Bind(want.name, found.path, found.identity, record)


def _plan_absent(want: Want, found: Found, plan: Plan) -> Change:
    change = _plan_removal(want, found, plan)
    given = leases.of(found.record, want.owner)
    if given:
        plan.steps.append(Free(given))
    return change


def _plan_removal(want: Want, found: Found, plan: Plan) -> Change:
    known = found.record if found.record and want.owner in found.record.owners else None
    if not found.file:
        if known:
            plan.steps.append(Claim(want.name, _without(known, want.owner)))
        elif found.damaged:
            plan.steps.append(Forget(want.name))
        return Change({}, {})
    if found.identity is None:
        if not known:
            raise Refused(
                f"namespace {want.name} is a dead file that this collection did not create; remove it with: ip "
                f"netns del {want.name}"
            )
        plan.steps.append(Remove(want.name, None, links_first="none"))
        return Change({"live": False}, {})
    record = found.ours
    if record is None and found.damaged:
        raise Refused(
            f"namespace {want.name} is left alone, since its owner is unknown: {namespace_records.path(want.name)} "
            "is damaged and no interface of this collection leads into it; remove it with: ip netns del "
            f"{want.name}"
        )
    if record is None:
        raise Refused(
            f"namespace {want.name} was not made by this collection and is left alone; remove it with: ip netns "
            f"del {want.name}"
        )
    if want.owner not in record.owners:
        plan.warnings.append(f"namespace {want.name} is left in place, since it belongs to {', '.join(record.owners)}")
        return Change({}, {})
    rest = _without(record, want.owner)
    if rest.owners and found.damaged:
        # Interfaces of the others keep showing their claim.
        plan.warnings.append(f"namespace {want.name} is left in place, since it belongs to {', '.join(rest.owners)}")
        return Change({}, {})
    if rest.owners:
        plan.steps.append(Claim(want.name, rest))
        return Change({"owners": list(record.owners)}, {"owners": list(rest.owners)})
    if found.pids and not record.attached:
        plan.warnings.append(
            f"namespace {want.name} has lost its name and its interfaces, but is kept alive by the processes inside: "
            + ", ".join(map(str, found.pids))
        )
    links_first = "ours" if found.damaged else "none" if record.attached else "all"
    plan.steps.append(Remove(want.name, found.identity, links_first))
    plan.ended |= {found.identity} if links_first == "all" else set()
    return Change({"owners": list(record.owners)}, {}, {"pids": list(found.pids)})


def _without(record: namespace_records.Record, owner: str) -> namespace_records.Record:
    return record.but(
        owners=tuple(other for other in record.owners if other != owner),
        addresses={other: given for other, given in record.addresses.items() if other != owner},
    )
