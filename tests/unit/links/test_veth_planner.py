# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner of module veth, on a small simulated machine."""

from __future__ import annotations

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.simulated_pairs import Pairs
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth import State, Veth
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.veth_options import Want
from tests.unit.links.small_kernel import End, Machine, many

SPACES = (None, "web", "db")
NAMES = ("v0", "v1", "eth0")
RESOURCE = Veth()
places = st.tuples(st.sampled_from(SPACES), st.sampled_from(NAMES))


@st.composite
def links(draw: st.DrawFn, index: int, name: str, kind: str = "veth") -> Link:
    ours = [marks.alias("default", "web"), marks.alias("default", ""), marks.alias("default", "db")]
    alias = draw(st.sampled_from([*ours, None, "office", marks.alias("shop", "web")]))
    group = draw(st.sampled_from([0, marks.group("default")]))
    return Link(
        index=index,
        name=name,
        kind=kind,
        mtu=draw(st.sampled_from([1500, 1400])),
        alias=alias,
        group=group,
        mac_address="02:00:00:00:00:01",
    )


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Some pairs, some ends whose peer cannot be found, maybe a bridge."""
    taken = draw(st.lists(places, unique=True, max_size=6))
    machine = Machine({})
    while taken:
        kind = draw(st.sampled_from(["pair", "pair", "pair", "lonely", "bridge"]))
        ends = [taken.pop() for _end in range(2 if kind == "pair" and len(taken) > 1 else 1)]
        made = [
            End(draw(links(len(machine.ends) + number + 1, name, "bridge" if kind == "bridge" else "veth")))
            for number, (_space, name) in enumerate(ends)
        ]
        if len(made) == 2:
            made[0].peer, made[1].peer = made[1], made[0]
        machine.ends.update(zip(ends, made, strict=True))
    return machine


@st.composite
def wants(draw: st.DrawFn, state: str = "present") -> Want:
    (netns, name), (peer_netns, peer_name) = draw(st.lists(places, unique=True, min_size=2, max_size=2))
    options = {
        "state": state,
        "owner": "default",
        "netns": netns,
        "name": name,
        "peer_netns": peer_netns,
        "peer_name": draw(st.sampled_from([None, peer_name])) if state == "absent" else peer_name,
        "mtu": draw(st.sampled_from([None, 1400])),
        "txqueuelen": draw(st.sampled_from([None, 500])),
        "mac_address": draw(st.sampled_from([None, "02:00:00:00:00:11"])),
        "peer_mac_address": draw(st.sampled_from([None, "02:00:00:00:00:12"])),
    }
    return RESOURCE.want(options)


def _plan(machine: Machine, *wanted: Want) -> Plan:
    identities: dict[str | None, Identity] = {space: str(space) for space in SPACES}
    found: dict[Identity, dict[str, Link]] = {identity: {} for identity in identities.values()}
    for (space, name), end in machine.ends.items():
        found[identities[space]][name] = end.link
    indexes = {id(end): (identities[space], end.link.index) for (space, _name), end in machine.ends.items()}
    peers = {
        indexes[id(end)]: indexes[id(end.peer)] if end.peer else None
        for end in machine.ends.values()
        if end.link.kind == "veth"
    }
    refs = {identity: space for space, identity in identities.items()}
    state = State(identities, Pairs(found, peers, refs))
    return RESOURCE.plan(wanted, state)


@many
@given(machines(), wants())
def test_the_steps_lead_to_the_want_and_then_nothing_is_left_to_do(machine: Machine, want: Want) -> None:
    strangers = _not_ours(machine)
    try:
        plan = _plan(machine, want)
    except Refused:
        reject()
    assert bool(plan.steps) == plan.changes[0].changed
    machine.execute(plan.steps)
    assert want.peer
    first, second = machine.ends[want.end.netns, want.end.name], machine.ends[want.peer.netns, want.peer.name]
    assert (first.peer, second.peer) == (second, first)
    if "mtu" in want.both:
        assert (first.link.mtu, second.link.mtu) == (1400, 1400)
    if want.mac_address:
        assert first.link.mac_address == want.mac_address
    assert _not_ours(machine) == strangers
    again = _plan(machine, want)
    assert (again.steps, again.changes[0].changed) == ([], False)
    assert again.changes[0].after == plan.changes[0].after


@many
@given(machines(), wants("absent"))
def test_absent_takes_away_what_is_ours_alone(machine: Machine, want: Want) -> None:
    strangers = _not_ours(machine)
    try:
        plan = _plan(machine, want)
    except Refused:
        reject()
    machine.execute(plan.steps)
    assert _not_ours(machine) == strangers
    assert (want.end.netns, want.end.name) not in machine.ends
    again = _plan(machine, want)
    assert again.steps == []


@many
@given(machines(), wants("absent"), wants(), wants())
def test_several_wants_at_once(machine: Machine, gone: Want, one: Want, other: Want) -> None:
    """The plan for later wants builds on the steps for earlier ones."""
    try:
        plan = _plan(machine, gone, one, other)
    except Refused:
        reject()
    machine.execute(plan.steps)
    assert other.peer
    first = machine.ends[other.end.netns, other.end.name]
    assert first.peer is machine.ends[other.peer.netns, other.peer.name]


def _not_ours(machine: Machine) -> list[tuple[str | None, str, Link]]:
    """Ends that neither carry our mark nor are peers of ones that do, with their attributes."""
    ours = {id(end) for end in machine.ends.values() if end.link.owner("default") == "default"}
    return sorted(
        (
            (space, name, end.link)
            for (space, name), end in machine.ends.items()
            if id(end) not in ours and not (end.peer and id(end.peer) in ours)
        ),
        key=repr,
    )


def _want(name: str, peer_netns: str, **options: object) -> Want:
    given = {"state": "present", "owner": "default", "netns": None, "name": name, "peer_netns": peer_netns}
    unmanaged = dict.fromkeys(["mtu", "txqueuelen", "mac_address", "peer_mac_address"])
    return RESOURCE.want({**unmanaged, **given, "peer_name": "eth0", **options})


def _pair(alias: str | None) -> Machine:
    """v0 on the host with the peer eth0 in web."""
    first, second = End(Link(1, "v0", "veth", alias=alias)), End(Link(2, "eth0", "veth"))
    first.peer, second.peer = second, first
    return Machine({(None, "v0"): first, ("web", "eth0"): second})


def test_a_pair_that_is_not_ours_is_not_edited() -> None:
    assert _plan(_pair(None), _want("v0", "web")).steps == []
    for differing in (_want("v0", "db"), _want("v1", "web"), _want("v0", "web", mtu=1400)):
        with pytest.raises(Refused, match="veth v0 was not created by this collection"):
            _plan(_pair(None), differing)


def test_a_name_that_an_earlier_want_freed_can_be_taken() -> None:
    machine = _pair(marks.alias("default", "web"))
    machine.execute(_plan(machine, _want("v1", "web"), _want("v0", "db")).steps)
    assert sorted(machine.ends, key=repr) == [("db", "eth0"), ("web", "eth0"), (None, "v0"), (None, "v1")]
