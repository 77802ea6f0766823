# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The text of the rules that a trace names by their handles, and the counters of rules that no trace shows."""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import KernelRefused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    iptables_programs,
    nftables_chains,
    programs,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.netlink import Reader, attributes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import Event

_FAMILIES = {"ip": "ipv4", "ip6": "ipv6"}
_CHAIN, _HANDLE = 2, 3
_COUNTED = re.compile(r"\[(\d+):\d+\] -A (\S+) (.*)")
_POLICY = re.compile(r":(\S+) (\S+) \[(\d+):\d+\]")
_LEGACY = {"ipv4": "iptables-legacy-save", "ipv6": "ip6tables-legacy-save"}


class Rule(t.NamedTuple):
    """A rule, or the policy of a chain."""

    table: str
    chain: str
    text: str

    @property
    def rejects(self) -> bool:
        return bool(re.search(r"\breject\b|-j REJECT\b", _unquoted(self.text)))


def _unquoted(text: str) -> str:
    """A rule without what it says in quotes, such as a comment."""
    return re.sub(r'"(\\.|[^"\\])*"', '""', text)


class RuleTexts:
    """Looks rules up, each table once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[tuple[str | None, str, str], dict[int, Rule]] = {}

    def of(self, ref: str | None, event: Event) -> Rule:
        """The rule that an event is about."""
        if event.type != "rule" or event.handle is None:
            return Rule(_table(event), event.chain, f"policy {event.verdict}")
        place = (ref, event.family, event.table)
        if place not in self._known:
            self._known[place] = dict(self._read(*place))
        unknown = Rule(_table(event), event.chain, f"rule with handle {event.handle}")
        return self._known[place].get(event.handle, unknown)

    def _read(self, ref: str | None, family: str, table: str) -> t.Iterator[tuple[int, Rule]]:
        handles = self._host.run(ref, functools.partial(_handles, family, table))
        shown = self._saved(ref, family, table)
        if [len(shown.get(chain, ())) for chain in handles] == [len(numbers) for numbers in handles.values()]:
            for chain, numbers in handles.items():
                for handle, text in zip(numbers, shown[chain]):
                    yield handle, Rule(table, chain, f"-A {chain} {text}")
            return
        yield from self._listed(ref, family, table)

    def _saved(self, ref: str | None, family: str, table: str) -> dict[str, list[str]]:
        """As iptables shows a table of its own."""
        known = _FAMILIES.get(family)
        if known is None or table not in TABLES or not iptables_programs.installed(self._host, known):
            return {}
        if iptables_programs.other_backend(self._host, known) == "nft":
            return {}
        try:
            text = iptables_programs.save(self._host, ref, known, table)
        except KernelRefused:
            # A table with the name of one of iptables that it cannot show.
            return {}
        found: dict[str, list[str]] = {}
        for line in text.splitlines():
            if line.startswith("-A "):
                # A rule may consist of nothing, and just count.
                chain, _space, rest = line[3:].partition(" ")
                found.setdefault(chain, []).append(rest)
        return found

    def _listed(self, ref: str | None, family: str, table: str) -> t.Iterator[tuple[int, Rule]]:
        """As nft shows it."""
        if programs.find("nft") is None:
            return
        done = self._host.command(ref, ["nft", "--stateless", "--terse", "--handle", "list", "table", family, table])
        chain = ""
        for line in done.out.splitlines():
            begun = re.match(r"\tchain (\S+) \{", line)
            rule = re.fullmatch(r"\t\t(.*) # handle ([0-9]+)", line)
            if begun:
                chain = begun[1]
            elif rule and chain:
                yield int(rule[2]), Rule(f"{family} {table}", chain, rule[1])


def _table(event: Event) -> str:
    return event.table if event.family in _FAMILIES and event.table in TABLES else f"{event.family} {event.table}"


def _handles(family: str, table: str) -> dict[str, list[int]]:
    """The handles of a table's rules by chain, in their order."""
    found: dict[str, list[int]] = {}
    with Reader(protocol=nftables_chains.NETFILTER) as reader:
        rows = nftables_chains.dump(reader, nftables_chains.GET_RULE, nftables_chains.NUMBERS[family], table)
        for row in rows:
            told = attributes(row, nftables_chains.NFGENMSG.size)
            chain = nftables_chains.text(told[_CHAIN])
            found.setdefault(chain, []).append(int.from_bytes(told[_HANDLE], "big"))
    return found


Counters = dict[Rule, int]


def counters(host: Host, ref: str | None, family: str) -> Counters:
    """The packets that each rule of the legacy backend of iptables has seen, which no trace of nf_tables shows."""
    if not host.run(ref, functools.partial(_has_legacy, family)):
        return {}
    program = _LEGACY[family]
    if programs.find(program) is None:
        program = iptables_programs.program(family) + "-save"
    if programs.find(program) is None:
        return {}
    found: Counters = {}
    table = ""
    for line in host.command(ref, [program, "-c"]).out.splitlines():
        if line.startswith("*"):
            table = line[1:]
        counted, policy = _COUNTED.fullmatch(line), _POLICY.fullmatch(line)
        if counted:
            found[Rule(table, counted[2], f"-A {counted[2]} {counted[3]}")] = int(counted[1])
        elif policy and policy[2] != "-":
            found[Rule(table, policy[1], f"policy {policy[2]}")] = int(policy[3])
    return found


def _has_legacy(family: str) -> bool:
    name = {"ipv4": "ip_tables_names", "ipv6": "ip6_tables_names"}[family]
    try:
        with open(f"/proc/thread-self/net/{name}", encoding="ascii") as names:
            return bool(names.read().strip())
    except FileNotFoundError:
        return False


def ended(before: Counters, after: Counters) -> Rule | None:
    """The rule that took packets meanwhile, of those that drop or reject."""
    for rule, count in after.items():
        if count > before.get(rule, 0) and re.search(r"-j (DROP|REJECT)\b|policy DROP", _unquoted(rule.text)):
            return rule
    return None
