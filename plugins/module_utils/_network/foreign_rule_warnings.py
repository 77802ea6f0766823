# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warnings of what others have in the packet filter that is in the network's way: theirs to change, so it is told."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.host_view import HostView, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.network import Network
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network.published_ports import Published

_PROGRAM = {"ipv4": "iptables", "ipv6": "ip6tables"}
_OTHER = {"ip": "ipv4", "ip6": "ipv6"}


def warnings(network: Network, view: HostView, published: t.Sequence[Published]) -> list[str]:
    """One for each thing that is in the way."""
    translated = [entry for entry in published if not entry.routed]
    return [
        *_translations(view, translated),
        *_backends(network, view),
        *(_dropping(network, view) if not network.internal else ()),
        *(_strict(view, translated)),
    ]


def _translations(view: HostView, published: t.Sequence[Published]) -> t.Iterator[str]:
    told: set[tuple[str, str]] = set()
    for entry in published:
        for rule in view.translations:
            if (entry.path, rule["text"]) not in told and _takes(rule, entry):
                told.add((entry.path, rule["text"]))
                yield (
                    f"{entry.path}: another tool's rule for port {entry.host}/{entry.protocol} in table nat of"
                    f" {_PROGRAM[entry.ip_version]}"
                    + (
                        " comes before this network's"
                        if rule["first"]
                        else " gets no packets, since this network's comes first"
                    )
                    + f": -A {rule['chain']} {rule['text']}"
                )


def _takes(rule: View, entry: Published) -> bool:
    if rule["ip_version"] != entry.ip_version or rule["protocol"] not in (None, "all", entry.protocol):
        return False
    if not any(first <= entry.host.last and last >= entry.host.first for first, last in rule["ports"]):
        return False
    if not rule["destination"] or not entry.host_ip:
        return True
    return ipaddress.ip_address(entry.host_ip) in ipaddress.ip_network(rule["destination"])


def _backends(network: Network, view: HostView) -> t.Iterator[str]:
    for told in view.backends:
        word = told["ip_version"]
        if word not in network.families:
            continue
        program = _PROGRAM[word]
        if told["backend"] == "legacy":
            yield (
                f"{program}-legacy has rules beside those of {program}, which uses nftables: what either drops is"
                f" dropped; move them, {program}-legacy-save shows them"
            )
        else:
            yield (
                f"nftables has rules in tables of {program} (ip{'6' if word == 'ipv6' else ''} raw, mangle, nat or"
                f" filter), and {program} uses the legacy backend, which does not see them: what either drops is"
                " dropped; nft list ruleset shows them"
            )


def _dropping(network: Network, view: HostView) -> t.Iterator[str]:
    for chain in view.dropping:
        if network.name in chain["interfaces"] or _OTHER.get(chain["family"]) not in (None, *network.families):
            continue
        yield (
            f"nftables: chain {chain['chain']} of table {chain['family']} {chain['table']} drops what is forwarded"
            f" unless it accepts it itself, whatever iptables says; accept there what comes from {network.name} and"
            " goes there"
        )


def _strict(view: HostView, published: t.Sequence[Published]) -> t.Iterator[str]:
    if view.strict_forward_ports and published:
        yield (
            "firewalld: StrictForwardPorts=yes in /etc/firewalld/firewalld.conf rejects connections to published ports"
            " that it does not forward itself; set it to no"
        )
