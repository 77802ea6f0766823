# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A Linux bridge."""

from __future__ import annotations

import functools
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    alternative_names,
    dumps,
    link_changes,
    machine,
    port_records,
    sysctl,
    udev,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import link_attributes, marks
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import BRIDGE, MTU
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links, refuse_others
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import Written
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over

_ROWS = {row.name: row for row in BRIDGE}


class Want(Value):
    name: str
    netns: str | None
    state: str
    owner: str
    mtu: int | None
    mac_address: str | None
    #: The given attributes that are specific to bridges.
    values: t.Mapping[str, t.Any]


class State(Value):
    """The bridges that exist, by namespace. For wants that remove one, also its ports by name."""

    spaces: t.Mapping[str | None, Identity]
    links: t.Mapping[Identity, Links]
    foreign_ports: t.Mapping[tuple[Identity, str], tuple[str, ...]]
    #: For wants that remove a bridge, the names under which bridge_port recorded its ports.
    taken: t.Mapping[tuple[Identity, str], tuple[str, ...]]
    machine_id: str
    #: The bridges with a port that carries the owner's mark; only read if nothing else shows who owns the bridge.
    with_marked_ports: t.Collection[tuple[Identity, str]] = ()


class Make(Value):
    want: Want
    mac_address: str

    @property
    def written(self) -> list[Written]:
        return [Written(self.want.netns, _accept_ra(self.want.name), "0")]

    @property
    def netns(self) -> str | None:
        return self.want.netns

    def __str__(self) -> str:
        given = f" with {', '.join(self.want.values)}" if self.want.values else ""
        return f"create bridge {self.want.name}{within(self.netns)}{given}"

    def do(self, session: Session) -> None:
        """Create the bridge with everything that the kernel accepts in one message, which excludes the alias.

        The MTU is set separately, and to a different value first: only then does the kernel regard it as chosen and
        stop following the ports. accept_ra is off from the start, since no endpoint may give the host a route by acting
        as a router, whether or not the bridge's rules exist yet.
        """
        want = self.want
        values = {**_netlink_words(want.values), "address": self.mac_address, "group": marks.group(want.owner)}
        later: dict[str, t.Any] = {"alias": marks.alias(want.owner)}
        if want.mtu is not None:
            values["mtu"] = want.mtu + (1 if want.mtu < 1500 else -1)
            later["mtu"] = want.mtu
        session.route.link("add", ifname=want.name, kind="bridge", **values)
        accept_ra = _accept_ra(want.name)
        if sysctl.read(accept_ra) not in (None, "0"):
            sysctl.write(accept_ra, "0")
        link_changes.set_values(session.writer, socket.if_nametoindex(want.name), later)


class Set(Value):
    """Set attributes of an existing bridge, by option name."""

    name: str
    netns: str | None
    index: int
    values: t.Mapping[str, t.Any]

    def __str__(self) -> str:
        return f"set {', '.join(self.values)} of bridge {self.name}"

    def do(self, session: Session) -> None:
        common = {option: value for option, value in self.values.items() if option not in _ROWS}
        special = {option: value for option, value in self.values.items() if option in _ROWS}
        if common:
            link_changes.set_values(session.writer, self.index, common)
        if special:
            session.route.link("set", index=self.index, kind="bridge", **_netlink_words(special))


class Delete(Value):
    """``taken`` are recorded ports of the bridge, whose records are removed with it."""

    name: str
    netns: str | None
    index: int
    taken: t.Collection[str]

    def __str__(self) -> str:
        return f"delete bridge {self.name}"

    def do(self, session: Session) -> None:
        link_changes.delete(session.writer, self.index)
        for name in self.taken:
            port_records.remove(name)


class Bridge(Resource):
    options: t.ClassVar[Options] = {
        "name": {"type": "str"},
        "state": STATE,
        **NETNS,
        **OWNER,
        **link_attributes.options((MTU,)),
        "mac_address": {"type": "raw"},
        **link_attributes.options(BRIDGE),
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("name",)
    name: t.ClassVar[str] = "bridge"
    order: t.ClassVar[Order] = Order(present=20, absent=60)
    needed: t.ClassVar[tuple[str, ...]] = ("name",)

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        values = link_attributes.given(BRIDGE, options)
        return Want(
            name=names.interface_name("name", options["name"]),
            netns=names.namespace_ref("netns", options["netns"]),
            state=options["state"],
            owner=names.owner_name("owner", options["owner"]),
            mtu=link_attributes.given((MTU,), options).get("mtu"),
            mac_address=None
            if options["mac_address"] is None
            else addresses.mac("mac_address", options["mac_address"]),
            values=values,
        )

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "name": want.name}

    def label(self, want: Want) -> str:
        return f"bridge {want.name}" + (f" in namespace {want.netns}" if want.netns else "")

    def makes(self, definition: Element) -> str | None:
        return None if definition.get("netns") else str(definition["name"])

    def left(self, view: Marked) -> list[Element]:
        return left_over.bridge(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        spaces = {
            want.netns: host.identity(want.netns)
            for want in wants
            if want.state == "present" or host.exists(want.netns)
        }
        found: dict[Identity, Links] = {space: {} for space in spaces.values()}
        foreign: dict[tuple[Identity, str], tuple[str, ...]] = {}
        taken: dict[tuple[Identity, str], tuple[str, ...]] = {}
        with_marked_ports: set[tuple[Identity, str]] = set()
        for want in wants:
            if want.netns not in spaces:
                continue
            space = spaces[want.netns]
            if want.state == "absent":
                everything = host.run(want.netns, _all)
                alternative_names.refuse_links(everything, [("name", want.name)])
                bridge = everything.get(want.name)
                ports = _taken_in(want, everything)
                taken[space, want.name] = tuple(sorted({record.name for record in ports.values()}))
                foreign[space, want.name] = _foreign_ports(bridge, everything, ports) if bridge else ()
            else:
                bridge = host.run(want.netns, functools.partial(_find, want.name))
            if bridge:
                found[space][want.name] = bridge
            if bridge and _is_in_doubt(bridge, want):
                links = host.run(want.netns, _all).values()
                if any(one.owner() == want.owner for one in links if one.master == bridge.index):
                    with_marked_ports.add((space, want.name))
        return State(spaces, found, foreign, taken, machine.identity(), with_marked_ports)

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        plan = Plan([])
        present = {space: dict(there) for space, there in state.links.items()}
        for want in wants:
            there = present.get(state.spaces.get(want.netns, ""), {})
            link = there.pop(want.name, None)
            if want.state == "absent":
                plan.changes.append(_plan_absent(want, link, state, plan))
            elif link is None:
                plan.changes.append(_plan_new(want, state, plan))
            else:
                plan.changes.append(_plan_existing(want, link, state, plan))
        made = [step.want.name for step in plan.steps if isinstance(step, Make) and step.netns is None]
        plan.steps += udev.settling(made)
        return plan


def _taken_in(want: Want, everything: Links) -> dict[str, port_records.PortRecord]:
    """The records of unmarked interfaces that bridge_port added to the bridge, such as a network card."""
    if want.netns is not None:
        return {}
    records = port_records.of(everything).items()
    return {name: record for name, record in records if (record.bridge, record.owner) == (want.name, want.owner)}


def _foreign_ports(bridge: Link, everything: Links, taken: t.Container[str]) -> tuple[str, ...]:
    owner = bridge.owner()
    ports = (link for link in everything.values() if link.master == bridge.index and link.name not in taken)
    return tuple(sorted(link.name for link in ports if owner is None or link.owner(owner) != owner))


def _is_in_doubt(link: Link, want: Want) -> bool:
    """Whether only the link group shows that the bridge is the owner's."""
    return link.owner() is None and link.owner(want.owner) == want.owner


def _is_ours(want: Want, link: Link, state: State) -> bool:
    """Whether the bridge belongs to the owner, by its alias.

    If the alias was edited by hand or never written, the link group counts, provided that the name, the MAC address or
    a port confirms it, since anybody can set a group.
    """
    if not _is_in_doubt(link, want):
        return link.owner() == want.owner
    derived = {addresses.derived_mac("bridge", state.machine_id, name) for name in (want.name, want.owner)}
    where = (state.spaces[want.netns], want.name)
    return (
        want.name == want.owner or link.mac_address in {*derived, want.mac_address} or where in state.with_marked_ports
    )


def _own_mac(want: Want, state: State) -> str:
    return want.mac_address or addresses.derived_mac("bridge", state.machine_id, want.name)


def _managed(want: Want, mac_address: str | None, marked: bool) -> dict[str, t.Any]:
    """The managed attributes as wanted."""
    view: dict[str, t.Any] = dict(want.values)
    if want.mtu is not None:
        view["mtu"] = want.mtu
    if mac_address is not None:
        view["mac_address"] = mac_address
    if marked:
        view["alias"] = marks.alias(want.owner)
        view["group"] = marks.group(want.owner)
    return view


def _plan_new(want: Want, state: State, plan: Plan) -> Change:
    mac_address = _own_mac(want, state)
    plan.steps.append(Make(want, mac_address))
    return Change({}, _managed(want, mac_address, marked=True))


def _plan_existing(want: Want, link: Link, state: State, plan: Plan) -> Change:
    if link.kind != "bridge":
        kind = link.kind or "a physical interface"
        raise Refused(f"interface {want.name} exists and is not a bridge but {kind}; choose another name")
    refuse_others(link, want.owner)
    ours = _is_ours(want, link, state)
    after = _managed(want, _own_mac(want, state) if ours else want.mac_address, marked=ours)
    current = {
        **(link.bridge or {}),
        "mtu": link.mtu,
        "mac_address": link.mac_address,
        "alias": link.alias,
        "group": link.group,
    }
    before = {option: current.get(option) for option in after}
    drifted = {option: value for option, value in after.items() if before[option] != value}
    if drifted:
        plan.steps.append(Set(want.name, want.netns, link.index, drifted))
    return Change(before, after)


def _plan_absent(want: Want, link: Link | None, state: State, plan: Plan) -> Change:
    if link is None:
        return Change({}, {})
    refuse_others(link, want.owner)
    if link.kind != "bridge" or not _is_ours(want, link, state):
        raise Refused(
            f"interface {want.name} was not made by this collection and is left alone; remove it with: ip link del "
            f"{want.name}"
        )
    left = state.foreign_ports[state.spaces[want.netns], want.name]
    if left:
        plan.warnings.append(f"bridge {want.name} is removed; its foreign ports stay: {', '.join(left)}")
    plan.steps.append(Delete(want.name, want.netns, link.index, state.taken[state.spaces[want.netns], want.name]))
    return Change({"mtu": link.mtu, "mac_address": link.mac_address, "alias": link.alias}, {})


def _netlink_words(values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Attributes that are specific to bridges, as pyroute2 takes them."""
    return {_ROWS[option].word: _ROWS[option].kernels(value) for option, value in values.items()}


def _all() -> Links:
    with Reader() as reader:
        return dumps.links(reader)


def _find(name: str) -> Link | None:
    with Reader() as reader:
        found = dumps.named(reader, name)
    if found is None or found.name == name:
        return found
    alternative_names.refuse_links({found.name: found}, [("name", name)])
    return None


def _accept_ra(name: str) -> str:
    return f"net/ipv6/conf/{name}/accept_ra"
