# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What the rules on a host actually drop, found by following the chains as a packet would."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPNetwork, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    ranks,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.placement import END
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table

Tables = t.Mapping[tuple[str, str], Table]

#: The chains through which a packet gets to the rules that drop spoofed addresses of endpoints. For forwarded packets,
#: any of the three is enough.
_WAYS = (
    ("mangle", ("PREROUTING", chains.PREROUTING)),
    ("mangle", ("FORWARD", chains.FORWARD, chains.FROM)),
    ("filter", ("FORWARD", chains.FORWARD, chains.FROM)),
)


def keeps_names(tables: Tables, subnet: IPNetwork) -> bool:
    """Whether outsiders are kept from using source addresses of this network."""
    family = family_of(subnet)
    return any((family, table) in tables and _drops(tables[family, table], way, subnet) for table, way in _WAYS)


def _drops(table: Table, way: t.Sequence[str], subnet: IPNetwork) -> bool:
    if not all(_leads(table, chain, target) for chain, target in zip(way, way[1:])):
        return False
    for text in table.chains.get(way[-1], ()):
        entry = rule_text.fields(text)
        source = entry.get("-s")
        if entry.mark and entry.target == "DROP" and source and rule_text.network_of(source) == subnet:
            return True
    return False


def _leads(table: Table, chain: str, target: str) -> bool:
    rank = ranks.rank_of(table, chain)
    for text in table.chains.get(chain, ()):
        if chains.is_shared(text) and rule_text.fields(text).target == target:
            return True
        if rank(text) == END:
            return False
    return False
