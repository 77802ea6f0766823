# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Warnings about other tools' rules that interfere with a network: only the user can change those."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.backend import View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import ExposedPort, Exposure, Key
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains

_PROGRAM = {"ipv4": "iptables", "ipv6": "ip6tables"}
_OTHER = {"ip": "ipv4", "ip6": "ipv6"}
_ORDER = {
    True: "comes before this network's",
    False: "gets no packets, since this network's comes first",
    None: "may come before this network's",
}


def warnings(others: View, network: Exposure) -> list[str]:
    """One warning for each finding of ``foreign_rules.read`` that affects the network."""
    return [
        *_translations(others["translations"], network.ports),
        *_native_translations(others["native_translations"], network.ports),
        *_backends(others["backends"], network),
        *(_dropping(others["dropping"], network) if network.forwarded else ()),
        *(_strict() if others["strict_forward_ports"] and network.ports else ()),
    ]


def _translations(rules: t.Sequence[View], ports: t.Iterable[ExposedPort]) -> t.Iterator[str]:
    told: set[tuple[str, str]] = set()
    for place, key in ports:
        for rule in rules:
            if (place, rule["text"]) not in told and _takes(rule, key):
                told.add((place, rule["text"]))
                yield (
                    f"{place}: another tool's rule for port {key.host_port}/{key.protocol} in table nat of"
                    f" {_PROGRAM[key.family]} {_ORDER[rule['first']]}: -A {rule['chain']} {rule['text']}"
                )


def _native_translations(rules: t.Sequence[View], ports: t.Iterable[ExposedPort]) -> t.Iterator[str]:
    told: set[tuple[str, str]] = set()
    for place, key in ports:
        for rule in rules:
            where = f"in chain {rule['chain']} of nftables' table {rule['family']} {rule['table']}"
            if (place, where) not in told and _takes(rule, key):
                told.add((place, where))
                yield (
                    f"{place}: another tool's rule for port {key.host_port}/{key.protocol} {where}"
                    f" {_ORDER[rule['first']]}"
                )


def _takes(rule: View, key: Key) -> bool:
    if rule["ip_version"] != key.family or rule["protocol"] not in (None, "all", key.protocol):
        return False
    if not any(first <= key.host_port.last and last >= key.host_port.first for first, last in rule["ports"]):
        return False
    if not rule["destination"] or not key.host_ip:
        return True
    return key.host_ip in ipaddress.ip_network(rule["destination"])


def _backends(backends: t.Iterable[View], network: Exposure) -> t.Iterator[str]:
    for told in backends:
        word = told["ip_version"]
        if word not in network.families:
            continue
        program = _PROGRAM[word]
        if told["backend"] == "legacy":
            yield (
                f"{program}-legacy has rules besides those of {program}, which uses nftables: a packet that either "
                f"drops is dropped; move them, {program}-legacy-save shows them"
            )
        else:
            yield (
                f"nftables has rules in tables of {program} (ip{'6' if word == 'ipv6' else ''} raw, mangle, nat or"
                f" filter), and {program} uses the legacy backend, which does not see them: a packet that either "
                "drops is dropped; nft list ruleset shows them"
            )


def _dropping(chains: t.Iterable[View], network: Exposure) -> t.Iterator[str]:
    for chain in chains:
        if _is_among(network.bridge, chain["interfaces"]) or _OTHER.get(chain["family"]) not in (
            None,
            *network.families,
        ):
            continue
        if chain["table"] == "firewalld":
            # It accepts translated packets wherever they go.
            if network.ways_out and all(_is_among(one, chain["ways_out"]) for one in network.ways_out):
                continue
            yield (
                f"firewalld rejects forwarded packets of {network.bridge}, which is in no zone that accepts them:"
                f" firewall-cmd --permanent --zone=trusted --change-interface={network.bridge} && firewall-cmd --reload"
            )
            continue
        yield (
            f"nftables: chain {chain['chain']} of table {chain['family']} {chain['table']} drops forwarded packets that"
            f" it does not accept itself, whatever iptables does; accept packets from and to {network.bridge} there"
        )


def _is_among(interface: str, told: t.Iterable[str]) -> bool:
    return any(nftables_chains.names(one, interface) for one in told)


def _strict() -> t.Iterator[str]:
    yield (
        "firewalld rejects connections to published ports, since it has StrictForwardPorts=yes and does not forward"
        " them itself: sed -i 's/^StrictForwardPorts *=.*/StrictForwardPorts=no/' /etc/firewalld/firewalld.conf &&"
        " firewall-cmd --reload"
    )
