# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a scene all questions, under both policies of FORWARD."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.engines.engine import OLD, OLD_ADDRESS
from tests.engines.questions import Ask, Frame, Probe, Question
from tests.integration.traffic import agents
from tests.integration.traffic.siege import ADDRESSES, BRIDGE_OF, Siege
from tests.lab import frames, town
from tests.lab.calls import Background
from tests.lab.traffic import Answer

POLICIES = ("DROP", "ACCEPT")
#: Silence counts if it lasts this long twice, since the machine may be busy.
_SECONDS = (1.0, 2.5)
_FRAME_SECONDS = 0.5
_SOURCE_PORT = 40000
_LAST = 999
_SERVERS: dict[str, tuple[str, ...]] = {**ADDRESSES, OLD: (OLD_ADDRESS,)}

Found = dict[Probe, str]


def ask(siege: Siege, questions: Sequence[Question]) -> dict[str, str]:
    """The cells by name of the question."""
    found: dict[str, dict[str, str]] = {question.name: {} for question in questions}
    volleys = itertools.count()
    for bridge_nf in (True, False):
        for kind in ("iptables", "ip6tables"):
            siege.host.sysctl(f"net/bridge/bridge-nf-call-{kind}", int(bridge_nf))
        now = [question for question in questions if question.bridge_nf == bridge_nf]
        for policy in POLICIES:
            siege.policy(policy)
            told = _answered(siege, now) | _arrived(siege, now, next(volleys))
            for question in now:
                found[question.name][policy] = _cell(question, told)
    return {name: _in_one(cells) for name, cells in found.items()}


def _in_one(cells: dict[str, str]) -> str:
    """The cell for both policies."""
    if len(set(cells.values())) == 1:
        return cells[POLICIES[0]]
    return "; ".join(f"{policy}: {text}" for policy, text in cells.items())


def _cell(question: Question, found: Found) -> str:
    """One word if all probes had the same result."""
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
            for group in pool.map(functools.partial(_of_one_client, siege, seconds), groups):
                found |= group
    return found


def _of_one_client(siege: Siege, seconds: float, asks: list[Ask]) -> Found:
    wanted = [(ask.protocol, ask.address, ask.port, "") for ask in asks]
    return {
        ask: _told(ask, answer) for ask, answer in zip(asks, siege.ask(asks[0].client, wanted, seconds), strict=True)
    }


def _told(ask_: Ask, answer: Answer | None) -> str:
    if answer is None:
        return "no"
    by = next((name for name, addresses in _SERVERS.items() if answer.local in addresses), answer.local)
    return f"yes, {answer.peer}" if by == ask_.server else f"answered by {by}, {answer.peer}"


def _arrived(siege: Siege, questions: Sequence[Question], volley: int) -> Found:
    """Send all packets, each with a marker, and see which of them arrive where they should."""
    shots = [probe for probe in _probes(questions) if isinstance(probe, Frame)]
    marked = {agents.marker(volley, number): probe for number, probe in enumerate(shots)}
    for _repeat in range(2):
        for mark, probe in marked.items():
            frame = _frame(siege, probe, mark, _SOURCE_PORT + volley)
            siege.place(probe.sender).call(agents.send_all, [("eth0", frame)])
    time.sleep(_FRAME_SECONDS)
    last = agents.marker(volley, _LAST)
    siege.host.call(agents.say_farewell, _to_everybody(siege, last), last)
    seen: dict[tuple[str, bytes], bytes] = {}
    for name, watcher in siege.watchers.items():
        seen |= {(name, mark): packet for mark, packet in _until(last, watcher)}
    return {probe: _seen(probe, seen.get((probe.target, mark))) for mark, probe in marked.items()}


def _to_everybody(siege: Siege, last: bytes) -> list[tuple[str, bytes]]:
    """By interface of the host, one packet to every other watcher: silence must not be due to a broken watcher."""
    payload = frames.udp(town.HOST[0], town.WORLD[0], 9, 9, last)
    names = [name for name in siege.watchers if name != "host"]
    return [
        (BRIDGE_OF.get(name, "eth0"), frames.ethernet(siege.macs[name], siege.macs["eth0"], frames.IPV4, payload))
        for name in names
    ]


def _until(last: bytes, watcher: Background) -> Iterator[tuple[bytes, bytes]]:
    """The markers and packets that a watcher saw before the last one; raises LabError if that does not arrive."""
    while True:
        packet = watcher.next()
        for mark in agents.MARKER.findall(packet):
            if mark == last:
                return
            yield mark, packet


def _frame(siege: Siege, probe: Frame, mark: bytes, source_port: int) -> bytes:
    version = 6 if ":" in probe.source else 4
    ends = (probe.source, probe.destination)
    if probe.protocol == "udp":
        packet = frames.udp(*ends, source_port, probe.port, mark)
    elif probe.protocol == "echo":
        echo = frames.icmp if version == 4 else frames.icmpv6
        packet = echo(*ends, body=b"\0\1\0\1" + mark)
    else:
        flags = {"tcp": frames.SYN, "reset": frames.RST}[probe.protocol]
        packet = frames.tcp(*ends, source_port, probe.port, flags, mark)
    kind = frames.IPV4 if version == 4 else frames.IPV6
    return frames.ethernet(siege.router_of(probe.sender), siege.macs[probe.sender], kind, packet)


def _seen(probe: Frame, packet: bytes | None) -> str:
    if packet is None:
        return "no"
    return "yes" if probe.target == "host" else f"yes, {frames.parse(packet).source}"
