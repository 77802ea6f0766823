# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Which connections end when missing isolation rules are restored."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Gap, Isolations, Ref, Served
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Isolation
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import Chosen


class Want(t.Protocol):
    """The part of a want of ``bridge_forward`` that is needed here."""

    @property
    def netns(self) -> str | None: ...

    @property
    def network(self) -> Isolation: ...

    @property
    def families(self) -> tuple[str, ...]: ...


def ended(
    served: t.Sequence[Served[Isolation]], there: Isolations, wants: t.Mapping[int, Want]
) -> t.Iterator[EndFlows]:
    """End connections of networks that outsiders could enter, since replies would continue to pass.

    If a shared chain or jump was missing, it was missing for every network, and it is restored before the others get
    their turn.

    :param wants: the present ones, by their position in ``served``
    """
    done: set[tuple[Ref, str]] = set()
    for number, want in wants.items():
        gaps = served[number].gaps
        for family in want.families:
            concerned = [want.network] if (family, Gap.ENTRY) in gaps else []
            if (family, Gap.ENTRY_ANYWHERE) in gaps and (want.netns, family) not in done:
                done.add((want.netns, family))
                mine = {other.network.bridge for other in wants.values()}
                concerned += [network for network in there.of(want.netns) if network.bridge not in mine]
            chosen = [one for network in concerned for one in _chosen(network, family, there, want.netns)]
            if chosen:
                yield EndFlows(want.netns, family, tuple(chosen))


def _chosen(network: Isolation, family: str, there: Isolations, ref: Ref) -> t.Iterator[Chosen]:
    """The connections of a network to end.

    They do not show which interface they came in on, so if nothing at all prevented spoofing, the endpoints' own
    connections end as well.
    """
    subnets = network.subnets_of(family)
    if not subnets or network.internal:
        return
    if network.gateway_mode[family] == "nat" and not network.trusted_interfaces:
        yield ended_flows.entered_directly(subnets)
    if network.gateway_mode[family] != "routed" and network.masquerade_protocols == "common":
        yield ended_flows.of_other_protocols(subnets)
    spoken = [subnet for subnet in subnets if not there.keeps_names(ref, subnet)]
    if spoken:
        yield ended_flows.begun_in_the_name_of(spoken)
