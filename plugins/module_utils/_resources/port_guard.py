# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What may be sent through ports of bridges: the machine's own addresses, and nothing in the name of others."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    alternative_names,
    nftables_support,
    nftables_table,
    nftables_transaction,
    port_guard_table,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings, port_guards
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import Element
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.port_guards import Guard, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources import left_over, port_guard_draft
from ansible_collections.netplumb.linuxnet.plugins.module_utils._resources.port_guard_draft import Claim, Share


class Want(Value):
    state: str
    netns: str | None
    guard: Guard

    @property
    def owner(self) -> str:
        return self.guard.owner


class State(Value):
    #: For each namespace of a want the first reference to it.
    same: t.Mapping[str | None, str | None]
    tables: t.Mapping[str | None, Table]
    #: Why no rules can be written; None if they can.
    lacking: str | None


class Writing(Value):
    """What a transaction does to the table."""

    before: Table
    claims: tuple[Claim, ...]
    lines: list[str]

    @property
    def table(self) -> str:
        return port_guards.TABLE

    def commands(self) -> t.Iterable[str]:
        return self.lines

    def joined(self, later: nftables_transaction.Part) -> Writing | None:
        if not isinstance(later, Writing) or later.before != self.before:
            return None
        claims = self.claims + later.claims
        return Writing(self.before, claims, port_guard_draft.draft(self.before, claims).commands)

    def record(self, host: Host, ref: str | None) -> None:
        port_guard_table.record(host, ref)


class PortGuard(Resource):
    options: t.ClassVar[Options] = {
        "interface": {"type": "str"},
        "mac_addresses": {"type": "list", "elements": "raw"},
        "addresses": {"type": "list", "elements": "str"},
        "other_ports": {"type": "list", "elements": "str"},
        "card": {"type": "bool", "default": False},
        "state": STATE,
        **NETNS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("interface",)
    name: t.ClassVar[str] = "port_guard"
    order: t.ClassVar[Order] = Order(present=77, absent=65)
    closes: t.ClassVar[bool] = True
    joins: t.ClassVar[bool] = True
    #: In one transaction with the other rules.
    present_after: t.ClassVar[str | None] = "dnat"
    needed: t.ClassVar[tuple[str, ...]] = ("interface",)

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        interface = names.interface_name("interface", options["interface"])
        others = tuple(
            names.interface_name(f"other_ports[{number}]", name)
            for number, name in enumerate(options["other_ports"] or ())
        )
        if interface in others:
            raise Invalid("other_ports", interface, "ports other than the interface itself")
        macs = [addresses.mac(f"mac_addresses[{n}]", one) for n, one in enumerate(options["mac_addresses"] or ())]
        own = bindings.read_addresses("addresses", options["addresses"])
        if options["card"]:
            _refuse_limits(options)
        elif options["state"] == "present":
            if not macs:
                raise Missing("mac_addresses", "at least one MAC address, unless state is absent")
            if own is None:
                raise Missing("addresses", "a list of addresses, unless state is absent")
        guard = Guard(
            interface,
            names.owner_name("owner", options["owner"]),
            tuple(sorted(set(macs))),
            port_guards.ordered(own or ()),
            tuple(sorted(set(others))),
            options["card"],
        )
        return Want(options["state"], names.namespace_ref("netns", options["netns"]), guard)

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "interface": want.guard.interface}

    def label(self, want: Want) -> str:
        return f"port_guard {want.guard.interface}{within(want.netns)}"

    def identity(self, definition: Element) -> t.Hashable:
        return definition["interface"]

    def link_of(self, definition: Element) -> tuple[str | None, str]:
        return (definition.get("netns"), definition["interface"])

    def left(self, view: Marked) -> list[Element]:
        return left_over.port_guard(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        present = [want for want in wants if want.state == "present"]
        alternative_names.refuse(host, (named for want in present for named in _interfaces(want)))
        needed = {want.netns for want in present}
        identities: dict[t.Any, str | None] = {}
        same: dict[str | None, str | None] = {}
        for ref in dict.fromkeys(want.netns for want in wants):
            if ref in needed or host.exists(ref):
                same[ref] = identities.setdefault(host.identity(ref), ref)
        tables = {ref: port_guard_table.read(host, ref) for ref in dict.fromkeys(same.values())}
        return State(same, tables, self._lacking(host, wants, tables))

    def _lacking(self, host: Host, wants: t.Sequence[Want], tables: t.Mapping[str | None, Table]) -> str | None:
        if not nftables_table.installed():
            return "nft is not installed"
        standing = any(table.exists for table in tables.values())
        if not standing and any(want.state == "present" for want in wants):
            takes = functools.partial(nftables_support.takes, port_guards.FAMILY)
            if not all(host.run(ref, takes) for ref in tables):
                return _NO_BRIDGES
        if standing or all(want.state == "absent" for want in wants):
            # An nft that wrote a table can write it again.
            return None
        return nftables_table.too_old(host, port_guards.OLDEST)

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        plan = Plan([])
        found: dict[int, Change] = {number: Change({}, {}) for number in range(len(wants))}
        for ref, table in state.tables.items():
            mine = {number: want for number, want in enumerate(wants) if state.same.get(want.netns, _NONE) == ref}
            there = port_guards.guards(table.elements)
            _refuse_others(mine.values(), there)
            if state.lacking:
                _refuse_removals(state.lacking, mine.values(), there)
                continue
            claims = tuple(_claim(want) for want in mine.values())
            draft = port_guard_draft.draft(table, claims)
            if draft.commands:
                plan.steps.append(nftables_transaction.Write(ref, (Writing(table, claims, draft.commands),)))
            for (number, want), share in zip(mine.items(), draft.shares):
                found[number] = _change(want, there.get((want.owner, want.guard.interface)), share)
        if state.lacking and any(want.state == "present" for want in wants):
            plan.warnings.append(f"{state.lacking}{_SO}{'' if state.lacking == _NO_BRIDGES else _CURE}")
        plan.changes = [found[number] for number in range(len(wants))]
        return plan


def _refuse_limits(options: t.Mapping[str, t.Any]) -> None:
    """Refuse what makes no sense for a card."""
    for name in ("mac_addresses", "addresses", "other_ports"):
        if options[name]:
            raise Invalid(name, options[name], "no value, since card says that everything may be sent")


#: Stands for no namespace, since None is the host's own.
_NONE = object()
_SO = ", so an endpoint can tell other endpoints of its network that their addresses are its own"
_CURE = "; install nftables, or the package of your distribution that has nft"
_NO_BRIDGES = "this kernel has no nftables for bridges (NF_TABLES_BRIDGE)"


def _interfaces(want: Want) -> t.Iterator[tuple[str | None, str, str]]:
    yield want.netns, "interface", want.guard.interface
    for number, name in enumerate(want.guard.other_ports):
        yield want.netns, f"other_ports[{number}]", name


def _refuse_others(wants: t.Iterable[Want], there: t.Mapping[tuple[str, str], Guard]) -> None:
    """Refuse a port that another owner guards."""
    owners: dict[str, set[str]] = {}
    for owner, port in there:
        owners.setdefault(port, set()).add(owner)
    for want in wants:
        others = owners.get(want.guard.interface, set()) - {want.owner}
        if others:
            raise Refused(
                f"port {want.guard.interface} is guarded by owner {min(others)}; remove that first, or pass owner: "
                f"{min(others)}"
            )


def _refuse_removals(lacking: str, wants: t.Iterable[Want], there: t.Container[tuple[str, str]]) -> None:
    for want in wants:
        if want.state == "absent" and (want.owner, want.guard.interface) in there:
            raise Refused(f"{lacking}, but is needed to remove rules of nftables")


def _claim(want: Want) -> Claim:
    return Claim(want.owner, want.guard.interface, want.guard if want.state == "present" else None)


def _change(want: Want, found: Guard | None, share: Share) -> Change:
    """The attributes if they differ, the elements and chains if only those do."""
    before = found.views() if found else {}
    if not share.removed and not share.added:
        return Change(before, before)
    after = want.guard.views() if want.state == "present" else {}
    if before and before == after:
        return Change({**before, "rules": share.removed}, {**after, "rules": share.added})
    return Change(before or ({} if after else {"rules": share.removed}), after)
