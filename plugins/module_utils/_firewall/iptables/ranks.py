# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The order of rules in each chain."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    egress_rules,
    guard_rules,
    port_tree,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.placement import END, Rank, RankOf
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table

_DECIDING = ("ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE")
_ENDINGS = (*_DECIDING, "RETURN")
#: Docker inserts its jumps to these at the top whenever it starts, so ours stay below. What they accept too early, our
#: drops in mangle have already stopped.
_DOCKER = ("DOCKER-USER", "DOCKER-FORWARD")


def rank_of(table: Table, chain: str) -> RankOf:
    """The function that ranks the rules of this chain."""
    by_chain: RankOf | None = _RANKS.get(chain)
    inside = port_tree.block(chain)
    if inside:
        by_chain = _RANKS[inside.root]
    elif guard_rules.is_ours(chain):
        by_chain = _guard

    judging = egress_rules.is_ours(chain)
    closed = _Closed(table)

    def rank(text: str) -> Rank | None:
        found = rule_text.fields(text)
        if judging and (found.mark or chains.is_shared(text)):
            return egress_rules.rank(text, chains.is_shared(text))
        if chains.is_shared(text):
            return _shared(found.target or "")
        if found.mark:
            return by_chain(text) if by_chain else None
        if found.selective:
            return None
        if found.target in _DOCKER:
            return (0,)
        return END if found.target in _ENDINGS or found.target in closed else None

    return rank


class _Closed:
    """The chains that no packet comes back from: firewalld ends each zone with a verdict, and has all packets pass
    one."""

    def __init__(self, table: Table) -> None:
        self._chains = table.chains
        self._known: dict[str, bool] = {}

    def __contains__(self, chain: str | None) -> bool:
        if not chain or chain not in self._chains:
            return False
        if chain not in self._known:
            self._known[chain] = self._decides(self._chains[chain])
        return self._known[chain]

    def _decides(self, texts: t.Iterable[str]) -> bool:
        for text in texts:
            found = rule_text.fields(text)
            if found.target == "RETURN" or ("-g" in found.options and found.target not in self):
                return False
            if not found.selective and (found.target in _DECIDING or found.target in self):
                return True
        return False


def _shared(target: str) -> Rank | None:
    if target in _JUMPS:
        return (1, _JUMPS.index(target))
    if guard_rules.is_ours(target):
        return (1,)
    if egress_rules.is_ours(target):
        # Ahead of what a network lets pass, and in INPUT below what Docker insists on.
        return _FIRST
    return _INTO_BLOCKS if port_tree.block(target) else None


_FIRST: Rank = (0, 1)

#: Our jumps that may be in the same chain, in order. Ports published on 127.x come before those on all addresses.
_JUMPS = (
    chains.FORWARD,
    chains.RAW,
    chains.PREROUTING,
    chains.INPUT,
    chains.POSTROUTING,
    chains.USER,
    chains.INTERNAL,
    chains.FROM,
    chains.TO,
    chains.ALLOW,
    chains.LOOPBACK,
    chains.OWN,
    chains.DNAT,
)


def _raw(text: str) -> Rank:
    found = rule_text.fields(text)
    if found.target == "RETURN":
        return (2,)
    return (1,) if "-s" in found.options or "-d" in found.options else (3,)


def _prerouting(text: str) -> Rank:
    """After the jumps to MAC address chains: replies that come another way, then the drops of spoofed sources."""
    return (3,) if rule_text.fields(text).target == "DROP" else (2,)


def _guard(text: str) -> Rank:
    """If an address has several MAC addresses, each of them may use it, and then nobody else."""
    return (2,) if rule_text.fields(text).target == "DROP" else (1,)


def _internal(text: str) -> Rank:
    return (1,) if "physdev" in rule_text.fields(text).matches else (2,)


def _to(text: str) -> Rank:
    """Within the network, from trusted interfaces, published connections and ports, replies, then the rest. What leaves
    the network comes after everything that enters it."""
    found = rule_text.fields(text)
    options = found.options
    if "-o" not in options and "-i" in options:
        return (9,)
    if options.get("-i") is not None and options.get("-i") == options.get("-o"):
        return (5,) if found.target == "DROP" else (1,)
    if "--ctdir" in options:
        return (6,)
    if "--ctstate" in options:
        return (3,)
    if "--dport" in options:
        return (5,) if found.target == "DROP" else (4,)
    if "-p" in options:
        return (7,)
    return (2,) if "-i" in options else (8,)


def _from(text: str) -> Rank:
    """What may pass, then everything else from our bridges, then spoofed sources."""
    found = rule_text.fields(text)
    if found.target != "DROP":
        return (1,)
    return (2,) if "-i" in found.options else (3,)


def _input(text: str) -> Rank:
    return (2,) if rule_text.fields(text).target == "DROP" else (1,)


#: Between ports published on one address and those on all addresses.
_INTO_BLOCKS: Rank = (2,)


def _dnat(text: str) -> Rank:
    """Ports published on one address come before those on all addresses, in every block."""
    return (1,) if "-d" in rule_text.fields(text).options else (3,)


def _allow(text: str) -> Rank:
    """Of each port its sources, then answers to connections of others, then everybody else."""
    found = rule_text.fields(text)
    if "--ctdir" in found.options:
        return (1,) if found.target == "DROP" else (2,)
    return (3,) if found.target == "DROP" else (1,)


def _postrouting(text: str) -> Rank:
    """Exempt multicast first; then the more specific source network, and one interface before all."""
    found = rule_text.fields(text)
    if found.target == "RETURN":
        return (1,)
    width = rule_text.network_of(found.options["-s"]).prefixlen if "-s" in found.options else 0
    return (2, -width, 0 if "-o" in found.options else 1)


_RANKS: dict[str, t.Callable[[str], Rank]] = {
    chains.RAW: _raw,
    chains.PREROUTING: _prerouting,
    chains.INTERNAL: _internal,
    chains.TO: _to,
    chains.FROM: _from,
    chains.INPUT: _input,
    chains.DNAT: _dnat,
    chains.LOOPBACK: _dnat,
    chains.OWN: _dnat,
    chains.ALLOW: _allow,
    chains.POSTROUTING: _postrouting,
}
