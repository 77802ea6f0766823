# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Ports of the host that lead to endpoints."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Missing, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import (
    FIREWALL,
    NETNS,
    OWNER,
    STATE,
    Options,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import NOTHING, Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import (
    allowed_sources,
    changes,
    dnat_records,
    ended_flows,
    left_over,
    port_overlaps,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import (
    Firewall,
    Gap,
    Planned,
    PortRequest,
    Publications,
    Ref,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Key, Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import alternative_names, published, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.published import Port
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows, WriteSetting
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.marked import Marked
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.network_document import (
    Element,
    EndpointKey,
    Ends,
)

_Entry = tuple[Ref, Publication]


class Want(Value):
    state: str
    netns: str | None
    owner: str
    key: Key
    #: None if it is to be absent.
    publication: Publication | None
    #: For an absent routed port, which several endpoints may have open: the endpoint whose port is meant.
    to_address: addresses.IPAddress | None
    firewall: str = "auto"

    @property
    def families(self) -> tuple[str, ...]:
        return (self.key.family,)

    @property
    def asks_for(self) -> tuple[str, ...]:
        return self.families if self.publication else ()

    @property
    def bridge_to_loopback(self) -> str | None:
        """The interface that has to let packets from 127.0.0.1 out."""
        return self.publication.out_interface if self.publication and self.publication.from_this_host else None


class State(Value):
    publications: Publications
    #: route_localnet by namespace and interface; None if the interface does not exist.
    route_localnet: t.Mapping[tuple[str | None, str], str | None]
    #: By owner, the recorded ports.
    remembered: t.Mapping[str, frozenset[Port]] = NOTHING


class Dnat(Resource):
    options: t.ClassVar[Options] = {
        "ip_version": {"type": "str", "choices": ["ipv4", "ipv6"]},
        "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"], "default": "tcp"},
        "host_ip": {"type": "str"},
        "host_port": {"type": "str"},
        "to_address": {"type": "str"},
        "to_port": {"type": "str"},
        "in_interface": {"type": "str"},
        "out_interface": {"type": "str"},
        "gateway_mode": {"type": "str", "choices": ["nat", "routed"], "default": "nat"},
        "allowed_sources": {"type": "list", "elements": "str"},
        **FIREWALL,
        "state": STATE,
        **NETNS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("host_port",)
    name: t.ClassVar[str] = "dnat"
    order: t.ClassVar[Order] = Order(present=50, absent=20)
    closes: t.ClassVar[bool] = True
    joins: t.ClassVar[bool] = True
    needed: t.ClassVar[tuple[str, ...]] = ("host_port", "ip_version", "protocol", "to_address")

    def __init__(self, firewall: Firewall) -> None:
        self._firewall = firewall

    def want(self, options: t.Mapping[str, t.Any]) -> Want:
        present = options["state"] == "present"
        if present and options["to_address"] is None:
            raise Missing("to_address", "the endpoint's address, unless state is absent")
        to_address = None if options["to_address"] is None else addresses.address("to_address", options["to_address"])
        key = _key(options, to_address)
        owner = names.owner_name("owner", options["owner"])
        publication = _publication(options, key, owner, to_address) if present and to_address is not None else None
        which = to_address if options["gateway_mode"] == "routed" else None
        netns = names.namespace_ref("netns", options["netns"])
        return Want(options["state"], netns, owner, key, publication, which, options["firewall"])

    def key(self, want: Want) -> dict[str, t.Any]:
        view: dict[str, t.Any] = {
            "netns": want.netns,
            "ip_version": want.key.family,
            "protocol": want.key.protocol,
            "host_ip": None if want.key.host_ip is None else spelled(want.key.host_ip),
            "host_port": str(want.key.host_port),
        }
        if want.to_address is not None:
            view["to_address"] = spelled(want.to_address)
        return view

    def label(self, want: Want) -> str:
        return f"dnat {want.key}{within(want.netns)}"

    def identity(self, definition: Element) -> t.Hashable:
        """A routed port may be open at several endpoints, so the target belongs to the identity."""
        target = definition["to_address"] if definition.get("gateway_mode") == "routed" else None
        where = (definition["ip_version"], definition["protocol"], definition.get("host_ip"))
        return (*where, definition["host_port"], target)

    def endpoint_of(self, definition: Element, ends: Ends) -> EndpointKey | None:
        return ends.addresses.get(definition["to_address"])

    def left(self, view: Marked) -> list[Element]:
        return left_over.dnat(view)

    def read(self, host: Host, wants: t.Sequence[Want]) -> State:
        rules = [(want.netns, want.publication) for want in wants if want.publication]
        alternative_names.refuse(host, ((ref, "in_interface", rule.in_interface) for ref, rule in rules))
        alternative_names.refuse(host, ((ref, "out_interface", rule.out_interface) for ref, rule in rules))
        found = self._firewall.publications(host, wants)
        needed = {(found.place(want.netns), want.bridge_to_loopback) for want in wants if want.bridge_to_loopback}
        interfaces = needed | {_way_out(ref, one) for ref, one in found.every() if one.from_this_host}
        settings = {
            (ref, name): host.run(ref, functools.partial(sysctl.read, _route_localnet(name)))
            for ref, name in interfaces
        }
        missing = sorted(name for ref, name in needed if settings[ref, name] is None)
        if missing and not host.check_mode:
            raise Refused(f"out_interface: interface {missing[0]} does not exist")
        return State(found, settings, published.read_all())

    def plan(self, wants: t.Sequence[Want], state: State) -> Plan:
        mine = [_own(want, state) for want in wants]
        entries = _published(wants, mine, state)
        port_overlaps.refuse(entries.staying, entries.wanted)
        planned = state.publications.plan(
            [PortRequest(want.netns, want.key, want.publication, tuple(own)) for want, own in zip(wants, mine)]
        )
        localnet = _Localnet(entries, state)
        made = []
        for want, served in zip(wants, planned.served):
            before = served.before.views() if served.before else {}
            after = want.publication.views() if want.publication else {}
            if want.bridge_to_loopback:
                after["route_localnet"] = True
            is_on = localnet.turn_on(want)
            if before and want.bridge_to_loopback:
                before["route_localnet"] = is_on
            made.append(changes.change(before, after, served))
        first, last = dnat_records.plan(state.remembered, wants)
        steps: list[Step] = [*first, *planned.steps, *_end_flows(planned, wants, mine), *localnet.steps(), *last]
        return Plan(made, steps)


def _key(options: t.Mapping[str, t.Any], to_address: addresses.IPAddress | None) -> Key:
    host_ip = None if options["host_ip"] is None else addresses.address("host_ip", options["host_ip"])
    family = options["ip_version"] or _family(to_address, host_ip) or "ipv4"
    for option, value in (("to_address", to_address), ("host_ip", host_ip)):
        if value is not None and f"ipv{value.version}" != family:
            other = "ip_version says" if options["ip_version"] else f"to_address {to_address} is"
            raise Invalid(option, options[option], f"an IPv{family[-1]} address, as {other}")
    if host_ip is not None and (host_ip.is_multicast or host_ip == addresses.address("host_ip", "::1")):
        raise Invalid(
            "host_ip",
            options["host_ip"],
            "an address of the host other than ::1, from which no packet is ever routed; use 127.0.0.1",
        )
    if host_ip is not None and host_ip.is_unspecified:
        host_ip = None
    return Key(family, options["protocol"], host_ip, addresses.port_range("host_port", options["host_port"]))


def _family(to_address: addresses.IPAddress | None, host_ip: addresses.IPAddress | None) -> str | None:
    """The family of the given addresses, None if there is none."""
    known = to_address if to_address is not None else host_ip
    return None if known is None else addresses.family_of(known)


def _publication(options: t.Mapping[str, t.Any], key: Key, owner: str, to_address: addresses.IPAddress) -> Publication:
    to_port = key.host_port if options["to_port"] is None else addresses.port_range("to_port", options["to_port"])
    if to_port.size != key.host_port.size:
        raise Invalid(
            "to_port", str(to_port), f"as many ports as host_port {key.host_port} has, which is {key.host_port.size}"
        )
    if to_address.is_multicast or to_address.is_unspecified or to_address.is_loopback:
        raise Invalid("to_address", str(to_address), "the address of an endpoint")
    in_interface = names.interface_match("in_interface", options["in_interface"])
    out_interface = (
        None if options["out_interface"] is None else names.interface_name("out_interface", options["out_interface"])
    )
    if key.loopback and options["gateway_mode"] == "routed":
        raise Invalid(
            "host_ip",
            str(key.host_ip),
            "an address outside 127.0.0.0/8, since gateway_mode routed opens the endpoint's own port",
        )
    if key.loopback and out_interface is None:
        raise Missing("out_interface", f"the bridge of the endpoint, since host_ip is {key.host_ip}")
    if key.loopback and in_interface and not in_interface.startswith("!"):
        raise Invalid("in_interface", in_interface, f"no value, since packets to {key.host_ip} arrive on no interface")
    mode, sources = options["gateway_mode"], _sources(options, key)
    return Publication(key, owner, to_address, to_port, in_interface, out_interface, mode, sources)


def _sources(options: t.Mapping[str, t.Any], key: Key) -> allowed_sources.Sources:
    given = options["allowed_sources"]
    if given is None:
        return ()
    found = allowed_sources.of_family(allowed_sources.parse("allowed_sources", given), key.family)
    if found is None:
        family = f"IPv{key.family[-1]}"
        raise Invalid("allowed_sources", given, f"at least one {family} network, since the port is an {family} port")
    if key.loopback:
        raise Invalid(
            "allowed_sources",
            given,
            f"no value, since only the host itself, which no list concerns, reaches a port on {key.host_ip}",
        )
    return found


def _route_localnet(interface: str) -> str:
    return f"net/ipv4/conf/{interface}/route_localnet"


def _own(want: Want, state: State) -> list[Publication]:
    """What the want replaces or removes. Raises Refused if another owner has published the same key."""
    mine = []
    for found in state.publications.of(want.netns, want.key):
        elsewhere = found.gateway_mode == "routed" and found.to_address != want.to_address
        if found.owner == want.owner:
            # Not the same port at another endpoint, unless the want names no endpoint: then it means all.
            if not (elsewhere and want.to_address is not None):
                mine.append(found)
        elif not elsewhere and (found.gateway_mode == "routed") == (want.to_address is not None):
            raise Refused(f"host_port: {want.key} is published by owner {found.owner} to {found.to_address}")
    return mine


class _Entries(t.NamedTuple):
    """What stays, what is removed or replaced, and what is wanted, each with its namespace."""

    staying: list[_Entry]
    replaced: list[_Entry]
    wanted: list[_Entry]


def _published(wants: t.Sequence[Want], mine: t.Sequence[t.Sequence[Publication]], state: State) -> _Entries:
    there = state.publications
    replaced = {(there.place(want.netns), one): None for want, own in zip(wants, mine) for one in own}
    staying = [entry for entry in there.every() if entry not in replaced]
    wanted = [(there.place(one.netns), one.publication) for one in wants if one.publication]
    return _Entries(staying, list(replaced), wanted)


def _end_flows(
    planned: Planned[Publication], wants: t.Sequence[Want], mine: t.Sequence[t.Sequence[Publication]]
) -> list[EndFlows]:
    """End connections to targets that are gone, from sources off the list, and those that bypassed a missing rule."""
    old: dict[tuple[Ref, str], list[Publication]] = {}
    narrowed: dict[tuple[Ref, str], list[Publication]] = {}
    new: dict[tuple[Ref, str], list[Publication]] = {}
    for want, own, served in zip(wants, mine, planned.served):
        where, publication = (want.netns, want.key.family), want.publication
        for one in own:
            if publication is None or one.but(allowed_sources=publication.allowed_sources) != publication:
                old.setdefault(where, []).append(one)
        past = (want.key.family, Gap.PUBLICATION) in served.gaps
        if past and publication and publication.gateway_mode == "nat":
            new.setdefault(where, []).append(publication)
        # Also where rules came back that somebody had removed: meanwhile, others may have come in.
        if publication and publication.allowed_sources and (served.removed or served.added):
            narrowed.setdefault(where, []).append(publication)
    steps = []
    for ref, family in {**old, **narrowed, **new}:
        chosen = []
        if old.get((ref, family)):
            chosen.append(ended_flows.to_old_targets(old[ref, family]))
        if narrowed.get((ref, family)):
            chosen.append(ended_flows.from_others(narrowed[ref, family]))
        if new.get((ref, family)):
            chosen.append(ended_flows.past_publications(new[ref, family]))
        if chosen:
            steps.append(EndFlows(ref, family, tuple(chosen)))
    return steps


class _Localnet:
    """route_localnet of bridges: on while 127.0.0.1 leads to an endpoint behind them."""

    def __init__(self, entries: _Entries, state: State) -> None:
        self._state = state
        staying, replaced, wanted = entries
        needed = {_way_out(ref, publication) for ref, publication in staying + wanted if publication.from_this_host}
        had = {_way_out(ref, publication) for ref, publication in replaced if publication.from_this_host}
        self._off = sorted((where for where in had - needed if state.route_localnet.get(where) == "1"), key=str)
        self._on: list[tuple[Ref, str]] = []

    def turn_on(self, want: Want) -> bool:
        """Turn it on for this want. Returns whether it was on before, including for an earlier want."""
        if not want.bridge_to_loopback:
            return True
        where = (self._state.publications.place(want.netns), want.bridge_to_loopback)
        if self._state.route_localnet.get(where) == "1" or where in self._on:
            return True
        self._on.append(where)
        return False

    def steps(self) -> list[WriteSetting]:
        writes = [(where, "1") for where in self._on] + [(where, "0") for where in self._off]
        return [
            WriteSetting(ref, _route_localnet(name), value, f"set route_localnet of {name} to {value}")
            for (ref, name), value in writes
        ]


def _way_out(ref: Ref, publication: Publication) -> tuple[Ref, str]:
    """The namespace, and the interface towards the endpoint; empty if the rule does not say."""
    return (ref, publication.out_interface or "")
