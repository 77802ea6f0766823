# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Rules of other tools that translate packets to the host's own addresses, as published ports do."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, info, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table

_TRANSLATING = ("DNAT", "REDIRECT")
_ALL = ((0, 65535),)
#: Matches that narrow packets down to a protocol, its ports and the host as destination at most.
_PLAIN = ("comment", "addrtype", "tcp", "udp", "sctp", "multiport")

Ports = tuple[tuple[int, int], ...]


class _Met(t.NamedTuple):
    """What is known about a packet that gets to a rule."""

    protocol: str | None = None
    ports: Ports = _ALL
    destination: str | None = None
    plain: bool = True


class Translation(t.NamedTuple):
    """A rule that translates packets to some ports; ``first`` if it comes before our own."""

    chain: str
    text: str
    protocol: str | None
    ports: Ports
    destination: str | None
    first: bool


def foreign(table: Table, own: t.Collection[IPAddress]) -> list[Translation]:
    """The rules of nat that may translate packets to one of the host's own addresses, each once.

    A rule that also matches something else, such as a mark, counts only if it names a port as well.
    """
    found: dict[tuple[str, str], Translation] = {}
    for hook in ("PREROUTING", "OUTPUT"):
        _walk(table, hook, _Met(), _Way(found, own, set()))
    return list(found.values())


class _Way:
    def __init__(
        self, found: dict[tuple[str, str], Translation], own: t.Collection[IPAddress], seen: set[tuple[str, _Met]]
    ) -> None:
        self.found, self.own, self.seen = found, own, seen
        self.first = True


def _walk(table: Table, chain: str, met: _Met, way: _Way) -> None:
    if (chain, met) in way.seen:
        return
    way.seen.add((chain, met))
    for text in table.chains.get(chain, ()):
        entry = rule_text.fields(text)
        target = entry.target or ""
        if info.is_ours(target) or chains.is_shared(text):
            way.first = way.first and target != chains.DNAT
            continue
        here = _narrowed(met, entry)
        if here.destination and not any(address in rule_text.network_of(here.destination) for address in way.own):
            continue
        if target in _TRANSLATING and (here.plain or here.ports != _ALL):
            told = Translation(chain, text, here.protocol, here.ports, here.destination, way.first)
            way.found.setdefault((chain, text), told)
        elif target in table.chains:
            _walk(table, target, here, way)


def _narrowed(met: _Met, entry: rule_text.Fields) -> _Met:
    protocol, destination = entry.get("-p"), entry.get("-d")
    ports = entry.get("--dport") or entry.get("--dports")
    return _Met(
        met.protocol if protocol is None or protocol.startswith("!") else protocol,
        met.ports if ports is None or ports.startswith("!") else tuple(map(_range, ports.split(","))),
        met.destination if destination is None or destination.startswith("!") else destination,
        met.plain and all(match in _PLAIN for match in entry.matches),
    )


def _range(text: str) -> tuple[int, int]:
    first, _colon, last = text.partition(":")
    return int(first), int(last or first)
