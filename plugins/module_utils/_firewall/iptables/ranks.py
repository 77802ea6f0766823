# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What must stand above what, chain by chain."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    chains,
    guard_rules,
    port_tree,
    rule_text,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.placement import END, Rank, RankOf

_ENDINGS = ("ACCEPT", "DROP", "REJECT", "RETURN", "QUEUE", "NFQUEUE")
#: Docker puts these at the top whenever it starts, so ours stay below them. What they accept too early, our drops in
#: mangle have already held.
_DOCKER = ("DOCKER-USER", "DOCKER-FORWARD")


def rank_of(chain: str) -> RankOf:
    """The function that ranks the rules of a chain."""
    by_chain: RankOf | None = _RANKS.get(chain)
    if port_tree.block(chain):
        by_chain = _dnat
    elif guard_rules.is_ours(chain):
        by_chain = _guard

    def rank(text: str) -> Rank | None:
        found = rule_text.fields(text)
        if chains.is_shared(text):
            return _shared(found.target or "")
        if found.mark:
            return by_chain(text) if by_chain else None
        if found.selective:
            return None
        if found.target in _DOCKER:
            return (0,)
        return END if found.target in _ENDINGS else None

    return rank


def _shared(target: str) -> Rank | None:
    if target in _JUMPS:
        return (1, _JUMPS.index(target))
    if guard_rules.is_ours(target):
        return (1,)
    return _INTO_BLOCKS if port_tree.block(target) else None


#: Jumps of ours that may share a chain, in order. What is published on 127.x comes before what is on all addresses.
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
    chains.LOOPBACK,
    chains.DNAT,
)


def _raw(text: str) -> Rank:
    found = rule_text.fields(text)
    if found.target == "RETURN":
        return (2,)
    return (1,) if "-s" in found.options or "-d" in found.options else (3,)


def _prerouting(text: str) -> Rank:
    """After endpoints that speak from MAC addresses, who are judged in a chain of their own, answers that come another
    way, then all who speak in the name of a network from elsewhere."""
    return (3,) if rule_text.fields(text).target == "DROP" else (2,)


def _guard(text: str) -> Rank:
    """Of two MAC addresses of one machine each may speak, then nobody else."""
    return (2,) if rule_text.fields(text).target == "DROP" else (1,)


def _internal(text: str) -> Rank:
    return (1,) if "physdev" in rule_text.fields(text).matches else (2,)


def _to(text: str) -> Rank:
    """Within the network, from trusted interfaces, published connections and ports, answers, then the rest; what
    leaves comes after all that enters."""
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
        return (4,)
    if "-p" in options:
        return (7,)
    return (2,) if "-i" in options else (8,)


def _from(text: str) -> Rank:
    """Those who may speak, what else comes from bridges of ours, what pretends to."""
    found = rule_text.fields(text)
    if found.target != "DROP":
        return (1,)
    return (2,) if "-i" in found.options else (3,)


def _input(text: str) -> Rank:
    return (2,) if rule_text.fields(text).target == "DROP" else (1,)


#: Between what is published on one address and what is on all.
_INTO_BLOCKS: Rank = (2,)


def _dnat(text: str) -> Rank:
    """What is published on one address comes before what is on all, in whatever block of ports."""
    return (1,) if "-d" in rule_text.fields(text).options else (3,)


def _postrouting(text: str) -> Rank:
    """Multicast is left alone; of two sources the narrower decides, and a rule for one interface before one for all."""
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
    chains.POSTROUTING: _postrouting,
}
