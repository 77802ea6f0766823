# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What may cross a bridge: the rules of a network, and accept_ra=0 on its bridge."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPNetwork, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import (
    absentees,
    changes,
    egress,
    forwarded_flows,
    forwarding_options,
    guard,
    left_over,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Firewall,
    IsolationRequest,
    Isolations,
    Served,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.forwarding_options import Want
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Answer, Isolation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import alternative_names, bridge_nf, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import WriteSetting
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import (
    Element,
    with_old_neighbours,
    with_old_senders,
)

#: What ``accept_ra`` is recorded as if the bridge does not exist yet.
_NO_SETTING = "absent"


class State(Value):
    isolations: Isolations
    #: By namespace and bridge; None if the kernel has no IPv6, _NO_SETTING if the bridge does not exist.
    accept_ra: t.Mapping[tuple[str | None, str], str | None]
    #: If the firewall sees bridged frames: by namespace, bridges that forward between their ports, with their subnets.
    bridges: t.Mapping[str | None, t.Mapping[str, t.Collection[IPNetwork]]] = NOTHING
    #: The bridges whose rules are to be removed but which were given by an alternative name.
    real_names: alternative_names.RealNames = NOTHING


class BridgeForward(Resource):
    options: t.ClassVar[Options] = forwarding_options.OPTIONS
    identified_by: t.ClassVar[tuple[str, ...]] = ("bridge",)
    name: t.ClassVar[str] = "bridge_forward"
    order: t.ClassVar[Order] = Order(present=30, absent=80)
    closes: t.ClassVar[bool] = True
    joins: t.ClassVar[bool] = True

    def __init__(self, firewall: Firewall) -> None:
        self._firewall = firewall

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        return forwarding_options.want(options)

    def key(self, want: Want) -> dict[str, t.Any]:
        return {"netns": want.netns, "bridge": want.network.bridge}

    def label(self, want: Want) -> str:
        return f"bridge_forward {want.network.bridge}{within(want.netns)}"

    def extended(self, definition: Element, old: t.Sequence[Element]) -> Element:
        return with_old_senders(with_old_neighbours(definition, "bridge", old), "bridge", old)

    def left(self, view: Marked) -> list[Element]:
        return left_over.bridge_forward(view) or left_over.emptied(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        present = [want for want in wants if want.state == "present"]
        alternative_names.refuse(host, _interfaces(present))
        absentees.warn_of_interfaces(host, (named for want in present for named in _trusted(want)))
        found = self._firewall.isolations(host, wants)
        settings = {}
        for want in present:
            name = want.network.bridge
            look = functools.partial(_accept_ra, name, taken_as_made=host.check_mode)
            settings[found.place(want.netns), name] = host.run(want.netns, look)
        building = {want.netns for want in present}
        at_stake = {found.place(ref) for ref in building if any(found.bridged(ref, family) for family in FAMILIES)}
        absent = (want for want in wants if want.state == "absent" and host.exists(want.netns))
        real = alternative_names.real_names(host, ((want.netns, want.network.bridge) for want in absent))
        return State(found, settings, {ref: bridge_nf.carrying(host, ref) for ref in at_stake}, real)

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        wants = [_completed(want, state) for want in wants]
        for want in wants:
            _refuse_others(want, state.isolations)
        planned = state.isolations.plan([_request(want) for want in wants])
        present = {number: want for number, want in enumerate(wants) if want.state == "present"}
        plan = Plan([], [*planned.steps, *forwarded_flows.ended(planned.served, state.isolations, present)])
        plan.warnings += _cut_off(list(present.values()), state)
        plan.warnings += _taken_for_endpoints(list(present.values()), state)
        for want, served in zip(wants, planned.served):
            before = _before(want, served, state)
            if want.state == "absent":
                change = changes.change(before, {}, served)
                if not change.changed:
                    bridge = want.network.bridge
                    alternative_names.refuse_name(
                        state.real_names, want.netns, "bridge", bridge, "which no rule matches"
                    )
                plan.changes.append(change)
                continue
            plan.steps += guard.ended(served, want.network, state.isolations, want.netns)
            plan.steps += egress.ended(served, want.network, want.netns)
            plan.steps += _settings(want, state, plan.warnings)
            after = _views(want, want.network, state, policy="drop", accept_ra=False)
            plan.changes.append(changes.change(before, after, served))
        return plan


def _request(want: Want) -> IsolationRequest:
    drops = want.forward_policy == "drop"
    return IsolationRequest(want.netns, want.state == "present", want.network, want.families, drops)


def _refuse_others(want: Want, there: Isolations) -> None:
    """Refuse a bridge that has rules of another owner: those are neither changed nor removed."""
    for bridge, owner in there.owners(want.netns):
        if bridge == want.network.bridge and owner != want.network.owner:
            raise Refused(
                f"bridge {bridge} is already managed by owner {owner}; remove that first, or pass owner: {owner}"
            )


def _before(want: Want, served: Served[Isolation], state: State) -> dict[str, t.Any]:
    """The network's attributes as they are, empty if nothing of it exists."""
    if served.before is None:
        return {}
    if want.state == "absent":
        return _plain_views(want, served.before)
    open_to_all = set(state.isolations.forwards(want.netns)) & set(want.families)
    policy = "keep" if want.forward_policy == "drop" and open_to_all else "drop"
    heeds = state.accept_ra[state.isolations.place(want.netns), want.network.bridge] not in ("0", None, _NO_SETTING)
    return _views(want, served.before, state, policy, heeds)


def _accept_ra(bridge: str, taken_as_made: bool) -> str | None:
    """The setting. In check mode, a missing bridge has the one that module bridge would give it."""
    if sysctl.read("net/ipv6/conf/default/accept_ra") is None:
        return None
    value = sysctl.read(f"net/ipv6/conf/{bridge}/accept_ra")
    if value is None:
        return "0" if taken_as_made else _NO_SETTING
    return value


def _completed(want: Want, state: State) -> Want:
    if want.state == "absent":
        return want
    there = state.isolations
    network = guard.completed(want.network, want.purge_neighbours, want.families, there, want.netns)
    return want.but(network=egress.completed(network, want.listed, want.purge_senders, there, want.netns))


def _plain_views(want: Want, network: Isolation) -> dict[str, t.Any]:
    """A network by option name."""
    view: dict[str, t.Any] = {
        "subnets": [str(subnet) for subnet in _ordered(network.subnets, want.network.subnets)],
        "gateway_mode": network.gateway_mode["ipv4"],
        "gateway_mode_ipv6": network.gateway_mode["ipv6"],
        "internal": network.internal,
        "icc": network.icc,
        "trusted_interfaces": _ordered(network.trusted_interfaces, want.network.trusted_interfaces),
        "masquerade": network.masquerade,
        "answers_by": _answering(_ordered(network.answers_by, want.network.answers_by)),
        "inhibit_gateway": network.inhibit_gateway,
        "gateways": list(map(str, _ordered(network.gateways, want.network.gateways))),
        "masquerade_protocols": network.masquerade_protocols,
    }
    if want.guards:
        view["neighbours"] = bindings.views(network.neighbours or ())
    view["egress"] = network.egress
    if want.listed is not None:
        view["senders"] = egress.views(network.senders or ())
    return view


def _answering(answers: t.Iterable[Answer]) -> list[dict[str, t.Any]]:
    """In the form of the option: each interface and MAC address with all addresses that reply through it."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for interface, address, mac_address in answers:
        found.setdefault((interface, mac_address), []).append(str(address))
    return [
        {"interface": interface, "addresses": those, **({"mac_address": mac_address} if mac_address else {})}
        for (interface, mac_address), those in found.items()
    ]


def _ordered(found: t.Sequence[t.Any], wanted: t.Sequence[t.Any]) -> list[t.Any]:
    """In the order of the want, since the order of rules has no meaning here."""
    return [entry for entry in wanted if entry in found] + sorted(
        (entry for entry in found if entry not in wanted), key=str
    )


def _views(want: Want, network: Isolation, state: State, policy: str, accept_ra: bool) -> dict[str, t.Any]:
    view = _plain_views(want, network)
    if want.forward_policy == "drop":
        view["forward_policy"] = policy
    if state.accept_ra[state.isolations.place(want.netns), want.network.bridge] is not None:
        view["accept_ra"] = accept_ra
    return view


def _cut_off(wants: t.Sequence[Want], state: State) -> list[str]:
    """Warnings about bridged traffic that the DROP policy of FORWARD would stop as well."""
    found: dict[str, None] = {}
    for want in wants:
        families = [family for family in want.families if state.isolations.bridged(want.netns, family)]
        if want.forward_policy != "drop" or not families:
            continue
        others = ", ".join(_foreign(want, wants, state))
        if others:
            found[
                f"forward_policy: {bridge_nf.setting(families[0])} is 1, so the policy DROP also stops traffic "
                f"between the ports of other bridges, unless a rule accepts it: {others}"
            ] = None
    return list(found)


def _foreign(want: Want, wants: t.Sequence[Want], state: State) -> dict[str, t.Collection[IPNetwork]]:
    """The other bridges that forward between their ports, with their subnets."""
    there, ref = state.isolations, state.isolations.place(want.netns)
    ours = {bridge for bridge, _owner in there.owners(want.netns)}
    ours |= {other.network.bridge for other in wants if there.place(other.netns) == ref}
    return {name: networks for name, networks in state.bridges.get(ref, {}).items() if name not in ours}


def _taken_for_endpoints(wants: t.Sequence[Want], state: State) -> list[str]:
    """Warnings about other bridges whose frames may be dropped because they come from an address in our subnets.

    A bridge's members are only known if the host has an address on it.
    """
    found = []
    for want in wants:
        others = _foreign(want, wants, state)
        for subnet in want.network.subnets if others else ():
            if not state.isolations.bridged(want.netns, family_of(subnet)):
                continue
            doubtful = [
                name
                for name, networks in others.items()
                if not networks or any(one.version == subnet.version and one.overlaps(subnet) for one in networks)
            ]
            if doubtful:
                found.append(
                    f"bridge {want.network.bridge}: {bridge_nf.setting(family_of(subnet))} is 1, so what other bridges"
                    f" carry between their own ports from addresses in {subnet} is dropped as forged; set it to 0 if"
                    f" {' or '.join(doubtful)} has such members"
                )
    return found


def _settings(want: Want, state: State, warnings: list[str]) -> t.Iterator[WriteSetting]:
    bridge = want.network.bridge
    value = state.accept_ra[state.isolations.place(want.netns), bridge]
    if value == _NO_SETTING:
        warnings.append(
            f"bridge {bridge} does not exist yet; unless netplumb.linuxnet.bridge creates it, it accepts router "
            "advertisements until the next run"
        )
    elif value not in ("0", None):
        yield WriteSetting(
            want.netns, f"net/ipv6/conf/{bridge}/accept_ra", "0", f"have bridge {bridge} ignore router advertisements"
        )


def _interfaces(wants: t.Iterable[Want]) -> t.Iterator[tuple[str | None, str, str]]:
    for want in wants:
        yield want.netns, "bridge", want.network.bridge
        yield from _trusted(want)
        for number, answering in enumerate(want.network.answers_by):
            yield want.netns, f"answers_by[{number}].interface", answering.interface


def _trusted(want: Want) -> t.Iterator[tuple[str | None, str, str]]:
    for number, name in enumerate(want.network.trusted_interfaces):
        yield want.netns, f"trusted_interfaces[{number}]", name
