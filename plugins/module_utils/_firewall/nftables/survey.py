# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a host has of our table, told in option words."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import Ref, Told
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import (
    layout,
    network_rules,
    port_elements,
    port_reading,
    remembered,
    source_rules,
    state,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Rule, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

View = dict[str, t.Any]


def told(host: Host, ref: Ref) -> Told:
    """See ``backend.Survey``. Each publication is told once, however many elements it has."""
    table, networks = state.read_one(host, ref)
    rules = [*_ports(table), *_sources(table), *_networks_of(table, networks)]
    return Told(rules, [], [], [])


def _view(kind: str, owner: str, family: str, chain: str, text: str) -> View:
    return {"ip_version": family, "table": layout.TABLE, "chain": chain, "kind": kind, "owner": owner, "text": text}


def _ports(table: Table) -> t.Iterator[View]:
    for publication, found in port_reading.found(table).items():
        key = publication.key
        where = found.elements[0][0] if found.elements else found.rules[0][0]
        texts = [str(table.elements[name][element]) for name, element in found.elements]
        texts += [str(rule.line) for _chain, rule in found.rules]
        yield {
            **_view(port_elements.KIND, publication.owner, key.family, where, "; ".join(texts[:_SHOWN])),
            "protocol": key.protocol,
            "host_ip": spelled(key.host_ip) if key.host_ip is not None else None,
            "host_port": str(key.host_port),
            **publication.views(),
        }


#: Of a range that shifts there is an element for each port.
_SHOWN = 3


def _sources(table: Table) -> t.Iterator[View]:
    for rule in table.rules.get(layout.SOURCES, ()):
        found = source_rules.parse(rule)
        if found:
            yield {
                **_view(source_rules.KIND, found.owner, found.family, layout.SOURCES, _text(rule)),
                "source": str(found.source),
                "out_interface": found.out_interface,
                "to_source": spelled(found.to_source) if found.to_source else None,
            }


def _networks_of(table: Table, networks: t.Mapping[str, t.Any]) -> t.Iterator[View]:
    internal = {
        bridge
        for bridge, found in networks.items()
        if any(one.internal for one in remembered.networks(bridge, found).values())
    }
    for chain, rules in table.rules.items():
        network = layout.network_of(chain)
        for rule in rules:
            kind, _space, about = (rule.comment or "").partition(" ")
            mark = marks.parse_comment(kind)
            if mark and mark[0] == network_rules.KIND:
                bridge = network[1] if network else about
                yield {
                    **_view(mark[0], mark[1], _family(rule), chain, _text(rule)),
                    "bridge": bridge,
                    "internal": bridge in internal,
                }


def _family(rule: Rule) -> str:
    words = _text(rule).split(" ")
    return FAMILIES[1] if "ip6" in words or "ipv6" in words else FAMILIES[0]


def _text(rule: Rule) -> str:
    return str(rule.line) if rule.line else " ".join([*filter(None, [rule.shown]), f'comment "{rule.comment}"'])
