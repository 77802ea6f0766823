# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Source translation of a network's packets."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Change, Order, Plan, Resource
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import addresses, names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.labels import within
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.options import NETNS, OWNER, STATE, Options
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    masquerade_rules,
    rule_ledger,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import alternative_names
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Step
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.intents import SourceNat


@dataclasses.dataclass(frozen=True)
class Wish:
    state: str
    netns: str | None
    rule: SourceNat

    @property
    def asks_for(self) -> tuple[str, ...]:
        return (self.rule.family,) if self.state == "present" else ()


@dataclasses.dataclass(frozen=True)
class State:
    tables: rule_ledger.Tables
    #: Of interfaces that are called by another one where a rule is to be absent.
    real_names: alternative_names.RealNames


class Masquerade(Resource):
    options: t.ClassVar[Options] = {
        "source": {"type": "str"},
        "out_interface": {"type": "str"},
        "to_source": {"type": "str"},
        "random_fully": {"type": "bool", "default": False},
        "state": STATE,
        **NETNS,
        **OWNER,
    }
    identified_by: t.ClassVar[tuple[str, ...]] = ("source",)
    name: t.ClassVar[str] = "masquerade"
    order: t.ClassVar[Order] = Order(present=40, absent=70)

    def wish(self, options: t.Mapping[str, t.Any]) -> Wish:
        source = addresses.network("source", options["source"])
        to_source = None if options["to_source"] is None else addresses.address("to_source", options["to_source"])
        if to_source is not None and to_source.version != source.version:
            raise Invalid("to_source", options["to_source"], f"an IPv{source.version} address, as source is {source}")
        if to_source is not None and (to_source.is_unspecified or to_source.is_multicast or to_source.is_loopback):
            raise Invalid("to_source", options["to_source"], "an address of the host")
        return Wish(
            state=options["state"],
            netns=names.namespace_ref("netns", options["netns"]),
            rule=SourceNat(
                source=source,
                out_interface=rule_ledger.interface_match("out_interface", options["out_interface"]),
                owner=names.owner_name("owner", options["owner"]),
                to_source=to_source,
                random_fully=options["random_fully"],
            ),
        )

    def key(self, wish: Wish) -> dict[str, t.Any]:
        return {"netns": wish.netns, "source": str(wish.rule.source), "out_interface": wish.rule.out_interface}

    def label(self, wish: Wish) -> str:
        out = f" out of {wish.rule.out_interface}" if wish.rule.out_interface else ""
        return f"masquerade {wish.rule.source}{out}{within(wish.netns)}"

    def read(self, host: Host, wishes: t.Sequence[Wish]) -> State:
        present = (wish for wish in wishes if wish.state == "present")
        alternative_names.refuse(host, ((wish.netns, "out_interface", wish.rule.out_interface) for wish in present))
        tables = rule_ledger.read_tables(
            host, wishes, lambda family: ("nat",) if any(family == wish.rule.family for wish in wishes) else ()
        )
        absent = (wish for wish in wishes if wish.state == "absent" and wish.netns in tables.same)
        real = alternative_names.real_names(host, ((wish.netns, wish.rule.out_interface) for wish in absent))
        return State(tables, real)

    def plan(self, wishes: t.Sequence[Wish], state: State) -> Plan:
        ledger = rule_ledger.Ledger(state.tables, len(wishes), _groups)
        befores = [_claim(ledger, number, wish, state.tables) for number, wish in enumerate(wishes)]
        steps: list[Step] = list(ledger.settle(building=any(wish.state == "present" for wish in wishes)))
        changes = []
        for number, (wish, before) in enumerate(zip(wishes, befores)):
            after = wish.rule.views() if wish.state == "present" else {}
            changes.append(Change(*rule_ledger.change_of(before, after, ledger.drift(number))))
            if not changes[-1].changed:
                alternative_names.refuse_name(
                    state.real_names, wish.netns, "out_interface", wish.rule.out_interface, "which no rule matches"
                )
            if _translates_anew(ledger, number):
                steps.append(EndFlows(wish.netns, wish.rule.family, (ended_flows.untranslated(wish.rule.source),)))
        return Plan(changes, steps)


def _groups(family: str, table: str) -> list[chains.Group]:
    return [group for group in chains.GROUPS[family, table] if chains.POSTROUTING in group.content]


def _claim(ledger: rule_ledger.Ledger, number: int, wish: Wish, state: rule_ledger.Tables) -> dict[str, t.Any]:
    """Claim the wish's rules and return its attributes as they are, empty where it has no rule."""
    family = wish.rule.family
    table = state.of(wish.netns).get((family, "nat"))
    if table is None:
        return {}
    mine = [(place, rule) for place, rule in masquerade_rules.found(family, table) if _key(rule) == _key(wish.rule)]
    for _place, rule in mine:
        if rule.owner != wish.rule.owner:
            out = f" out of {rule.out_interface}" if rule.out_interface else ""
            raise Refused(f"source: {rule.source}{out} is translated by owner {rule.owner} already")
    wanted = masquerade_rules.rules(wish.rule) if wish.state == "present" else ()
    ledger.claim(number, wish.netns, family, "nat", [place for place, _rule in mine], wanted)
    translating = [rule for place, rule in mine if masquerade_rules.translates(place)]
    if not mine:
        return {}
    return (translating or [wish.rule])[0].views()


def _key(rule: SourceNat) -> tuple[t.Any, ...]:
    return (rule.source, rule.out_interface)


def _translates_anew(ledger: rule_ledger.Ledger, number: int) -> bool:
    """Whether packets of this network could have left untranslated until now."""
    added = [edit for _family, _table, edit in ledger.shares[number] if edit.verb in "AI"]
    return any(
        edit.chain == "POSTROUTING" or masquerade_rules.translates(Place(edit.chain, edit.text)) for edit in added
    )
