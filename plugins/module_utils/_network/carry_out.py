# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Applies a whole network in one process: the definitions of a plan (docs/plan.md), each kind with its resource."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import (
    Definition,
    Outcome,
    converge,
    wants_of,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import (
    Invalid,
    LinuxnetError,
    Refused,
    Unchangeable,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.spec import complete
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import survey
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import published, refusals, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.endpoints import (
    Endpoints,
    EndpointsFailed,
    converge_each,
    words,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.kinds import ORDER, RESOURCES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.together import Together
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import namesakes, netns_options

#: How much to read from a namespace at most, so that root in an endpoint cannot slow down the others.
_LIMIT = 32 << 20


def carry_out(
    host: Host,
    owner: str,
    state: str,
    modules: object,
    problems: t.Sequence[t.Mapping[str, str | None]] = (),
    planned_here: bool = False,
    shared: Together | None = None,
    ahead: bool = False,
) -> dict[str, Outcome]:
    """Apply the definitions of a plan in the order of its state, or predict the changes in check mode.

    :param owner: the default owner
    :param modules: lists of definitions by module name
    :param planned_here: whether this process has just planned them, so that they need no validation
    :param problems: problems of endpoints that the plan found
    :param shared: carries the last rules out with those of other networks, later
    :param ahead: only what comes before endpoints are touched, with all rules carried out later
    :return: the outcome by module, for modules with definitions
    :raises EndpointsFailed: if endpoints failed, after everything else was done
    :raises LinuxnetError: ``host.done`` lists what was done before
    """
    host.limit = _LIMIT
    host.goes_on = True
    wanted = _wants(owner, state, modules, planned_here)
    endpoints = Endpoints(host, wanted, problems)
    standing = state == "present" and endpoints.standing(wanted["bridge"])
    if not standing:
        # As long as nothing of the network exists, nothing can be open.
        _check_attached(wanted["netns"])
    _check_namesakes(host, endpoints, wanted["netns"], standing)
    if state == "present" and not host.check_mode and _is_hampered(host):
        _rehearse(host, owner, modules, problems, planned_here)
    run = _Run(host, endpoints, shared)
    try:
        for name, wants in _turns(state, wanted, ahead):
            if state == "absent" and not ahead and _is_before_links(name):
                run.now(name, wants)
            else:
                run.turn(name, wants, state, standing)
    except refusals.LibraryMissing:
        if state == "present":
            run.close(wanted)
        raise
    finally:
        # Even if something failed, the rules that were planned before it hold.
        if not shared:
            run.finish()
    if ahead:
        return run.outcomes
    if state == "absent" and not host.check_mode:
        published.write(owner, frozenset())
    if endpoints.failures:
        raise EndpointsFailed(endpoints.failures, run.outcomes)
    return run.outcomes


def _is_before_links(name: str) -> bool:
    """Whether a kind is removed before the links of endpoints are."""
    return ORDER["absent"].index(name) < ORDER["absent"].index("veth")


def _turns(
    state: str, wanted: t.Mapping[str, t.Sequence[t.Any]], ahead: bool
) -> t.Iterator[tuple[str, t.Sequence[t.Any]]]:
    """The kinds in order, with what is to be applied of each in its turn."""
    if state == "absent":
        yield from ((name, wanted[name]) for name in ORDER[state] if not ahead or _is_before_links(name))
        return
    early = {name: kind.present_after for name, kind in RESOURCES.items() if kind.present_after}
    for name in ORDER[state]:
        if ahead and RESOURCES[name].of_endpoints:
            return
        yield name, [want for want in wanted[name] if want.state == "absent"] if name in early else wanted[name]
        for other in (one for one, earlier in early.items() if earlier == name):
            yield other, [want for want in wanted[other] if want.state != "absent"]


class _Run:
    """A run over the kinds of objects, with the outcome of each."""

    def __init__(self, host: Host, endpoints: Endpoints, shared: Together | None) -> None:
        self._host = host
        self._endpoints = endpoints
        self._together = shared or Together(host)
        self.outcomes: dict[str, Outcome] = {}

    def turn(self, kind: str, wants: t.Sequence[t.Any], state: str, standing: bool) -> None:
        """Apply a kind: for each endpoint, aside, or all at once."""
        if state == "present" and RESOURCES[kind].of_endpoints:
            self.each(kind, self._endpoints.feasible(kind, wants))
        elif RESOURCES[kind].aside and (standing or kind != "unmanaged_links"):
            self.aside(kind, wants)
        else:
            self.all(kind, wants)

    def all(self, kind: str, wants: t.Sequence[t.Any]) -> None:
        """Apply all of a kind, or raise."""
        if wants:
            try:
                self._note(kind, self._together.converge(RESOURCES[kind], wants))
            except LinuxnetError as error:
                if not self._may_be_mended(error):
                    raise

    def now(self, kind: str, wants: t.Sequence[t.Any]) -> None:
        """Apply all of a kind, or raise; nothing comes before it."""
        if wants:
            self._note(kind, converge(self._host, RESOURCES[kind], wants))

    def _note(self, kind: str, found: Outcome) -> None:
        self.outcomes[kind] = self.outcomes[kind].and_also(found) if kind in self.outcomes else found

    def finish(self) -> None:
        """Carry out what waits for others to be carried out with."""
        self._together.finish()

    def aside(self, kind: str, wants: t.Sequence[t.Any]) -> None:
        """Apply as much as possible of a kind whose failure must not prevent the repair of the others."""
        if wants:
            self._together.give_way()
            self._note(kind, converge_each(self._host, RESOURCES[kind], wants, self._tell))

    def _tell(self, _want: t.Any, error: Exception) -> None:
        self._endpoints.failures.append(words(error))

    def close(self, wanted: t.Mapping[str, t.Sequence[t.Any]]) -> None:
        """Apply what is possible of the kinds that keep others out, when the run cannot continue otherwise."""
        for kind in ORDER["present"]:
            if RESOURCES[kind].closes and kind not in self.outcomes:
                with contextlib.suppress(LinuxnetError):
                    self.all(kind, wanted[kind])

    def each(self, kind: str, wants: t.Sequence[t.Any]) -> None:
        """Apply as much as possible of a kind that belongs to endpoints."""

        def fail(want: t.Any, error: Exception) -> None:
            if not self._may_be_mended(error):
                self._endpoints.fail(kind, want, error)

        if wants:
            self._together.give_way()
            self._note(kind, converge_each(self._host, RESOURCES[kind], wants, fail))

    def _may_be_mended(self, error: Exception) -> bool:
        """Whether an earlier step of the run may resolve the error, as is possible in check mode. Warns if so."""
        mendable = self._host.check_mode and not isinstance(error, Unchangeable)
        found = mendable and any(map(_changes_in_place, self.outcomes.values()))
        if found:
            self._host.warn(f"check mode: an earlier step of the run may resolve this: {words(error)}")
        return found


def _is_hampered(host: Host) -> bool:
    """Whether something may stop a run halfway."""
    return not sysctl.writable() or bool(survey.chosen().obstacles(host, None))


def _rehearse(
    host: Host, owner: str, modules: object, problems: t.Sequence[t.Mapping[str, str | None]], planned_here: bool
) -> None:
    """Find obstacles before the first change, by a run in check mode. The real run reports everything else."""
    with host.rehearsal() as other:
        try:
            carry_out(other, owner, "present", modules, problems, planned_here)
        except Unchangeable:
            raise
        except LinuxnetError:
            return


def _changes_in_place(outcome: Outcome) -> bool:
    """Whether an existing object would be replaced, which later kinds do not see in check mode."""
    return any(change.changed and change.before and change.after for change in outcome.changes)


def _wants(owner: str, state: str, modules: object, planned_here: bool) -> dict[str, list[t.Any]]:
    """The validated wants by module; raises Invalid."""
    found = definitions_of(modules)
    for name, listed in found.items():
        if listed and name not in ORDER[state]:
            raise Invalid(f"modules.{name}", listed, f"an empty list, since the state is {state}")
    whole = _filled if planned_here else complete
    wanted = {
        name: wants_of(RESOURCES[name], _definitions(name, owner, listed, whole)) for name, listed in found.items()
    }
    if state == "absent" and any(want.state != "absent" for want in wanted["interface"]):
        allowed = "an empty list, since the state is absent, or definitions with that state"
        raise Invalid("modules.interface", found["interface"], allowed)
    return wanted


def definitions_of(modules: object) -> dict[str, list[t.Any]]:
    """The lists of definitions of a plan by module; raises Invalid for anything else."""
    if not isinstance(modules, t.Mapping) or not set(modules) <= set(RESOURCES):
        raise Invalid("modules", modules, f"a dictionary with lists of definitions for {', '.join(RESOURCES)}")
    for name, listed in modules.items():
        if not isinstance(listed, list):
            raise Invalid(f"modules.{name}", listed, "a list of definitions")
    return {name: list(modules.get(name, ())) for name in RESOURCES}


def read_definitions(text: str) -> dict[str, list[t.Any]]:
    """The definitions of a plan given as JSON text."""
    try:
        return definitions_of(json.loads(text))
    except RecursionError:
        raise Invalid("modules", text, "a dictionary or its JSON text, and not so many levels of it") from None
    except ValueError as error:
        raise Invalid("modules", text, f"a dictionary or its JSON text, which this is not ({error})") from None


def _definitions(
    name: str, owner: str, listed: t.Iterable[t.Any], whole: t.Callable[[Options, t.Any, str], dict[str, t.Any]]
) -> t.Iterator[Definition]:
    options = {**RESOURCES[name].options, "owner": {"type": "str", "default": owner}}
    for number, definition in enumerate(listed):
        where = f"modules.{name}[{number}]."
        yield where, whole(options, definition, where)


def _filled(options: Options, definition: t.Mapping[str, t.Any], _where: str) -> dict[str, t.Any]:
    """A definition, completed with defaults."""
    given = {name: value for name, value in definition.items() if value is not None}
    return {**{name: option.get("default") for name, option in options.items()}, **given}


def _check_namesakes(host: Host, endpoints: Endpoints, wants: list[netns_options.Want], standing: bool) -> None:
    """Check that each namespace has one name. In an existing network, a second name only affects its endpoint."""
    for want, sentence in namesakes.find(host, wants):
        if not standing:
            raise Refused(sentence)
        endpoints.fail("netns", want, Refused(sentence))
        wants.remove(want)


def _check_attached(wants: t.Iterable[netns_options.Want]) -> None:
    """Check on the host that what is to be attached exists and that its name is free.

    This has to come before the first change, although they are attached late.
    """
    attached = [want for want in wants if want.attached]
    if attached:
        with Host(check_mode=True) as host:
            converge(host, RESOURCES["netns"], attached)
