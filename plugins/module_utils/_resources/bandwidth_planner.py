# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Plans limits. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import queueing, udev
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.queueing import Queueing, Redirection
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import limits, marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.limits import Limit
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, refuse_others
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth_options import Want
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth_reading import Space, State
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bandwidth_steps import (
    DeleteDevices,
    EndLimit,
    EndRedirection,
    MakeDevice,
    PutLimit,
    Redirect,
    SetDevice,
    probing,
)

View = dict[str, t.Any]


class _Found(Value):
    """What a want is about, as it is: the interface and its ifb device, None if missing."""

    link: Link | None
    queueing: Queueing
    filters: Redirection
    device: Link | None
    device_queueing: Queueing

    @property
    def redirected(self) -> bool:
        return self.device is not None and self.filters.target == self.device.index


def plan(wants: t.Sequence[Want], state: State) -> Plan:
    """What to do."""
    found = Plan([])
    for want in wants:
        space = state.spaces.get(state.refs[want.netns]) if want.netns in state.refs else None
        there = _found(want, space or Space({}, {}, {}))
        _refuse(want, there, state.refs.get(want.netns) == state.own)
        found.changes.append(_Planner(want, there, found).change())
    asked = {
        word: None
        for step in found.steps
        for word in (
            ("egress",) if isinstance(step, MakeDevice) else ("ingress",) if isinstance(step, PutLimit) else ()
        )
    }
    made = [step.name for step in found.steps if isinstance(step, MakeDevice) and step.netns is None]
    found.steps = [*probing(asked), *_joined(found.steps), *udev.settling(made)]
    return found


def _found(want: Want, space: Space) -> _Found:
    link = space.links.get(want.interface)
    device = space.links.get(names.limiting_device(want.interface))
    return _Found(
        link,
        space.disciplines.get(link.index, queueing.NONE) if link else queueing.NONE,
        space.redirections.get(link.index, queueing.NO_FILTERS) if link else queueing.NO_FILTERS,
        device,
        space.disciplines.get(device.index, queueing.NONE) if device else queueing.NONE,
    )


def _refuse(want: Want, found: _Found, own: bool) -> None:
    """Refuse what is somebody else's. Inside namespaces, where root can write any mark, marks prove nothing."""
    link, device, place = found.link, found.device, f"{want.interface}{within(want.netns)}"
    present = want.state == "present"
    if link and own:
        refuse_others(link, want.owner)
    if link and present and link.kind != "veth":
        kind = link.kind or "a physical interface"
        raise Refused(f"interface {place} is not an end of a veth pair but {kind}, which this module does not limit")
    if device:
        _refuse_device(want, device, own)
    if "ingress" in want.rates and found.queueing.root and not found.queueing.ours:
        raise Refused(
            f"interface {place} has a queueing discipline {found.queueing.root} of somebody else, so ingress_rate "
            f"cannot be set; remove it with: {_in(want)}tc qdisc del dev {want.interface} root"
        )
    if "egress" in want.rates and not found.filters.there:
        other = found.queueing.ingress if found.queueing.ingress != "ingress" else None
        if other or found.filters.others:
            what = f"a queueing discipline {other}" if other else f"a filter {found.filters.others[0]}"
            raise Refused(
                f"interface {place} has {what} of somebody else for what it receives, so egress_rate cannot be set; "
                f"remove it with: {_in(want)}tc qdisc del dev {want.interface} {other or 'ingress'}"
            )
    for word, rate in want.rates.items():
        least = limits.least_burst(link.mtu if link else 0)
        if rate.burst is not None and rate.burst < least:
            raise Refused(
                f"{word}_burst: {rate.burst}b is less than a frame of interface {place} with its MTU of "
                f"{least - limits.least_burst(0)}, which would never be sent; it takes at least {least}b"
            )


def _refuse_device(want: Want, device: Link, own: bool) -> None:
    owner = device.owner(want.owner)
    if device.kind != "ifb" or owner is None:
        raise Refused(
            f"interface {device.name}{within(want.netns)} was not made by this collection, but its name is needed for "
            f"the limits of {want.interface}; rename or remove it"
        )
    if own:
        refuse_others(device, want.owner)
    mark = marks.parse_alias(device.alias)
    if mark and names.limiting_device(mark.namespace) == device.name and mark.namespace != want.interface:
        raise Refused(f"interface {device.name} limits {mark.namespace}; give {want.interface} another name")


def _in(want: Want) -> str:
    return f"ip netns exec {want.netns} " if want.netns else ""


class _Planner:
    """Plans one want."""

    def __init__(self, want: Want, found: _Found, plan: Plan) -> None:
        self._want, self._found, self._plan = want, found, plan
        self._device = names.limiting_device(want.interface)

    def change(self) -> Change:
        mtu = self._found.link.mtu if self._found.link else 1500
        wanted = {word: limits.limit(rate.rate, rate.burst, mtu) for word, rate in self._want.rates.items()}
        before, after = self._ingress(wanted.get("ingress"))
        egress_before, egress_after = self._egress(wanted.get("egress"))
        return Change({**before, **egress_before}, {**after, **egress_after})

    def _ingress(self, limit: Limit | None) -> tuple[View, View]:
        want, found = self._want, self._found.queueing
        if limit is None:
            if found.ours:
                self._plan.steps.append(EndLimit(want.netns, want.interface))
        elif found.limit != limit:
            instead = found.ours and found.limit is None
            self._plan.steps.append(PutLimit(want.netns, want.interface, limit, instead))
        return _view("ingress", found.limit), _view("ingress", limit)

    def _egress(self, limit: Limit | None) -> tuple[View, View]:
        before = self._current()
        if limit is None:
            self._end()
            return before, {}
        want, device = self._want, self._found.device
        alias, group = marks.alias(want.owner, want.interface), marks.group(want.owner)
        after = {
            **_view("egress", limit),
            "ifb": self._device,
            "alias": alias,
            "group": group,
            "enabled": True,
            "redirected": True,
        }
        if device is None:
            values = {"alias": alias, "group": group}
            self._plan.steps.append(MakeDevice(want.netns, want.interface, self._device, values, limit))
        else:
            self._repair(device, limit, {"alias": alias, "group": group})
        if not self._found.redirected:
            ready, stale = self._found.queueing.ingress is not None, self._found.filters.there
            self._plan.steps.append(Redirect(want.netns, want.interface, self._device, ready, stale))
        return before, after

    def _repair(self, device: Link, limit: Limit, values: View) -> None:
        want, found = self._want, self._found.device_queueing
        if found.limit != limit:
            instead = found.ours and found.limit is None
            self._plan.steps.append(PutLimit(want.netns, self._device, limit, instead))
        drifted = {word: value for word, value in values.items() if getattr(device, word) != value}
        if drifted or not device.up:
            self._plan.steps.append(SetDevice(want.netns, self._device, drifted, not device.up))

    def _current(self) -> View:
        found = self._found
        if found.device is None:
            return {"redirected": False} if found.filters.there else {}
        return {
            **_view("egress", found.device_queueing.limit),
            "ifb": found.device.name,
            "alias": found.device.alias,
            "group": found.device.group,
            "enabled": found.device.up,
            "redirected": found.redirected,
        }

    def _end(self) -> None:
        want, found = self._want, self._found
        empty = found.device is not None and found.queueing.ingress == "ingress" and not found.filters.others
        if found.filters.there or empty:
            whole = not found.filters.others
            self._plan.steps.append(EndRedirection(want.netns, want.interface, whole))
        if found.device is not None:
            self._plan.steps.append(DeleteDevices(want.netns, (found.device.name,)))


def _view(word: str, limit: Limit | None) -> View:
    if limit is None:
        return {}
    return {f"{word}_rate": limit.rate_text, f"{word}_burst": limit.burst_text, f"{word}_queue": limit.queue}


def _joined(steps: t.Sequence[t.Any]) -> list[t.Any]:
    """The steps, with the deletions of devices in a namespace merged into one after everything else that ends."""
    doomed: dict[str | None, tuple[str, ...]] = {}
    last = max((place for place, step in enumerate(steps) if isinstance(step, DeleteDevices)), default=-1)
    joined: list[t.Any] = []
    for place, step in enumerate(steps):
        if isinstance(step, DeleteDevices):
            doomed[step.netns] = doomed.get(step.netns, ()) + step.names
        else:
            joined.append(step)
        if place == last:
            joined += [DeleteDevices(netns, found) for netns, found in doomed.items()]
    return joined
