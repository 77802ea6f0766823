# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules that give a network's outgoing packets an address of the host."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import (
    spelled,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import SourceNat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place, Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

KIND = "masquerade"
_MULTICAST = {"ipv4": ipaddress.ip_network("224.0.0.0/4"), "ipv6": ipaddress.ip_network("ff00::/8")}


def rules(want: SourceNat) -> tuple[Place, ...]:
    """The rules of one translation. Multicast is exempt, since nobody replies to it."""
    target = f"SNAT --to-source {spelled(want.to_source)}" if want.to_source else "MASQUERADE"
    return (
        _place(want, "RETURN", destination=_MULTICAST[want.family]),
        _place(want, target + (" --random-fully" if want.random_fully else "")),
    )


def _place(want: SourceNat, target: str, **match: t.Any) -> Place:
    mark = [marks.comment(KIND, want.owner)]
    return Place(
        chains.POSTROUTING,
        rule_text.render(target, mark, source=want.source, out_interface=want.out_interface, **match),
    )


def found(family: str, table: Table) -> t.Iterator[tuple[Place, SourceNat]]:
    """The rules in nat. An exemption is returned as a plain masquerade with the same key."""
    everything = ipaddress.ip_network("0.0.0.0/0" if family == "ipv4" else "::/0")
    for text in table.chains.get(chains.POSTROUTING, ()):
        entry = rule_text.fields(text)
        if entry.mark and entry.mark[0] == KIND:
            source = rule_text.network_of(entry.options["-s"]) if "-s" in entry.options else everything
            to_source = entry.get("--to-source")
            yield (
                Place(chains.POSTROUTING, text),
                SourceNat(
                    source,
                    entry.get("-o"),
                    entry.mark[1],
                    ipaddress.ip_address(to_source) if to_source else None,
                    "--random-fully" in entry.options,
                ),
            )


def translates(place: Place) -> bool:
    """Whether the rule is the translation itself rather than its exemption."""
    return rule_text.fields(place.text).target != "RETURN"
