# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The one loop of all modules: validate, read, plan, stop there in check mode, else apply; then report."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import netlink
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import Invalid, LinuxnetError
from ansible_collections.netplumb.linuxnet.plugins.module_utils._spec import definitions

#: States whose wishes are converged first, so that what they free can be taken by the others.
_FREEING = ("absent", "disabled")

View = dict[str, t.Any]


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
    steps: list[t.Any] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)


class Resource(t.Protocol):
    """A kind of object. ``wish``, ``key``, ``label`` and ``plan`` are pure; ``read`` and ``apply`` do all the I/O."""

    def wish(self, options: View) -> t.Any:
        """The checked wish, with its ``state``; raises Invalid."""

    def key(self, wish: t.Any) -> View:
        """What tells this object from all others, in option words."""

    def label(self, wish: t.Any) -> str:
        """The object in a few words, for messages and the headers of diffs."""

    def read(self, host: Host, wishes: t.Sequence[t.Any]) -> t.Any:
        """All that planning needs to know of the host, read once."""

    def plan(self, wishes: t.Sequence[t.Any], state: t.Any) -> Plan:
        """What to do; a later wish sees the effects of an earlier one; raises Refused."""

    def apply(self, host: Host, plan: Plan) -> None:
        """Do it, each step inside ``host.doing``."""


def converge(module: AnsibleModule, resource: Resource) -> None:
    """Bring every definition of the module's call about and exit with what changed."""
    host = Host(check_mode=module.check_mode)
    try:
        with host:
            result = _converge(host, module, resource)
    except netlink.LibraryMissing as error:
        module.fail_json(msg=missing_required_lib(error.library), exception=error.trace)
    except LinuxnetError as error:
        _tell_warnings(module, host.warnings)
        module.fail_json(msg=_sentence(host, error))
    except netlink.refusals() as error:
        module.fail_json(msg=f"cannot read the host's network: {netlink.reason(error)}")
    _tell_warnings(module, host.warnings)
    module.exit_json(**result)


def _tell_warnings(module: AnsibleModule, warnings: t.Iterable[str]) -> None:
    for warning in warnings:
        module.warn(warning)


def _converge(host: Host, module: AnsibleModule, resource: Resource) -> View:
    wishes = _wishes(module, resource)
    freeing_first = sorted(range(len(wishes)), key=lambda number: wishes[number].state not in _FREEING)
    ordered = [wishes[number] for number in freeing_first]
    plan = resource.plan(ordered, resource.read(host, ordered))
    if not module.check_mode and plan.steps:
        resource.apply(host, plan)
    changes = [change for _number, change in sorted(zip(freeing_first, plan.changes), key=lambda pair: pair[0])]
    _tell_warnings(module, plan.warnings)
    return {
        "changed": any(change.changed for change in changes),
        "diff": [_diff(resource.label(wish), change) for wish, change in zip(wishes, changes) if change.changed],
        "objects": [_object(resource.key(wish), wish.state, change) for wish, change in zip(wishes, changes)],
    }


def _wishes(module: AnsibleModule, resource: Resource) -> list[t.Any]:
    """All wishes, checked; the first bad one ends the call before anything was read."""
    wishes: list[t.Any] = []
    seen: dict[str, str] = {}
    for prefix, options in definitions(module):
        try:
            wish = resource.wish(options)
        except Invalid as error:
            raise Invalid(prefix + error.option, error.value, error.allowed) from None
        key = resource.key(wish)
        name = repr(key)
        if name in seen:
            words = ", ".join(f"{word} {value}" for word, value in key.items() if value is not None)
            raise Invalid(prefix.rstrip("."), words, f"{seen[name]} has the same key, and each key may stand once")
        seen[name] = prefix.rstrip(".")
        wishes.append(wish)
    return wishes


def _diff(label: str, change: Change) -> View:
    return {"before": change.before, "after": change.after, "before_header": label, "after_header": label}


def _object(key: View, state: str, change: Change) -> View:
    return {**key, **change.after, **change.facts, "state": state, "changed": change.changed}


def _sentence(host: Host, error: LinuxnetError) -> str:
    """The error, and what had been done before it, since that stays done."""
    if not host.done:
        return str(error)
    shown = "; ".join(host.done[-5:])
    earlier = f"{len(host.done) - 5} steps and then: " if len(host.done) > 5 else ""
    return f"{error}. Done before, and left so: {earlier}{shown}"
