# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What happens to a packet from outside. None can be made to come in by a card, so it meets a copy of the host:
a namespace without a name that has the same interfaces, addresses, routes, settings and rules, and ends with this
process.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, family_of
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import (
    namespaces,
    path_copies,
    path_probes,
    programs,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_copies import Card
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import (
    Event,
    Tracer,
    Unable,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import packets, rule_texts
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map, View
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Passage, passages
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.rule_texts import Rule

#: The port that the packet comes from.
_PORT = 50517
_OTHER_MAC = bytes.fromhex("020000000001")
_OURS = "linuxnet-path"


class Tried(t.NamedTuple):
    """The way of a packet through the copy, a rule of iptables-legacy that took it, and what could not be copied."""

    passage: Passage | None
    taken: Rule | None
    missing: list[str]
    #: Why the kernel cannot trace it.
    untraced: str | None = None


class Copy:
    """A copy of the host. Use ``ref`` as a namespace."""

    def __init__(self, host: Host, scene: Map) -> None:
        self._host = host
        self._fds = [namespaces.open_throw_away(), namespaces.open_throw_away()]
        self.ref, self._outer = (f"/proc/self/fd/{fd}" for fd in self._fds)
        #: What could not be copied, and why.
        self.missing: list[str] = []
        cards = [_card(one) for one in scene.host["interfaces"] if one["name"] != "lo" and not one["bridge"]]
        content = host.run(None, functools.partial(path_copies.read, cards))
        host.run(self.ref, functools.partial(path_copies.make, cards, self._fds[1]))
        host.run(self._outer, functools.partial(path_copies.enable, [f"p{card.number}" for card in cards]))
        host.run(self.ref, functools.partial(path_copies.enable, ["lo", *(card.name for card in cards if card.up)]))
        self.missing += host.run(self.ref, functools.partial(path_copies.fill, content))
        self._copy_rules()

    def close(self) -> None:
        """End it."""
        for ref in (self.ref, self._outer):
            self._host.forget(ref)
        for fd in self._fds:
            os.close(fd)

    def _copy_rules(self) -> None:
        for name in ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy"):
            if programs.find(f"{name}-save") and programs.find(f"{name}-restore"):
                saved = self._host.command(None, [f"{name}-save"]).out
                for table, head, rules in _tables(saved):
                    if rules or any(" DROP [" in line for line in head):
                        self._restore(f"{name}-restore", table, head, rules, f"table {table[1:]} of {name}")
        if programs.find("nft") is None:
            return
        for line in self._host.command(None, ["nft", "list", "tables"]).out.splitlines():
            _table, family, name = line.split()
            mine = name.startswith(_OURS) or (family in ("ip", "ip6") and name in (*TABLES, "security"))
            if family == "netdev":
                self.missing.append(f"table {family} {name} of nftables (it judges frames)")
            elif not mine and family not in ("bridge", "arp"):
                shown = self._host.command(None, ["nft", "list", "table", family, name]).out
                self._load(["nft", "-f", "-"], _without_owner(shown), f"table {family} {name} of nftables")

    def _restore(self, program: str, table: str, head: list[str], rules: list[str], what: str) -> None:
        """One table, in parts where it must be: in a user namespace, the kernel takes some hundred rules at once."""
        text = "\n".join([table, *head, *rules, "COMMIT", ""])
        done = self._host.command(self.ref, [program, "--noflush"], text)
        if done.rc and "Message too long" in done.err and len(rules) > 1:
            middle = len(rules) // 2
            self._restore(program, table, head, rules[:middle], what)
            # Chains that are named again would be emptied.
            self._restore(program, table, [], rules[middle:], what)
        elif done.rc:
            self._miss(what, done)

    def _load(self, argv: t.Sequence[str], text: str, what: str) -> None:
        done = self._host.command(self.ref, argv, text)
        if done.rc:
            self._miss(what, done)

    def _miss(self, what: str, done: programs.Completed) -> None:
        reason = next((line.strip() for line in done.err.splitlines() if line.strip()), f"exit code {done.rc}")
        self.missing.append(f"{what} ({reason})")

    def attempt(self, question: Question, sender: IPAddress, interface: View) -> Tried:
        """Have the packet come in from an address by an interface."""
        family = family_of(question.destination)
        before = rule_texts.counters(self._host, self.ref, family)
        with contextlib.ExitStack() as stack:
            try:
                tracer = self._host.run(self.ref, Tracer)
            except Unable as error:
                return Tried(None, None, [], f"the kernel cannot trace it ({error})")
            stack.callback(tracer.close)
            tracer.watch(question.number, _PORT)
            self._host.run(self._outer, functools.partial(self._send, question, sender, interface))
            events: list[Event] = []
            path_probes.settle([tracer], lambda: events.extend(tracer.events()), begins=True)
        after = rule_texts.counters(self._host, self.ref, family)
        return Tried(passages(events, _PORT)[0], rule_texts.ended(before, after), self.missing)

    @staticmethod
    def _send(question: Question, sender: IPAddress, interface: View) -> None:
        target = bytes.fromhex((interface["mac_address"] or "00:00:00:00:00:00").replace(":", ""))
        ports = (_PORT, question.port or 0)
        sent = packets.frame(question.protocol, sender, question.destination, ports, (target, _OTHER_MAC))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC) as wire:
            wire.bind((f"p{interface['index']}", 0))
            wire.send(sent)


def _tables(saved: str) -> t.Iterator[tuple[str, list[str], list[str]]]:
    """The tables in what iptables-save prints: the line with the name, those of chains, and those of rules."""
    table = ""
    head: list[str] = []
    rules: list[str] = []
    for line in saved.splitlines():
        if line.startswith("*"):
            table, head, rules = line, [], []
        elif line.startswith(":"):
            head.append(line)
        elif line.startswith("-A "):
            rules.append(line)
        elif line == "COMMIT":
            yield table, head, rules


def _without_owner(shown: str) -> str:
    """A table that does not belong to the process that loads it, with which it would end."""
    return re.sub(r"(?m)^\tflags .*$", lambda found: "\tflags dormant" if "dormant" in found[0] else "", shown)


def _card(one: View) -> Card:
    mac = one["mac_address"]
    ethernet = mac if mac and re.fullmatch(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}", mac) else None
    return Card(one["name"], one["index"], ethernet if mac != "00:00:00:00:00:00" else None, one["mtu"], one["enabled"])


def entrance(question: Question, scene: Map) -> View:
    """The interface at which the kernel takes it in: for a port of a bridge, that bridge."""
    found = scene.interface(None, name=question.interface)
    if found is None or found["name"] == "lo":
        raise Invalid("source.interface", question.interface, "an interface of the host other than lo")
    bridge = scene.interface(None, name=found["bridge"]) if found["bridge"] else None
    return bridge or found
