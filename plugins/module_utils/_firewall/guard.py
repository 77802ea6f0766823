# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The binding of endpoints' addresses to their MAC addresses, as part of a network's isolation."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import ended_flows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Gap, Isolations, Ref, Served
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Isolation, Neighbours
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.steps import EndFlows
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings


def read(options: t.Mapping[str, t.Any], families: t.Sequence[str]) -> Neighbours | None:
    """The option ``neighbours``, validated."""
    found = bindings.read_pairs("neighbours", options["neighbours"])
    if found and options["inhibit_gateway"]:
        raise Invalid(
            "neighbours", "a list", "no value with inhibit_gateway, since another router forwards their packets"
        )
    for address, _mac_address in found or ():
        if family_of(address) not in families:
            raise Invalid("neighbours", str(address), f"addresses of {families[0]}, as ip_version says")
    return found


def completed(network: Isolation, purge: bool, families: t.Iterable[str], there: Isolations, ref: Ref) -> Isolation:
    """The network with the existing neighbours that stay besides the wanted ones, unless ``purge``."""
    if network.inhibit_gateway:
        return network.but(neighbours=())
    wanted = network.neighbours or ()
    if network.neighbours is not None and purge:
        return network
    taken = {one for pair in wanted for one in pair}
    found = [one for family in families for one in there.neighbours(ref, network.bridge, family)]
    kept = [(address, mac_address) for address, mac_address in found if taken.isdisjoint((address, mac_address))]
    return network.but(neighbours=bindings.ordered([*wanted, *kept]))


def ended(served: Served[Isolation], network: Isolation, there: Isolations, ref: Ref) -> t.Iterator[EndFlows]:
    """End connections that began before an address was bound: anybody on the network may have opened them."""
    for family in sorted({family_of(address) for address, _mac_address in network.neighbours or ()}):
        unheld = (family, Gap.GUARD) in served.gaps
        known = set() if unheld else set(there.neighbours(ref, network.bridge, family))
        new = {one[0] for one in network.neighbours or () if one not in known and family_of(one[0]) == family}
        if new:
            yield EndFlows(ref, family, (ended_flows.begun_by(new),))
