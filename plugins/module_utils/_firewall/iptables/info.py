# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""This collection's rules on a host, with their contents by option name."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall import allowed_sources
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.allowed_sources import Part
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    egress_rules,
    guard_rules,
    isolation_rules,
    masquerade_rules,
    port_tree,
    publish_rules,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table

View = dict[str, t.Any]


def rules_of_ours(tables: t.Mapping[tuple[str, str], Table]) -> list[View]:
    """Every rule with a mark of ours, in the order of the given tables and of the chains in them.

    :param tables: by family (``ipv4``, ``ipv6``) and table name
    :return: for each rule ``ip_version``, ``table``, ``chain``, ``kind``, ``owner``, ``text``, and depending on its
        kind: for dnat the key and attributes of a publication, for masquerade ``source``, ``out_interface`` and
        ``to_source``, for forward ``bridge`` and ``internal``, whether it is an internal network's. A damaged rule
        has the first six only.
    """
    views = []
    published = _published(tables)
    for (family, name), table in tables.items():
        for chain, texts in table.chains.items():
            # There is one of these per endpoint, and they repeat what is reported elsewhere.
            for text in () if guard_rules.is_ours(chain) or egress_rules.is_list(chain) else texts:
                mark = rule_text.fields(text).mark
                if mark:
                    common = {
                        "ip_version": family,
                        "table": name,
                        "chain": chain,
                        "kind": mark[0],
                        "owner": mark[1],
                        "text": text,
                    }
                    place = Place(chain, text)
                    views.append({**common, **published.get((family, name, place), {}), **_details(mark[0], place)})
    return views


def _published(tables: t.Mapping[tuple[str, str], Table]) -> dict[tuple[str, str, Place], View]:
    """For each rule of a published port what all rules of that port say together."""
    parts: dict[str, list[tuple[Part, tuple[str, str, Place]]]] = {}
    for (family, name), table in tables.items():
        found = publish_rules.found(family, table)
        parts.setdefault(family, []).extend((part, (family, name, place)) for place, part in found)
    return {
        place: _view(publication)
        for found in parts.values()
        for publication, places in allowed_sources.whole(found).items()
        for place in places
    }


def is_ours(chain: str) -> bool:
    """Whether we create this chain and put rules into it."""
    return chain in _FILLED or port_tree.block(chain) is not None


def kind_in(chain: str) -> str:
    """The kind of rule that belongs in one of our chains; for a chain with rules of several kinds, ``forward``."""
    if publish_rules.holds(chain):
        return publish_rules.KIND
    return masquerade_rules.KIND if chain == chains.POSTROUTING else isolation_rules.KIND


_FILLED = {chain for groups in chains.GROUPS.values() for group in groups for chain in group.content}


def _details(kind: str, place: Place) -> View:
    if kind == isolation_rules.KIND:
        bridge = isolation_rules.bridge_of(place)
        return {"bridge": bridge, "internal": place.chain == chains.INTERNAL} if bridge else {}
    if kind == masquerade_rules.KIND:
        options = rule_text.fields(place.text).options
        return {
            "source": options.get("-s"),
            "out_interface": options.get("-o"),
            "to_source": options.get("--to-source"),
        }
    return {}


def _view(found: Publication) -> View:
    key = found.key
    return {
        "protocol": key.protocol,
        "host_ip": spelled(key.host_ip) if key.host_ip is not None else None,
        "host_port": str(key.host_port),
        **found.views(),
    }
