# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Read a network back from its rules."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    FAMILIES,
    IPAddress,
    IPNetwork,
    family_of,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import (
    LOOPBACK,
    TRANSLATED,
    Answer,
    Isolation,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    egress_rules,
    guard_rules,
    isolation_rules,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place


def reading(places: t.Mapping[tuple[str, str], t.Iterable[Place]], want: Isolation) -> Isolation:
    """The network as its rules describe it. What they do not say, because some are missing, is taken from ``want``.

    :param places: the network's rules by family and table
    """
    guards = [place for group in places.values() for place in group if guard_rules.is_ours(place.chain)]
    judging = [(key[0], place) for key, group in places.items() for place in group if egress_rules.is_ours(place.chain)]
    own = {*guards, *(place for _family, place in judging)}
    places = {key: [place for place in group if place not in own] for key, group in places.items()}
    every = {
        family: [place for key, group in places.items() if key[0] == family for place in group] for family in FAMILIES
    }
    forward = [place for group in every.values() for place in group if place.chain in (chains.INTERNAL, chains.TO)]
    if not any(every.values()):
        return want
    internal = any(place.chain == chains.INTERNAL for place in forward) if forward else want.internal
    subnets = _subnets(every) or want.subnets
    modes = {family: _mode(every[family]) or want.gateway_mode[family] for family in FAMILIES}
    # Only rules of a translated family show the rest.
    untold = [gate for gate in want.gateways if modes[family_of(gate)] not in TRANSLATED]
    telling = forward and not internal and any(modes[family_of(subnet)] in TRANSLATED for subnet in subnets)
    return want.but(
        internal=internal,
        icc=_icc(forward, want),
        subnets=subnets,
        gateway_mode=modes,
        trusted_interfaces=want.trusted_interfaces if internal or not forward else _trusted(forward, want.bridge),
        masquerade=_masquerade(forward) if telling else want.masquerade,
        masquerade_protocols=_protocols(every, want) if telling and _masquerade(forward) else want.masquerade_protocols,
        gateways=(*_gateways(forward), *untold) if telling else want.gateways,
        answers_by=_answers_by(every) if forward and not internal else want.answers_by,
        inhibit_gateway=_inhibits(places, subnets, want.inhibit_gateway),
        neighbours=guard_rules.reading(guards),
        egress="deny" if egress_rules.denies(place for _family, place in judging) else "allow",
        senders=egress_rules.reading(judging),
    )


def _icc(forward: t.Iterable[Place], want: Isolation) -> bool:
    """Without ``icc`` there is a drop, and only bridged frames pass."""
    entries = [rule_text.fields(place.text) for place in forward]
    within = [entry for entry in entries if entry.get("-i") == entry.get("-o") == want.bridge]
    if any(entry.target != "DROP" and "physdev" not in entry.matches for entry in within):
        return True
    return False if within else want.icc


def _inhibits(
    places: t.Mapping[tuple[str, str], t.Iterable[Place]], subnets: t.Iterable[IPNetwork], want: bool
) -> bool:
    """Whether the rules in PREROUTING of mangle are missing while the network has others in mangle."""
    families = {family_of(subnet) for subnet in subnets}
    mangled = {
        place.chain for key, group in places.items() if key[1] == "mangle" and key[0] in families for place in group
    }
    return chains.PREROUTING not in mangled if mangled else want


def _subnets(every: t.Mapping[str, list[Place]]) -> tuple[IPNetwork, ...]:
    """The subnets that the rules contain, in order."""
    seen: dict[IPNetwork, None] = {}
    for family, places in every.items():
        for place in places:
            entry = rule_text.fields(place.text)
            if _elsewhere(entry):
                continue
            text = entry.get("-d" if place.chain == chains.RAW else "-s")
            subnet = rule_text.network_of(text) if text else None
            if subnet and subnet != LOOPBACK and subnet not in isolation_rules.SEGMENT[family]:
                seen[subnet] = None
    return tuple(seen)


def _mode(places: t.Iterable[Place]) -> str | None:
    to = [rule_text.fields(place.text) for place in places if place.chain == chains.TO]
    if any("-p" in entry.options and "--dport" not in entry.options for entry in to):
        return "routed"
    if any(
        "-i" not in entry.options and not set(entry.matches) - {"comment"} and entry.target != "DROP" for entry in to
    ):
        return "nat-unprotected"
    return "nat" if any(entry.get("--ctstate") == "DNAT" for entry in to) else None


def _masquerade(places: t.Iterable[Place]) -> bool:
    return not any(rule_text.fields(place.text).get("--ctstate") == "RELATED" for place in places)


def _protocols(every: t.Mapping[str, list[Place]], want: Isolation) -> str:
    entries = [
        rule_text.fields(place.text) for group in every.values() for place in group if place.chain == chains.FROM
    ]
    begun = [entry for entry in entries if entry.get("--ctstate") == "NEW,ESTABLISHED"]
    if not begun:
        return want.masquerade_protocols
    return "common" if any("-p" in entry.options for entry in begun) else "all"


def _gateways(forward: t.Iterable[Place]) -> tuple[IPAddress, ...]:
    entries = [rule_text.fields(place.text).options for place in forward if place.chain == chains.TO]
    told = [entry.get("--ctorigdst", "!") for entry in entries if entry.get("--ctstate") == "DNAT"]
    return tuple(dict.fromkeys(rule_text.network_of(text).network_address for text in told if not text.startswith("!")))


def _answers_by(every: t.Mapping[str, list[Place]]) -> tuple[Answer, ...]:
    found = [rule_text.fields(place.text) for group in every.values() for place in group if place.chain == chains.FROM]
    return tuple(dict.fromkeys(_answer(entry.options) for entry in found if _elsewhere(entry)))


def _answer(options: t.Mapping[str, str]) -> Answer:
    address = rule_text.network_of(options["-s"]).network_address
    return Answer(options["-i"], address, options.get("--mac-source"))


def _elsewhere(entry: rule_text.Fields) -> bool:
    """Whether a rule lets an endpoint reply through another interface."""
    return "-i" in entry.options and "-s" in entry.options and entry.target == "RETURN" and bool(entry.comments[1:])


def _trusted(places: t.Iterable[Place], bridge: str) -> tuple[str, ...]:
    options = [rule_text.fields(place.text).options for place in places if place.chain == chains.TO]
    return tuple(dict.fromkeys(entry["-i"] for entry in options if entry.get("-i", bridge) != bridge))
