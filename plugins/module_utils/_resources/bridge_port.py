# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""An interface's membership of a bridge, physical ones included."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel import inventory, port_records
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.host import Host, Identity
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.port_records import PortRecord
from ansible_collections.netplumb.linuxnet.plugins.module_utils._kernel.rtnetlink import Reader
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks, names, vlans
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.links import Link, Links, by_index, refuse_others
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.vlans import Vlans
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.bridge_port_steps import (
    Forget,
    Join,
    Leave,
    Remember,
    SetFlags,
    SetVlans,
    execute,
)

_SWITCHES = ("hairpin", "isolated", "learning", "flood", "guard")
#: Least and greatest value.
_NUMBERS = {"cost": (1, 65535), "priority": (0, 63)}


@dataclasses.dataclass(frozen=True)
class Wish:
    """``flags`` and VLANs that are None are not managed."""

    state: str
    owner: str
    netns: str | None
    interface: str
    bridge: str
    flags: t.Mapping[str, t.Any]
    tagged: frozenset[int] | None
    pvid: int | None

    def __str__(self) -> str:
        return f"port {self.interface} of bridge {self.bridge}" + (f" in namespace {self.netns}" if self.netns else "")

    @property
    def manages_vlans(self) -> bool:
        return self.tagged is not None or self.pvid is not None


@dataclasses.dataclass(frozen=True)
class State:
    """``refs`` lead to namespaces; an absent wish's one may be missing. Records are of the host's own interfaces."""

    own: Identity
    refs: t.Mapping[str | None, Identity]
    links: t.Mapping[Identity, Links]
    by_index: t.Mapping[Identity, t.Mapping[int, Link]]
    vlans: t.Mapping[Identity, t.Mapping[int, Vlans]]
    records: t.Mapping[str, PortRecord]


class BridgePort:
    options: t.ClassVar[Options] = {
        "interface": {"type": "str"},
        "bridge": {"type": "str"},
        "state": STATE,
        **NETNS,
        **OWNER,
        "hairpin": {"type": "bool"},
        "isolated": {"type": "bool"},
        "learning": {"type": "bool"},
        "flood": {"type": "bool"},
        "guard": {"type": "bool"},
        "cost": {"type": "int"},
        "priority": {"type": "int"},
        "vlans": {"type": "list", "elements": "int"},
        "pvid": {"type": "int"},
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("interface",)

    def wish(self, options: t.Mapping[str, t.Any]) -> Wish:
        flags = {option: options[option] for option in (*_SWITCHES, *_NUMBERS) if options[option] is not None}
        for option, (least, greatest) in _NUMBERS.items():
            if option in flags and not least <= flags[option] <= greatest:
                raise Invalid(option, flags[option], f"{least} to {greatest}")
        tagged, pvid = options["vlans"], options["pvid"]
        if options["bridge"] is None:
            raise Invalid("bridge", None, "the name of the bridge is required")
        wish = Wish(
            state=options["state"],
            owner=names.owner_name("owner", options["owner"]),
            netns=names.namespace_ref("netns", options["netns"]),
            interface=names.interface_name("interface", options["interface"]),
            bridge=names.interface_name("bridge", options["bridge"]),
            flags=flags,
            tagged=None
            if tagged is None
            else frozenset(vlans.number(f"vlans[{place}]", one) for place, one in enumerate(tagged)),
            pvid=None if pvid is None else vlans.number("pvid", pvid),
        )
        if wish.interface == wish.bridge:
            raise Invalid("interface", wish.interface, "another interface than the bridge itself")
        if wish.pvid in (wish.tagged or ()):
            raise Invalid("pvid", wish.pvid, "a VLAN that is not among vlans, whose packets carry a tag")
        return wish

    def key(self, wish: Wish) -> dict[str, t.Any]:
        return {"netns": wish.netns, "interface": wish.interface}

    def label(self, wish: Wish) -> str:
        return str(wish)

    def read(self, host: Host, wishes: t.Sequence[Wish]) -> State:
        refs = {
            wish.netns: host.identity(wish.netns)
            for wish in wishes
            if wish.state == "present" or host.exists(wish.netns)
        }
        links: dict[Identity, Links] = {}
        found_vlans: dict[Identity, t.Mapping[int, Vlans]] = {}
        for ref, space in refs.items():
            if space not in links:
                asked = any(wish.manages_vlans for wish in wishes if refs.get(wish.netns) == space)
                links[space], found_vlans[space] = _read(host, ref, asked)
        _refuse_missing(host, wishes, {ref: links[space] for ref, space in refs.items()})
        indexed = {space: by_index(there) for space, there in links.items()}
        return State(host.identity(None), refs, links, indexed, found_vlans, port_records.read_all())

    def plan(self, wishes: t.Sequence[Wish], state: State) -> Plan:
        plan = Plan([])
        for wish in wishes:
            plan.changes.append(
                _plan_absent(wish, state, plan) if wish.state == "absent" else _plan_present(wish, state, plan)
            )
        return plan

    def apply(self, host: Host, plan: Plan) -> None:
        execute(host, plan.steps)


def _read(host: Host, ref: str | None, with_vlans: bool) -> tuple[Links, t.Mapping[int, Vlans]]:
    def visit() -> tuple[Links, t.Mapping[int, Vlans]]:
        with Reader() as reader:
            return inventory.links(reader), inventory.vlans(reader) if with_vlans else {}

    return host.run(ref, visit)


def _refuse_missing(host: Host, wishes: t.Sequence[Wish], links: t.Mapping[str | None, Links]) -> None:
    """Outside check mode interface and bridge exist; in check mode missing ones are taken as freshly made."""
    told: dict[str, None] = {}
    for wish in wishes:
        for kind, name in (("interface", wish.interface), ("bridge", wish.bridge)) if wish.state == "present" else ():
            if name not in links[wish.netns]:
                place = f"{name} in namespace {wish.netns}" if wish.netns else name
                if not host.check_mode:
                    raise Refused(f"{kind} {place} does not exist")
                told[place] = None
    if told:
        host.warn(f"check mode: interfaces that do not exist yet are taken as freshly made: {', '.join(told)}")


def _refuse_others(wish: Wish, link: Link, state: State) -> None:
    """Inside a namespace its root can write any mark, so there none is believed."""
    if state.refs[wish.netns] != state.own:
        return
    refuse_others(link, wish.owner)
    record = _record(wish, link, state)
    if record and record.owner != wish.owner and _is_port_of(record.bridge, link, state):
        raise Refused(
            f"interface {wish.interface} was put on bridge {record.bridge} by owner {record.owner}; "
            f"pass owner: {record.owner}"
        )


def _is_port_of(bridge: str, link: Link, state: State) -> bool:
    """What was taken off its bridge by hand, or lost it, is nobody's."""
    there = state.links[state.own].get(bridge)
    return there is not None and link.master == there.index


def _record(wish: Wish, link: Link, state: State) -> PortRecord | None:
    """What is remembered of the interface, as long as it is of this one."""
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
        raise Refused(f"interface {wish.bridge} is no bridge but {bridge.kind or 'a physical interface'}")
    if bridge and wish.manages_vlans and "default_pvid" not in (bridge.bridge or {}):
        raise Refused(f"{wish}: vlans and pvid: this kernel does not support VLANs on bridges")
    before, after = _current(wish, link, state), _wished(wish)
    flags = wish.flags
    if before.get("bridge") != wish.bridge:
        plan.steps.append(Join(wish.netns, wish.interface, wish.bridge))
    else:
        flags = {option: value for option, value in flags.items() if before[option] != value}
    if flags:
        plan.steps.append(SetFlags(wish.netns, wish.interface, flags))
    if wish.manages_vlans and before != after:
        plan.steps.append(SetVlans(wish.netns, wish.interface, wish.tagged, wish.pvid))
    _remember(wish, link, state, plan)
    return Change(before, after)


def _wished(wish: Wish) -> dict[str, t.Any]:
    view: dict[str, t.Any] = {"bridge": wish.bridge, **wish.flags}
    if wish.tagged is not None:
        view["vlans"] = sorted(wish.tagged)
    if wish.pvid is not None:
        view["pvid"] = wish.pvid
    return view


def _current(wish: Wish, link: Link, state: State) -> dict[str, t.Any]:
    """The managed attributes as they are; nothing where it is on no bridge."""
    if not link.master:
        return {}
    space = state.refs[wish.netns]
    master = state.by_index[space][link.master]
    if master.kind != "bridge":
        raise Refused(
            f"interface {wish.interface} belongs to {master.name}, which is no bridge but {master.kind}; "
            f"take it off there first"
        )
    view: dict[str, t.Any] = {"bridge": master.name, **{option: (link.port or {}).get(option) for option in wish.flags}}
    found = state.vlans[space].get(link.index, Vlans())
    if wish.tagged is not None:
        view["vlans"] = sorted(found.tagged)
    if wish.pvid is not None:
        view["pvid"] = found.pvid
    return view


def _remember(wish: Wish, link: Link, state: State, plan: Plan) -> None:
    """Note whose membership it is, unless the interface itself says so; no part of what is told as a change."""
    if state.refs[wish.netns] != state.own:
        return
    if marks.parse_alias(link.alias):
        if wish.interface in state.records:
            plan.steps.append(Forget(wish.interface))
    elif state.records.get(wish.interface) != PortRecord(link.index, wish.bridge, wish.owner):
        plan.steps.append(Remember(wish.interface, wish.bridge, wish.owner))


def _plan_absent(wish: Wish, state: State, plan: Plan) -> Change:
    links = state.links[state.refs[wish.netns]] if wish.netns in state.refs else {}
    link, bridge = links.get(wish.interface), links.get(wish.bridge)
    if link is None:
        return Change({}, {})
    _refuse_others(wish, link, state)
    record = _record(wish, link, state)
    if record and record.bridge == wish.bridge:
        plan.steps.append(Forget(wish.interface))
    if bridge is None or link.master != bridge.index:
        return Change({}, {})
    plan.steps.append(Leave(wish.netns, wish.interface, wish.bridge))
    return Change({"bridge": wish.bridge}, {})
