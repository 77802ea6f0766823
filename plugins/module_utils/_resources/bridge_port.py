# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""A port of a bridge, virtual or physical."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    alternative_names,
    dumps,
    fdb,
    port_locking,
    port_records,
    record_files,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.port_records import PortRecord
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.link_attributes import (
    FORWARDING,
    PORT_STATE,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links, by_index, refuse_others
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.vlans import Vlans
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import (
    bridge_port_options,
    left_over,
    witness,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port_options import Wish
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port_steps import (
    Forget,
    Join,
    Leave,
    Remember,
    SetFdb,
    SetFlags,
    SetVlans,
)


@dataclasses.dataclass(frozen=True)
class State:
    """``refs`` are namespaces by reference; that of an absent wish may be missing. Only interfaces of the host have
    records."""

    own: Identity
    refs: t.Mapping[str | None, Identity]
    links: t.Mapping[Identity, Links]
    by_index: t.Mapping[Identity, t.Mapping[int, Link]]
    vlans: t.Mapping[Identity, t.Mapping[int, Vlans]]
    fdb: t.Mapping[Identity, t.Mapping[int, frozenset[fdb.Entry]]]
    records: t.Mapping[str, PortRecord]
    #: The interfaces with damaged records; those in ``records`` were derived from their bridges.
    damaged: t.Collection[str] = ()
    #: Whether the kernel can lock ports, if that is relevant.
    can_lock: bool = True


class BridgePort(Resource):
    options: t.ClassVar[Options] = bridge_port_options.OPTIONS
    identified_by: t.ClassVar[tuple[str, ...]] = ("interface",)
    name: t.ClassVar[str] = "bridge_port"
    order: t.ClassVar[Order] = Order(present=80, absent=40)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("interface",)

    def wish(self, options: t.Mapping[str, t.Any]) -> Wish:
        return bridge_port_options.wish(options)

    def key(self, wish: Wish) -> dict[str, t.Any]:
        return {"netns": wish.netns, "interface": wish.interface}

    def label(self, wish: Wish) -> str:
        return str(wish)

    def identity(self, definition: Element) -> t.Hashable:
        return definition["interface"]

    def link_of(self, definition: Element) -> tuple[str | None, str]:
        return (definition.get("netns"), definition["interface"])

    def needs(self, definition: Element) -> str | None:
        return None if definition.get("netns") else str(definition["interface"])

    def left(self, view: Marked) -> list[Element]:
        return left_over.bridge_port(view)

    def read(self, host: Host, wishes: t.Sequence[Wish]) -> State:
        refs = {
            wish.netns: host.identity(wish.netns)
            for wish in wishes
            if wish.state == "present" or host.exists(wish.netns)
        }
        links: dict[Identity, Links] = {}
        found_vlans: dict[Identity, t.Mapping[int, Vlans]] = {}
        found_fdb: dict[Identity, t.Mapping[int, frozenset[fdb.Entry]]] = {}
        for ref, space in refs.items():
            if space not in links:
                here = [wish for wish in wishes if refs.get(wish.netns) == space]
                links[space], found_vlans[space], found_fdb[space] = _read(host, ref, here)
        _refuse_missing(host, wishes, {ref: links[space] for ref, space in refs.items()})
        indexed = {space: by_index(there) for space, there in links.items()}
        locking_asked = any(wish.flags.get("locked") is not None for wish in wishes if wish.state == "present")
        every = [link for there in links.values() for link in there.values()]
        can_lock = port_locking.known(host, every) if locking_asked else True
        damaged = witness.damaged_ports(host, {wish.interface for wish in wishes if wish.netns is None})
        for name in damaged:
            record_files.refuse_full_directory(port_records.path(name))
        own = links.get(host.identity(None), {})
        records = {**port_records.of(own), **witness.ports_by_bridges(own, damaged)}
        return State(host.identity(None), refs, links, indexed, found_vlans, found_fdb, records, damaged, can_lock)

    def plan(self, wishes: t.Sequence[Wish], state: State) -> Plan:
        plan = Plan([])
        if not state.can_lock:
            wishes = _without_locks(wishes, plan)
        for wish in wishes:
            plan.changes.append(
                _plan_absent(wish, state, plan) if wish.state == "absent" else _plan_present(wish, state, plan)
            )
        return plan


_Read = tuple[Links, t.Mapping[int, Vlans], t.Mapping[int, frozenset[fdb.Entry]]]


def _read(host: Host, ref: str | None, wishes: t.Sequence[Wish]) -> _Read:
    """Everything that the wishes of one namespace need."""
    present = [wish for wish in wishes if wish.state == "present"]
    bridges = {wish.bridge for wish in present if wish.fdb is not None}
    known = host.known_links(host.identity(ref))

    def visit() -> _Read:
        with Reader() as reader:
            links = dumps.links(reader) if known is None else known
            named = [pair for wish in wishes for pair in (("interface", wish.interface), ("bridge", wish.bridge))]
            alternative_names.refuse_links(links, named)
            found_vlans = dumps.vlans(reader) if any(wish.manages_vlans for wish in present) else {}
            entries: dict[int, frozenset[fdb.Entry]] = {}
            for name in bridges:
                if name in links:
                    entries.update(fdb.read(reader, links[name].index))
            return links, found_vlans, entries

    return host.run(ref, visit)


def _without_locks(wishes: t.Sequence[Wish], plan: Plan) -> list[Wish]:
    """Drop ``locked`` for a kernel that cannot lock ports."""
    if any(wish.flags.get("locked") for wish in wishes):
        plan.warnings.append(
            "this kernel cannot lock bridge ports (Linux 5.18 can): packets to an endpoint still reach only that "
            "endpoint, but a neighbour on its bridge can send from its MAC address"
        )
    return [
        dataclasses.replace(wish, flags={word: value for word, value in wish.flags.items() if word != "locked"})
        for wish in wishes
    ]


def _refuse_missing(host: Host, wishes: t.Sequence[Wish], links: t.Mapping[str | None, Links]) -> None:
    """Outside check mode interface and bridge exist; in check mode missing ones are treated as just created."""
    told: dict[str, None] = {}
    for wish in wishes:
        for kind, name in (("interface", wish.interface), ("bridge", wish.bridge)) if wish.state == "present" else ():
            if name not in links[wish.netns]:
                place = f"{name} in namespace {wish.netns}" if wish.netns else name
                if not host.check_mode:
                    raise Refused(f"{kind} {place} does not exist")
                told[place] = None
    if told:
        host.warn(f"check mode: interfaces that do not exist yet are treated as just created: {', '.join(told)}")


def _refuse_others(wish: Wish, link: Link, state: State) -> None:
    """Inside a namespace its root can write any mark, so there none is believed."""
    if state.refs[wish.netns] != state.own:
        return
    record = _record(wish, link, state)
    # What was made for nobody in particular may be put on anybody's bridge, and what we put there is ours to take off.
    lent = record is not None and record.owner == wish.owner
    if not lent and link.owner() not in (OWNER["owner"]["default"], wish.interface_owner):
        refuse_others(link, wish.owner)
    if record and record.owner != wish.owner and _is_port_of(record.bridge, link, state):
        raise Refused(
            f"interface {wish.interface} was put on bridge {record.bridge} by owner {record.owner}; "
            f"pass owner: {record.owner}"
        )


def _is_port_of(bridge: str, link: Link, state: State) -> bool:
    """Whether it is still a port; one that was removed from its bridge by hand has no owner."""
    there = state.links[state.own].get(bridge)
    return there is not None and link.master == there.index


def _record(wish: Wish, link: Link, state: State) -> PortRecord | None:
    """The record of the interface, if it is about this one."""
    record = state.records.get(wish.interface) if state.refs[wish.netns] == state.own else None
    return record if record and record.ifindex == link.index else None


def _plan_present(wish: Wish, state: State, plan: Plan) -> Change:
    links = state.links[state.refs[wish.netns]]
    link = links.get(wish.interface, Link(index=-1, name=wish.interface))
    bridge = links.get(wish.bridge)
    _refuse_others(wish, link, state)
    if link.kind == "bridge" or link.name == "lo":
        raise Refused(
            f"interface {wish.interface} cannot be a port, since it is "
            f"{'a bridge itself' if link.kind else 'the loopback'}"
        )
    if bridge and bridge.kind != "bridge":
        raise Refused(f"interface {wish.bridge} is not a bridge but {bridge.kind or 'a physical interface'}")
    if bridge and wish.manages_vlans and "default_pvid" not in (bridge.bridge or {}):
        raise Refused(f"{wish}: vlans and pvid: this kernel does not support VLANs on bridges")
    before, after = _current(wish, link, state), _wished(wish)
    flags = wish.flags
    joins = before.get("bridge") != wish.bridge
    _plan_membership(wish, link, state, joins, plan)
    if not joins:
        flags = {option: value for option, value in flags.items() if before[option] != value}
        if bridge and _is_shut(link, bridge):
            before["forwarding"] = False
            flags[PORT_STATE.name] = FORWARDING
    if flags:
        plan.steps.append(SetFlags(wish.netns, wish.interface, flags))
    if wish.manages_vlans and before != after:
        plan.steps.append(SetVlans(wish.netns, wish.interface, wish.tagged, wish.pvid))
    _plan_fdb(wish, frozenset() if joins else _entries(wish, link, state), plan)
    return Change(before, after)


def _is_shut(link: Link, bridge: Link) -> bool:
    """Whether the port was put into a non-forwarding state by hand, which without STP nothing else does."""
    shut = link.port is not None and link.port.get("forwarding") is False
    return shut and link.up and link.running and bridge.up and not (bridge.bridge or {}).get("stp")


def _plan_membership(wish: Wish, link: Link, state: State, joins: bool, plan: Plan) -> None:
    """Join the bridge and record the owner, unless the interface has a mark; the record is not part of the change.

    A record is about one bridge. So that it never names a bridge that the interface is not on, a recorded port of
    another bridge leaves that first.
    """
    record, own = _record(wish, link, state), state.refs[wish.netns] == state.own
    marked = link.kind == "veth" and link.owner() == wish.owner
    if joins:
        if record and _is_port_of(record.bridge, link, state):
            plan.steps.append(Leave(wish.netns, wish.interface, record.bridge))
        plan.steps.append(Join(wish.netns, wish.interface, wish.bridge, wish.owner if own and not marked else None))
    elif own and not marked and _needs_record(wish, link, record, state):
        plan.steps.append(Remember(wish.interface, wish.bridge, wish.owner))
    if own and marked and (wish.interface in state.records or wish.interface in state.damaged):
        plan.steps.append(Forget(wish.interface))
    if record and record.name not in ("", wish.interface):
        plan.steps.append(Forget(record.name, record.ifindex))


def _needs_record(wish: Wish, link: Link, record: PortRecord | None, state: State) -> bool:
    if wish.interface in state.damaged or record is None or record.name != wish.interface:
        return True
    return record != PortRecord(link.index, wish.bridge, wish.owner, link.mac_address)


def _entries(wish: Wish, link: Link, state: State) -> frozenset[fdb.Entry]:
    return state.fdb[state.refs[wish.netns]].get(link.index, frozenset())


def _plan_fdb(wish: Wish, found: frozenset[fdb.Entry], plan: Plan) -> None:
    if wish.fdb is None:
        return
    new = wish.fdb - {entry.mac_address for entry in found if entry.sticky}
    gone = {entry.mac_address for entry in found} - wish.fdb
    if new or gone:
        plan.steps.append(SetFdb(wish.netns, wish.interface, tuple(sorted(gone)), tuple(sorted(new))))


def _wished(wish: Wish) -> dict[str, t.Any]:
    view: dict[str, t.Any] = {"bridge": wish.bridge, **wish.flags}
    if wish.tagged is not None:
        view["vlans"] = sorted(wish.tagged)
    if wish.pvid is not None:
        view["pvid"] = wish.pvid
    if wish.fdb is not None:
        view["fdb"] = sorted(wish.fdb)
    return view


def _current(wish: Wish, link: Link, state: State) -> dict[str, t.Any]:
    """The managed attributes as they are; empty if it is on no bridge."""
    if not link.master:
        return {}
    space = state.refs[wish.netns]
    master = state.by_index[space][link.master]
    if master.kind != "bridge":
        raise Refused(
            f"interface {wish.interface} belongs to {master.name}, which is not a bridge but {master.kind}; remove "
            "it there first"
        )
    view: dict[str, t.Any] = {"bridge": master.name, **{option: (link.port or {}).get(option) for option in wish.flags}}
    found = state.vlans[space].get(link.index, Vlans())
    if wish.tagged is not None:
        view["vlans"] = sorted(found.tagged)
    if wish.pvid is not None:
        view["pvid"] = found.pvid
    if wish.fdb is not None:
        entries = _entries(wish, link, state)
        view["fdb"] = sorted(entry.mac_address + ("" if entry.sticky else " (not sticky)") for entry in entries)
    return view


def _plan_absent(wish: Wish, state: State, plan: Plan) -> Change:
    links = state.links[state.refs[wish.netns]] if wish.netns in state.refs else {}
    link, bridge = links.get(wish.interface), links.get(wish.bridge)
    if link is None:
        return Change({}, {})
    _refuse_others(wish, link, state)
    record = _record(wish, link, state)
    mine = record is not None and record.bridge == wish.bridge
    there = bridge is not None and link.master == bridge.index
    if bridge is not None and there:
        _refuse_foreign(wish, link, bridge, mine, state)
        plan.steps.append(Leave(wish.netns, wish.interface, wish.bridge))
    if record and mine:
        plan.steps.append(Forget(record.name or wish.interface, record.ifindex))
    elif wish.netns is None and wish.interface in state.damaged:
        plan.steps.append(Forget(wish.interface))
    return Change({"bridge": wish.bridge} if there else {}, {})


def _refuse_foreign(wish: Wish, link: Link, bridge: Link, mine: bool, state: State) -> None:
    """Only remove ports of the host that this owner added, or if the interface or the bridge is the owner's."""
    if state.refs[wish.netns] != state.own or mine or wish.owner in (link.owner(), bridge.owner(wish.owner)):
        return
    raise Refused(
        f"interface {wish.interface} was not put on bridge {wish.bridge} by owner {wish.owner} and is left there; "
        f"remove it with: ip link set {wish.interface} nomaster"
    )
