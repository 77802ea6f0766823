# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Ports of a bridge, virtual or physical."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import OWNER, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
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
    bridge_macs,
    bridge_port_options,
    left_over,
    witness,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port_options import Want
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port_steps import (
    Forget,
    Join,
    Leave,
    Remember,
    SetFdb,
    SetFlags,
    SetVlans,
)


class State(Value):
    """``refs`` has no entry for the missing namespace of an absent want. ``records`` are of interfaces of the host."""

    own: Identity
    refs: t.Mapping[str | None, Identity]
    links: t.Mapping[Identity, Links]
    by_index: t.Mapping[Identity, t.Mapping[int, Link]]
    vlans: t.Mapping[Identity, t.Mapping[int, Vlans]]
    fdb: t.Mapping[Identity, t.Mapping[int, frozenset[fdb.Entry]]]
    records: t.Mapping[str, PortRecord]
    #: The interfaces with damaged records; their entries in ``records`` come from their bridges.
    damaged: t.Collection[str] = ()
    #: Whether the kernel can lock ports; only determined if a want sets ``locked``.
    can_lock: bool = True


class BridgePort(Resource):
    options: t.ClassVar[Options] = bridge_port_options.OPTIONS
    identified_by: t.ClassVar[tuple[str, ...]] = ("interface",)
    name: t.ClassVar[str] = "bridge_port"
    order: t.ClassVar[Order] = Order(present=80, absent=40)
    of_endpoints: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("interface",)

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        return bridge_port_options.want(options)

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "interface": want.interface}

    def label(self, want: Want) -> str:
        return str(want)

    def identity(self, definition: Element) -> t.Hashable:
        return definition["interface"]

    def link_of(self, definition: Element) -> tuple[str | None, str]:
        return (definition.get("netns"), definition["interface"])

    def needs(self, definition: Element) -> str | None:
        return None if definition.get("netns") else str(definition["interface"])

    def extended(self, definition: Element, old: t.Sequence[Element]) -> Element | None:
        if "isolated" not in definition or "learning" in definition:
            return definition
        # The port of an unlisted endpoint, which keeps everything else. At boot, nothing creates one that is not known.
        known = next((one for one in old if one["interface"] == definition["interface"]), None)
        return None if known is None else {**known, **definition}

    def left(self, view: Marked) -> list[Element]:
        return left_over.bridge_port(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        refs = {
            want.netns: host.identity(want.netns)
            for want in wants
            if want.state == "present" or host.exists(want.netns)
        }
        links: dict[Identity, Links] = {}
        found_vlans: dict[Identity, t.Mapping[int, Vlans]] = {}
        found_fdb: dict[Identity, t.Mapping[int, frozenset[fdb.Entry]]] = {}
        for ref, space in refs.items():
            if space not in links:
                here = [want for want in wants if refs.get(want.netns) == space]
                links[space], found_vlans[space], found_fdb[space] = _read(host, ref, here)
        _refuse_missing(host, wants, {ref: links[space] for ref, space in refs.items()})
        indexed = {space: by_index(there) for space, there in links.items()}
        locking_asked = any(want.flags.get("locked") is not None for want in wants if want.state == "present")
        every = [link for there in links.values() for link in there.values()]
        can_lock = port_locking.known(host, every) if locking_asked else True
        damaged = witness.damaged_ports(host, {want.interface for want in wants if want.netns is None})
        for name in damaged:
            record_files.refuse_full_directory(port_records.path(name))
        own = links.get(host.identity(None), {})
        records = {**port_records.of(own), **witness.ports_by_bridges(own, damaged)}
        return State(host.identity(None), refs, links, indexed, found_vlans, found_fdb, records, damaged, can_lock)

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        plan = Plan([])
        if not state.can_lock:
            wants = _without_locks(wants, plan)
        plan.warnings += _told_of_bridges(wants, state)
        for want in wants:
            plan.changes.append(
                _plan_absent(want, state, plan) if want.state == "absent" else _plan_present(want, state, plan)
            )
        return plan


def _told_of_bridges(wants: t.Sequence[Want], state: State) -> t.Iterator[str]:
    """Warnings about bridges of others whose MAC address changes."""
    joining: dict[str | None, dict[str, list[str]]] = {}
    for want in wants:
        if want.state == "present":
            links = state.links[state.refs[want.netns]]
            link, bridge = links.get(want.interface), links.get(want.bridge)
            if bridge is not None and (link is None or link.master != bridge.index):
                joining.setdefault(want.netns, {}).setdefault(want.bridge, []).append(want.interface)
    for ref, those in joining.items():
        space = state.refs[ref]
        yield from bridge_macs.warnings(ref, state.links[space], those, space == state.own)


_Read = tuple[Links, t.Mapping[int, Vlans], t.Mapping[int, frozenset[fdb.Entry]]]


def _read(host: Host, ref: str | None, wants: t.Sequence[Want]) -> _Read:
    """Everything that the wants in one namespace need."""
    present = [want for want in wants if want.state == "present"]
    bridges = {want.bridge for want in present if want.fdb is not None}
    known = host.known_links(host.identity(ref))

    def visit() -> _Read:
        with Reader() as reader:
            links = dumps.links(reader) if known is None else known
            named = [pair for want in wants for pair in (("interface", want.interface), ("bridge", want.bridge))]
            alternative_names.refuse_links(links, named)
            found_vlans = dumps.vlans(reader) if any(want.manages_vlans for want in present) else {}
            entries: dict[int, frozenset[fdb.Entry]] = {}
            for name in bridges:
                if name in links:
                    entries.update(fdb.read(reader, links[name].index))
            return links, found_vlans, entries

    return host.run(ref, visit)


def _without_locks(wants: t.Sequence[Want], plan: Plan) -> list[Want]:
    """Drop ``locked`` for a kernel that cannot lock ports."""
    if any(want.flags.get("locked") for want in wants):
        plan.warnings.append(
            "this kernel cannot lock bridge ports (Linux 5.18 can): packets to an endpoint still reach only that "
            "endpoint, but without nft a neighbour on its bridge can send from its MAC address"
        )
    return [want.but(flags={word: value for word, value in want.flags.items() if word != "locked"}) for want in wants]


def _refuse_missing(host: Host, wants: t.Sequence[Want], links: t.Mapping[str | None, Links]) -> None:
    """Refuse missing interfaces and bridges; in check mode, only warn and treat them as just created."""
    told: dict[str, None] = {}
    for want in wants:
        for kind, name in (("interface", want.interface), ("bridge", want.bridge)) if want.state == "present" else ():
            if name not in links[want.netns]:
                place = f"{name} in namespace {want.netns}" if want.netns else name
                if not host.check_mode:
                    raise Refused(f"{kind} {place} does not exist")
                told[place] = None
    if told:
        host.warn(f"check mode: interfaces that do not exist yet are treated as just created: {', '.join(told)}")


def _refuse_others(want: Want, link: Link, state: State) -> None:
    """Refuse interfaces of other owners, except inside namespaces, where root can write any mark."""
    if state.refs[want.netns] != state.own:
        return
    record = _record(want, link, state)
    # Interfaces of the default owner may be put on any bridge, and what we put there we may remove.
    lent = record is not None and record.owner == want.owner
    if not lent and link.owner() not in (OWNER["owner"]["default"], want.interface_owner):
        refuse_others(link, want.owner)
    if record and record.owner != want.owner and _is_port_of(record.bridge, link, state):
        raise Refused(
            f"interface {want.interface} was put on bridge {record.bridge} by owner {record.owner}; "
            f"pass owner: {record.owner}"
        )


def _is_port_of(bridge: str, link: Link, state: State) -> bool:
    """Whether it is still a port: once removed from its bridge by hand, the record's owner has no claim."""
    there = state.links[state.own].get(bridge)
    return there is not None and link.master == there.index


def _record(want: Want, link: Link, state: State) -> PortRecord | None:
    """The interface's record, if it is about this interface and not another one of the same name."""
    record = state.records.get(want.interface) if state.refs[want.netns] == state.own else None
    return record if record and record.ifindex == link.index else None


def _plan_present(want: Want, state: State, plan: Plan) -> Change:
    links = state.links[state.refs[want.netns]]
    link = links.get(want.interface, Link(index=-1, name=want.interface))
    bridge = links.get(want.bridge)
    _refuse_others(want, link, state)
    if link.kind == "bridge" or link.name == "lo":
        raise Refused(
            f"interface {want.interface} cannot be a port, since it is "
            f"{'a bridge itself' if link.kind else 'the loopback'}"
        )
    if bridge and bridge.kind != "bridge":
        raise Refused(f"interface {want.bridge} is not a bridge but {bridge.kind or 'a physical interface'}")
    if bridge and want.manages_vlans and "default_pvid" not in (bridge.bridge or {}):
        raise Refused(f"{want}: vlans and pvid: this kernel does not support VLANs on bridges")
    before, after = _current(want, link, state), _wanted(want)
    flags = want.flags
    joins = before.get("bridge") != want.bridge
    _plan_membership(want, link, state, joins, plan)
    if not joins:
        flags = {option: value for option, value in flags.items() if before[option] != value}
        if bridge and _is_shut(link, bridge):
            before["forwarding"] = False
            flags[PORT_STATE.name] = FORWARDING
    if flags:
        plan.steps.append(SetFlags(want.netns, want.interface, flags))
    if want.manages_vlans and before != after:
        plan.steps.append(SetVlans(want.netns, want.interface, want.tagged, want.pvid))
    _plan_fdb(want, frozenset() if joins else _entries(want, link, state), plan)
    return Change(before, after)


def _is_shut(link: Link, bridge: Link) -> bool:
    """Whether the port was put into a non-forwarding state by hand, which without STP nothing else does."""
    shut = link.port is not None and link.port.get("forwarding") is False
    return shut and link.up and link.running and bridge.up and not (bridge.bridge or {}).get("stp")


def _plan_membership(want: Want, link: Link, state: State, joins: bool, plan: Plan) -> None:
    """Join the bridge, and record the owner unless the interface carries a mark. The record is not part of the change.

    A record names one bridge, and must never name one that the interface is not on. So a recorded port of another
    bridge leaves that first.
    """
    record, own = _record(want, link, state), state.refs[want.netns] == state.own
    marked = link.kind == "veth" and link.owner() == want.owner
    if joins:
        if record and _is_port_of(record.bridge, link, state):
            plan.steps.append(Leave(want.netns, want.interface, record.bridge))
        plan.steps.append(Join(want.netns, want.interface, want.bridge, want.owner if own and not marked else None))
    elif own and not marked and _needs_record(want, link, record, state):
        plan.steps.append(Remember(want.interface, want.bridge, want.owner))
    if own and marked and (want.interface in state.records or want.interface in state.damaged):
        plan.steps.append(Forget(want.interface))
    if record and record.name not in ("", want.interface):
        plan.steps.append(Forget(record.name, record.ifindex))


def _needs_record(want: Want, link: Link, record: PortRecord | None, state: State) -> bool:
    if want.interface in state.damaged or record is None or record.name != want.interface:
        return True
    return record != PortRecord(link.index, want.bridge, want.owner, link.mac_address)


def _entries(want: Want, link: Link, state: State) -> frozenset[fdb.Entry]:
    return state.fdb[state.refs[want.netns]].get(link.index, frozenset())


def _plan_fdb(want: Want, found: frozenset[fdb.Entry], plan: Plan) -> None:
    if want.fdb is None:
        return
    new = want.fdb - {entry.mac_address for entry in found if entry.sticky}
    gone = {entry.mac_address for entry in found} - want.fdb
    if new or gone:
        plan.steps.append(SetFdb(want.netns, want.interface, tuple(sorted(gone)), tuple(sorted(new))))


def _wanted(want: Want) -> dict[str, t.Any]:
    view: dict[str, t.Any] = {"bridge": want.bridge, **want.flags}
    if want.tagged is not None:
        view["vlans"] = sorted(want.tagged)
    if want.pvid is not None:
        view["pvid"] = want.pvid
    if want.fdb is not None:
        view["fdb"] = sorted(want.fdb)
    return view


def _current(want: Want, link: Link, state: State) -> dict[str, t.Any]:
    """The managed attributes as they are; empty if the interface is on no bridge."""
    if not link.master:
        return {}
    space = state.refs[want.netns]
    master = state.by_index[space][link.master]
    if master.kind != "bridge":
        raise Refused(
            f"interface {want.interface} belongs to {master.name}, which is not a bridge but {master.kind}; remove "
            "it there first"
        )
    view: dict[str, t.Any] = {"bridge": master.name, **{option: (link.port or {}).get(option) for option in want.flags}}
    found = state.vlans[space].get(link.index, Vlans())
    if want.tagged is not None:
        view["vlans"] = sorted(found.tagged)
    if want.pvid is not None:
        view["pvid"] = found.pvid
    if want.fdb is not None:
        entries = _entries(want, link, state)
        view["fdb"] = sorted(entry.mac_address + ("" if entry.sticky else " (not sticky)") for entry in entries)
    return view


def _plan_absent(want: Want, state: State, plan: Plan) -> Change:
    links = state.links[state.refs[want.netns]] if want.netns in state.refs else {}
    link, bridge = links.get(want.interface), links.get(want.bridge)
    if link is None:
        return Change({}, {})
    _refuse_others(want, link, state)
    record = _record(want, link, state)
    mine = record is not None and record.bridge == want.bridge
    there = bridge is not None and link.master == bridge.index
    if bridge is not None and there:
        _refuse_foreign(want, link, bridge, mine, state)
        plan.steps.append(Leave(want.netns, want.interface, want.bridge))
    if record and mine:
        plan.steps.append(Forget(record.name or want.interface, record.ifindex))
    elif want.netns is None and want.interface in state.damaged:
        plan.steps.append(Forget(want.interface))
    return Change({"bridge": want.bridge} if there else {}, {})


def _refuse_foreign(want: Want, link: Link, bridge: Link, mine: bool, state: State) -> None:
    """Remove only ports that this owner added, or whose interface or bridge belongs to it."""
    if state.refs[want.netns] != state.own or mine or want.owner in (link.owner(), bridge.owner(want.owner)):
        return
    raise Refused(
        f"interface {want.interface} was not put on bridge {want.bridge} by owner {want.owner} and is left there; "
        f"remove it with: ip link set {want.interface} nomaster"
    )
