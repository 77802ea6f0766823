# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The one loop of all modules: validate, read, plan, stop there in check mode, else apply; then tell."""

from __future__ import annotations

import dataclasses
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

#: States whose wishes are converged first, so that what they free can be taken by the others.
_FREEING = ("absent", "disabled")

View = dict[str, t.Any]
#: An interface by its namespace, None for the host's own, and its name there.
Link = tuple[t.Optional[str], str]
#: An object that is wished, in option words, after the prefix that names it in messages.
Definition = tuple[str, t.Mapping[str, t.Any]]


@dataclasses.dataclass(frozen=True)
class Change:
    """What becomes of one object: its managed attributes as they are and as they are wished.

    ``before`` is empty for what is made, ``after`` for what is removed; equal means that nothing is done.
    ``facts`` are told about the object beside its attributes and are never a difference.
    """

    before: View
    after: View
    facts: View = dataclasses.field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclasses.dataclass
class Plan:
    """The changes, one per wish in the order of the wishes, and the steps that bring them about."""

    changes: list[Change]
    steps: list[Step] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)
    #: A namespace in which a step fails holds up no other one; the first failure is raised when all else is done.
    apart: bool = False
    #: By namespace all its interfaces, without those that are made, and the namespaces that end with all they have.
    #: In check mode, where nothing of that comes true, the kinds that come after look at it all the same.
    links: t.Mapping[Identity, Links] = dataclasses.field(default_factory=dict)
    ended: set[Identity] = dataclasses.field(default_factory=set)


class Order(t.NamedTuple):
    """The place of a kind among the kinds of a network: when it is brought about, and when it is taken away."""

    present: int
    absent: int


class Resource(t.Protocol):
    """A kind of object. All but ``read`` is pure; the steps of a plan do themselves.

    options: what may be said of one, as Ansible's argument specification has it.
    identified_by: the options without which there is no object; none where the host itself is meant.

    What a network has to know of its kinds they say themselves, and what they do not say holds as it stands here:

    name: of the module.
    order: where networks are made of it, too.
    of_endpoints: whether endpoints are made of it, so that one that fails holds up no other.
    closes: whether it keeps others out and needs no library, so that it comes about also where nothing else can.
    needed: the options by which a network's document tells its definitions apart, all of them strings.
    """

    options: t.ClassVar[Options]
    identified_by: t.ClassVar[tuple[str, ...]]
    name: t.ClassVar[str]
    order: t.ClassVar[Order | None] = None
    of_endpoints: t.ClassVar[bool] = False
    closes: t.ClassVar[bool] = False
    needed: t.ClassVar[tuple[str, ...]] = ()

    def wish(self, options: t.Mapping[str, t.Any]) -> t.Any:
        """The checked wish, with its ``state``; raises Invalid."""

    def key(self, wish: t.Any) -> View:
        """What tells this object from all others, in option words."""

    def label(self, wish: t.Any) -> str:
        """The object in a few words, for messages and the headers of diffs."""

    def read(self, host: Host, wishes: t.Sequence[t.Any]) -> t.Any:
        """All that planning needs to know of the host, read once."""

    def plan(self, wishes: t.Sequence[t.Any], state: t.Any) -> Plan:
        """What to do; a later wish sees the effects of an earlier one; raises Refused."""

    def identity(self, _definition: Element) -> t.Hashable:
        """What tells a definition from the network's others; None where they are the whole network's and change as
        one."""
        return None

    def link_of(self, _definition: Element) -> Link | None:
        """The interface that a definition is about, by its namespace and its name there."""
        return None

    def endpoint_of(self, definition: Element, ends: Ends) -> EndpointKey | None:
        """The endpoint that a definition is about, with no interface where it is about a whole namespace."""
        link = self.link_of(definition)
        return ends.of_link(*link) if link else None

    def left(self, _view: Marked) -> list[Element]:
        """All that there is of it with an owner's mark, as the absent definitions that take it away."""
        return []

    def makes(self, _definition: Element) -> str | None:
        """The interface of the host that a definition makes."""
        return None

    def needs(self, _definition: Element) -> str | None:
        """The one that has to be there."""
        return None

    def extended(self, definition: Element, _old: t.Sequence[Element]) -> Element:
        """A definition of the whole network where endpoints are only added, with what older ones say of the others."""
        return definition


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of the wishes, or would become of them; one change per wish, in their order."""

    labels: list[str]
    keys: list[View]
    states: list[str]
    changes: list[Change]

    @property
    def changed(self) -> bool:
        return any(change.changed for change in self.changes)

    @property
    def diff(self) -> list[View]:
        """What differs, of what is changed alone."""
        return [_diff(label, change) for label, change in zip(self.labels, self.changes) if change.changed]

    def singly(self) -> list[Outcome]:
        """The same, one for each wish."""
        rows = zip(self.labels, self.keys, self.states, self.changes)
        return [Outcome([label], [key], [state], [change]) for label, key, state, change in rows]

    @property
    def objects(self) -> list[View]:
        """Every object with what is known of it afterwards."""
        return [
            {**key, **change.after, **change.facts, "state": state, "changed": change.changed}
            for key, state, change in zip(self.keys, self.states, self.changes)
        ]


def converge(host: Host, resource: Resource, wishes: t.Sequence[t.Any]) -> Outcome:
    """Bring every wish about, or in check mode tell what that would change.

    :raises LinuxnetError: the host or its kernel refuse something; ``host.done`` tells what had been done before
    """
    order = freeing_first(wishes)
    plan = planned(host, resource, [wishes[number] for number in order])
    execute(host, plan)
    return outcome(resource, wishes, dict(zip(order, plan.changes)))


def freeing_first(wishes: t.Sequence[t.Any]) -> list[int]:
    """The order in which wishes are brought about, by their places: what frees something comes before what takes it."""
    return sorted(range(len(wishes)), key=lambda number: wishes[number].state not in _FREEING)


def planned(host: Host, resource: Resource, ordered: t.Sequence[t.Any]) -> Plan:
    """What is to be done about wishes, as the host is now."""
    plan = resource.plan(ordered, resource.read(host, ordered))
    if plan.steps and not sysctl.writable():
        _refuse_unwritable(host, plan.steps)
    return plan


def _refuse_unwritable(host: Host, steps: t.Iterable[t.Any]) -> None:
    """Refuse steps by which a setting would become another one, where none can be written."""
    for setting in (one for step in steps if isinstance(step, WritesSettings) for one in step.written):
        look = functools.partial(_value, setting.path)
        found = host.run(setting.netns, look) if host.exists(setting.netns) else host.fresh(look)
        if found is not None and not mean_the_same(found, setting.value):
            where = f" in namespace {setting.netns}" if setting.netns else ""
            raise Unchangeable(f"{name_of(setting.path)}{where} is to be {setting.value}, but {sysctl.READ_ONLY}")


def _value(path: str) -> str | None:
    """Of an interface that is not there yet, what it will begin with."""
    value = sysctl.read(path)
    return sysctl.read(elsewhere(path)) if value is None else value


def execute(host: Host, plan: Plan) -> None:
    """Do what is planned, in check mode nothing, and warn of what the plan warns of."""
    if not host.check_mode:
        session = Session(host, plan.apart)
        session.execute(plan.steps)
        for error in session.failed.values():
            raise error
    elif plan.links or plan.ended:
        host.foretell(plan.links, plan.ended)
    for warning in plan.warnings:
        host.warn(warning)


def outcome(resource: Resource, wishes: t.Sequence[t.Any], changes: t.Mapping[int, Change]) -> Outcome:
    """The changes, each by its wish's place, in words."""
    return Outcome(
        labels=[resource.label(wish) for wish in wishes],
        keys=[resource.key(wish) for wish in wishes],
        states=[wish.state for wish in wishes],
        changes=[changes[number] for number in range(len(wishes))],
    )


def wishes_of(resource: Resource, definitions: t.Iterable[Definition]) -> list[t.Any]:
    """The definitions as wishes, each checked in itself; raises Invalid. Nothing is read."""
    wishes: list[t.Any] = []
    seen: dict[t.Hashable, str] = {}
    for prefix, options in definitions:
        try:
            for name in resource.identified_by:
                if options[name] is None:
                    raise Missing(name, "each definition has one")
            wish = resource.wish(options)
        except Invalid as error:
            raise error.at(prefix + error.option) from None
        key = resource.key(wish)
        name = tuple(key.items())
        if name in seen:
            words = ", ".join(f"{word} {value}" for word, value in key.items() if value is not None)
            raise Invalid(prefix.rstrip("."), words, f"{seen[name]} has the same key, and each key may be used once")
        seen[name] = prefix.rstrip(".")
        wishes.append(wish)
    return wishes


def _diff(label: str, change: Change) -> View:
    return {"before": change.before, "after": change.after, "before_header": label, "after_header": label}


def unforeseen(host: Host, error: BaseException) -> LinuxnetError:
    """A refusal that no step of ours expected, in a sentence that has what the system tells."""
    path = getattr(error, "filename", None)
    where = f" at {path}" if path else ""
    return KernelRefused(
        f"{'cannot continue' if host.done else 'cannot read this host'}{where}: {refusals.reason(error)}"
    )


def sentence(host: Host, error: LinuxnetError) -> str:
    """The error, and what had been done before it, since that stays done."""
    if not host.done:
        return str(error)
    shown = "; ".join(host.done[-5:])
    earlier = f"{len(host.done) - 5} steps and then: " if len(host.done) > 5 else ""
    return f"{error}. Already done, and left in place: {earlier}{shown}"
