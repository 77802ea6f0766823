# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The loop of all modules: validate, read, plan, apply unless in check mode, report."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import (
    Invalid,
    KernelRefused,
    LinuxnetError,
    Missing,
    Unchangeable,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import refusals, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session, Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Links
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import (
    Element,
    EndpointKey,
    Ends,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import (
    WritesSettings,
    elsewhere,
    mean_the_same,
    name_of,
)

#: States that are converged first, so that others can use what they free.
_FREEING = ("absent", "disabled")

View = dict[str, t.Any]
#: An interface by its namespace, None for the host's own, and its name there.
Link = tuple[t.Optional[str], str]
#: The prefix of a definition in messages, and its options.
Definition = tuple[str, t.Mapping[str, t.Any]]


class Change(Value):
    """What happens to one object: its managed attributes as they are and as wanted.

    ``before`` is empty for a new object, ``after`` for a removed one; if both are equal, nothing is done.
    ``facts`` are returned in addition to the attributes and never count as a difference.
    """

    before: View
    after: View
    facts: t.Mapping[str, t.Any] = NOTHING

    @functools.cached_property
    def changed(self) -> bool:
        return self.before != self.after


class Plan:
    """The changes, one per want and in the same order, and the steps to apply them."""

    def __init__(
        self,
        changes: list[Change],
        steps: t.Iterable[Step] = (),
        warnings: t.Iterable[str] = (),
        apart: bool = False,
        links: t.Mapping[Identity, Links] = NOTHING,
    ) -> None:
        """
        :param apart: a failed step does not hold up other namespaces; the first failure is raised when everything else
            is done
        :param links: the interfaces of each namespace, without those to be created
        """
        self.changes = changes
        self.steps = list(steps)
        self.warnings = list(warnings)
        self.apart = apart
        #: What check mode assumes for kinds planned later, with the namespaces that would be removed.
        self.links = links
        self.ended: set[Identity] = set()
        #: Names that check mode assumes to be given to other namespaces, with the files of these.
        self.given: dict[str, str] = {}


class Order(t.NamedTuple):
    """When a kind is processed, relative to the other kinds of a network, on creation and on removal."""

    present: int
    absent: int


class Resource(t.Protocol):
    """A kind of object. Everything except ``read`` is pure; the steps of a plan apply themselves.

    options: the options, in the form of Ansible's argument specification.
    identified_by: the options that are always required; none if the object is the host itself.

    A kind also describes itself to networks, with these defaults:

    name: the name of the module.
    order: the kind's place when networks are built or removed; None if networks do not use it.
    of_endpoints: whether endpoints have objects of this kind, so that one that fails does not stop the others.
    closes: whether it keeps others out and needs no library, so that it is applied even where nothing else can be.
    joins: whether its steps may be carried out at once with those of the kind before it, if both start a program.
    present_after: the kind after which those of its definitions that are to be present are applied already, long before
        the others have their turn: what keeps others out is there before what it protects, and goes after it.
    aside: whether one that fails does not stop anything else of a network, and is reported at the end.
    needed: the options that identify its definitions in a network's document, all of them strings.
    """

    options: t.ClassVar[Options]
    identified_by: t.ClassVar[tuple[str, ...]]
    name: t.ClassVar[str]
    order: t.ClassVar[Order | None] = None
    of_endpoints: t.ClassVar[bool] = False
    closes: t.ClassVar[bool] = False
    joins: t.ClassVar[bool] = False
    present_after: t.ClassVar[str | None] = None
    aside: t.ClassVar[bool] = False
    needed: t.ClassVar[tuple[str, ...]] = ()

    def want(self, options: t.Mapping[str, t.Any]) -> t.Any:
        """The validated want, with its ``state``; raises Invalid."""

    def key(self, want: t.Any) -> View:
        """What identifies this object, by option name."""

    def label(self, want: t.Any) -> str:
        """A short name of the object for messages and the headers of diffs."""

    def read(self, host: Host, wants: t.Sequence[t.Any]) -> t.Any:
        """Everything about the host that planning needs, read once."""

    def plan(self, wants: t.Sequence[t.Any], state: t.Any) -> Plan:
        """What to do, with later wants planned after the effects of earlier ones; raises Refused."""

    def identity(self, _definition: Element) -> t.Hashable:
        """What identifies a definition in its network; None if all belong to the network and change together."""
        return None

    def link_of(self, _definition: Element) -> Link | None:
        """The interface of a definition, as namespace and name."""
        return None

    def endpoint_of(self, definition: Element, ends: Ends) -> EndpointKey | None:
        """The endpoint of a definition, without an interface if it covers a whole namespace."""
        link = self.link_of(definition)
        return ends.of_link(*link) if link else None

    def left(self, _view: Marked) -> list[Element]:
        """Everything of this kind that carries an owner's mark, as absent definitions."""
        return []

    def makes(self, _definition: Element) -> str | None:
        """The interface of the host that a definition creates."""
        return None

    def needs(self, _definition: Element) -> str | None:
        """The interface of the host that a definition requires."""
        return None

    def extended(self, definition: Element, _old: t.Sequence[Element]) -> Element | None:
        """When endpoints are only added: a definition of the whole network, completed with that of earlier ones.

        None if it only makes sense with an earlier one, and there is none.
        """
        return definition


class Outcome(Value):
    """What happened or would happen, one change per want and in the same order."""

    labels: list[str]
    keys: list[View]
    states: list[str]
    changes: list[Change]

    @property
    def changed(self) -> bool:
        return any(change.changed for change in self.changes)

    @property
    def diff(self) -> list[View]:
        """The differences, of changed objects only."""
        return [_diff(label, change) for label, change in zip(self.labels, self.changes) if change.changed]

    def and_also(self, other: Outcome) -> Outcome:
        """That of both, about other wants."""
        return Outcome(
            self.labels + other.labels, self.keys + other.keys, self.states + other.states, self.changes + other.changes
        )

    def after(self, earlier: Outcome) -> Outcome:
        """That of two runs that are about much the same wants."""
        mine = {tuple(key.items()): number for number, key in enumerate(self.keys)}
        changes, known = [], set()
        for key, old in zip(earlier.keys, earlier.changes):
            number = mine.get(tuple(key.items()))
            new = old if number is None else self.changes[number]
            known.add(number)
            if not new.changed:
                changes.append(old)
            else:
                changes.append(Change(old.before, new.after, new.facts) if old.changed else new)
        further = [one for number, one in enumerate(self.singly()) if number not in known]
        first = Outcome(earlier.labels, earlier.keys, earlier.states, changes)
        return functools.reduce(Outcome.and_also, further, first)

    def singly(self) -> list[Outcome]:
        """One outcome per want."""
        rows = zip(self.labels, self.keys, self.states, self.changes)
        return [Outcome([label], [key], [state], [change]) for label, key, state, change in rows]

    @property
    def objects(self) -> list[View]:
        """Every object as it is afterwards."""
        return [
            {**key, **change.after, **change.facts, "state": state, "changed": change.changed}
            for key, state, change in zip(self.keys, self.states, self.changes)
        ]


def converge(host: Host, resource: Resource, wants: t.Sequence[t.Any]) -> Outcome:
    """Apply every want, or predict the changes in check mode.

    :raises LinuxnetError: the host or its kernel refuses something; ``host.done`` lists what was done before
    """
    order = freeing_first(wants)
    plan = planned(host, resource, [wants[number] for number in order])
    execute(host, plan)
    return outcome(resource, wants, dict(zip(order, plan.changes)))


def freeing_first(wants: t.Sequence[t.Any]) -> list[int]:
    """The order of processing, as positions: what frees something comes before what needs it."""
    return sorted(range(len(wants)), key=lambda number: wants[number].state not in _FREEING)


def planned(host: Host, resource: Resource, ordered: t.Sequence[t.Any]) -> Plan:
    """The plan for wants on the host as it is now."""
    plan = resource.plan(ordered, resource.read(host, ordered))
    if plan.steps and not sysctl.writable():
        _refuse_unwritable(host, plan.steps)
    return plan


def _refuse_unwritable(host: Host, steps: t.Iterable[t.Any]) -> None:
    """Raise Unchangeable if a kernel setting has to change but /proc/sys is read-only."""
    for setting in (one for step in steps if isinstance(step, WritesSettings) for one in step.written):
        look = functools.partial(_value, setting.path)
        found = host.run(setting.netns, look) if host.exists(setting.netns) else host.fresh(look)
        if found is not None and not mean_the_same(found, setting.value):
            where = f" in namespace {setting.netns}" if setting.netns else ""
            raise Unchangeable(f"{name_of(setting.path)}{where} is to be {setting.value}, but {sysctl.READ_ONLY}")


def _value(path: str) -> str | None:
    """The value; for an interface that does not exist yet, its future value."""
    value = sysctl.read(path)
    return sysctl.read(elsewhere(path)) if value is None else value


def execute(host: Host, plan: Plan) -> None:
    """Apply the plan unless in check mode, and issue its warnings."""
    if not host.check_mode:
        session = Session(host, plan.apart)
        session.execute(plan.steps)
        for error in session.failed.values():
            raise error
    elif plan.links or plan.ended or plan.given:
        host.foretell(plan.links, plan.ended, plan.given)
    for warning in plan.warnings:
        host.warn(warning)


def outcome(resource: Resource, wants: t.Sequence[t.Any], changes: t.Mapping[int, Change]) -> Outcome:
    """The outcome, given the changes by position of their want."""
    return Outcome(
        labels=[resource.label(want) for want in wants],
        keys=[resource.key(want) for want in wants],
        states=[want.state for want in wants],
        changes=[changes[number] for number in range(len(wants))],
    )


def wants_of(resource: Resource, definitions: t.Iterable[Definition]) -> list[t.Any]:
    """The validated wants of definitions; raises Invalid. Nothing is read."""
    wants: list[t.Any] = []
    seen: dict[t.Hashable, str] = {}
    for prefix, options in definitions:
        try:
            for option in resource.identified_by:
                if options[option] is None:
                    raise Missing(option, "each definition has one")
            want = resource.want(options)
        except Invalid as error:
            raise error.at(prefix + error.option) from None
        key = resource.key(want)
        name = tuple(key.items())
        if name in seen:
            words = ", ".join(f"{word} {value}" for word, value in key.items() if value is not None)
            raise Invalid(prefix.rstrip("."), words, f"{seen[name]} has the same key, and each key may be used once")
        seen[name] = prefix.rstrip(".")
        wants.append(want)
    return wants


def _diff(label: str, change: Change) -> View:
    return {"before": change.before, "after": change.after, "before_header": label, "after_header": label}


def unforeseen(host: Host, error: BaseException) -> LinuxnetError:
    """An unexpected refusal of the system as a sentence."""
    path = getattr(error, "filename", None)
    where = f" at {path}" if path else ""
    return KernelRefused(
        f"{'cannot continue' if host.done else 'cannot read this host'}{where}: {refusals.reason(error)}"
    )


def sentence(host: Host, error: LinuxnetError) -> str:
    """The error, and what was done before it and is left in place."""
    if not host.done:
        return str(error)
    shown = "; ".join(host.done[-5:])
    earlier = f"{len(host.done) - 5} steps and then: " if len(host.done) > 5 else ""
    return f"{error}. Already done, and left in place: {earlier}{shown}"
