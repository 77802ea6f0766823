# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a scene all questions, under both policies of FORWARD."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.engines.questions import Ask, Frame, Probe, Question
from tests.integration.traffic import agents
from tests.integration.traffic.siege import ADDRESSES, BRIDGE_OF, Siege
from tests.lab import frames
from tests.lab.traffic import Answer

POLICIES = ("DROP", "ACCEPT")
#: Silence counts when it lasted this long twice; the machine may be busy.
_SECONDS = (1.0, 2.5)
_FRAME_SECONDS = 1.0
_SOURCE_PORT = 40001

Found = dict[Probe, str]


def ask(siege: Siege, questions: Sequence[Question]) -> dict[str, dict[str, str]]:
    """The cells by policy and the question's name."""
    cells = {}
    for number, policy in enumerate(POLICIES):
        siege.policy(policy)
        found = _answered(siege, questions) | _arrived(siege, questions, number)
        cells[policy] = {question.name: _cell(question, found) for question in questions}
    return cells


def _cell(question: Question, found: Found) -> str:
    """One word where all probes found the same."""
    told = {probe.label: found[probe] for probe in question.probes}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{label}: {text}" for label, text in told.items())


def _probes(questions: Iterable[Question]) -> list[Probe]:
    return list(dict.fromkeys(probe for question in questions for probe in question.probes))


def _answered(siege: Siege, questions: Sequence[Question]) -> Found:
    asks = [probe for probe in _probes(questions) if isinstance(probe, Ask)]
    found: Found = {}
    for seconds in _SECONDS:
        open_ = [probe for probe in asks if found.get(probe, "no") == "no"]
        clients = list(dict.fromkeys(probe.client for probe in open_))
        with ThreadPoolExecutor(max(1, len(clients))) as pool:
            groups = [[probe for probe in open_ if probe.client == client] for client in clients]
            for group in pool.map(lambda group: _of_one_client(siege, group, seconds), groups):
                found |= group
    return found


def _of_one_client(siege: Siege, asks: list[Ask], seconds: float) -> Found:
    wanted = [(ask.protocol, ask.address, ask.port, "") for ask in asks]
    return {ask: _told(ask, answer) for ask, answer in zip(asks, siege.ask(asks[0].client, wanted, seconds), strict=True)}


def _told(ask_: Ask, answer: Answer | None) -> str:
    if answer is None:
        return "no"
    by = next((name for name, addresses in ADDRESSES.items() if answer.local in addresses), answer.local)
    return f"yes, {answer.peer}" if by == ask_.server else f"answered by {by}, {answer.peer}"


def _arrived(siege: Siege, questions: Sequence[Question], volley: int) -> Found:
    """Write all packets, each with a marker, and see which of them get where they shall."""
    shots = [probe for probe in _probes(questions) if isinstance(probe, Frame)]
    marked = {agents.marker(volley, number): probe for number, probe in enumerate(shots)}
    for _repeat in range(2):
        for mark, probe in marked.items():
            siege.place(probe.sender).call(agents.send_all, [("eth0", _frame(siege, probe, mark))])
    time.sleep(_FRAME_SECONDS)
    seen: dict[tuple[str, bytes], bytes] = {}
    for name, watcher in siege.watchers.items():
        for packet in watcher.values():
            for mark in agents.MARKER.findall(packet):
                seen[name, mark] = packet
    return {probe: _seen(probe, seen.get((probe.target, mark))) for mark, probe in marked.items()}


def _frame(siege: Siege, probe: Frame, mark: bytes) -> bytes:
    ends = (probe.source, probe.destination, _SOURCE_PORT, probe.port)
    if probe.protocol == "udp":
        packet = frames.udp(*ends, mark)
    else:
        packet = frames.tcp(*ends, frames.ACK if probe.protocol == "ack" else frames.SYN, mark)
    kind = frames.IPV6 if ":" in probe.source else frames.IPV4
    return frames.ethernet(siege.router_of(probe.sender), siege.macs[probe.sender], kind, packet)


def _seen(probe: Frame, packet: bytes | None) -> str:
    if packet is None:
        return "no"
    source = probe.source if probe.target == "host" else frames.parse(packet).source
    return f"yes, {source}"


def clients() -> list[str]:
    return [*BRIDGE_OF, "lan", "outside", "host"]
