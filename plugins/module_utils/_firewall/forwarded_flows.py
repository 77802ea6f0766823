# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which connections end when rules come back that decide what may cross a bridge."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, effect, rule_ledger
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import Chosen
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.intents import Isolation

#: Chains that keep strangers out, and the built-in ones that lead there, which all networks share.
_SHARED = ("FORWARD", chains.FORWARD, "PREROUTING")
_CLOSING = (*_SHARED, chains.FROM, chains.TO, chains.PREROUTING)


class Wish(t.Protocol):
    """What is asked of a network."""

    @property
    def netns(self) -> str | None: ...

    @property
    def network(self) -> Isolation: ...

    @property
    def families(self) -> tuple[str, ...]: ...


def ended(ledger: rule_ledger.Ledger, tables: rule_ledger.Tables, wishes: t.Mapping[int, Wish]) -> t.Iterator[EndFlows]:
    """Where rules that keep strangers out were missing, or let them in, there may be connections whose answers would
    go on. A jump that was missing was so for every network, and is there again before their own turn comes.

    :param wishes: the present ones, by their number in the ledger
    """
    done: set[tuple[str | None, str, str]] = set()
    for number, wish in wishes.items():
        added = {(family, edit.chain) for family, _table, edit in ledger.shares[number] if edit.verb in "AID"}
        there = tables.of(wish.netns)
        for family in wish.families:
            changed = {chain for one, chain in added if one == family}
            concerned = [wish.network] if changed.intersection(_CLOSING) else []
            if changed.intersection(_SHARED) and (wish.netns, family, "") not in done:
                done.add((wish.netns, family, ""))
                mine = {other.network.bridge for other in wishes.values()}
                concerned += [network for network in effect.networks(there) if network.bridge not in mine]
            chosen = [one for network in concerned for one in _chosen(network, family, there)]
            if chosen:
                yield EndFlows(wish.netns, family, tuple(chosen))


def _chosen(network: Isolation, family: str, there: effect.Tables) -> t.Iterator[Chosen]:
    """Connections do not tell by which interface they came, so that endpoints' own end as well where nothing at all
    kept others from speaking in their name."""
    subnets = network.subnets_of(family)
    if not subnets or network.internal:
        return
    if network.gateway_mode[family] == "nat" and not network.trusted_interfaces:
        yield ended_flows.entered_directly(subnets)
    if network.gateway_mode[family] != "routed" and network.masquerade_protocols == "common":
        yield ended_flows.of_other_protocols(subnets)
    spoken = [subnet for subnet in subnets if not effect.keeps_names(there, family, subnet)]
    if spoken:
        yield ended_flows.begun_in_the_name_of(spoken)
