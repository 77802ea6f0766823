# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What sockets say: who listens, and what came back."""

from __future__ import annotations

import os

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_probes import Outcome
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.eyes import Eyes, Listening
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Space, begun, called
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.passages import Passage
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.reasons import Reason


def at_the_socket(eyes: Eyes, question: Question, outcome: Outcome, where: Space, passage: Passage) -> Reason | None:
    """What became of a packet that was handed to a socket; None if it should have been answered."""
    ends = passage.last
    if question.protocol == "icmp":
        if outcome.kind == "answered":
            return Reason("answered", where, "socket", f"{begun(where)} answers.")
        return _ignored(eyes, where, ends.destination.version)
    found = eyes.listening(where, question.protocol, ends.destination_port)
    on = next((one for one in found if _takes(one.address, ends.destination)), None)
    spot = f"{question.protocol.upper()} port {ends.destination_port}"
    if on is None and outcome.kind == "answered":
        return Reason("answered", where, "socket", f"{begun(where)} answers.")
    if on is None:
        return _nobody(where, spot, found, ends.destination)
    if outcome.kind == "answered":
        return Reason("answered", where, "listener", f"{on.words} listens on {spot} of {called(where)} and answers.")
    if outcome.kind == "refused":
        return _turned_down(where, spot, on, ends.destination)
    if question.protocol == "udp":
        return Reason(
            "delivered",
            where,
            "listener",
            f"It arrives: {on.words} listens on {spot} of {called(where)}, and has not answered to an empty datagram.",
        )
    return None


def _ignored(eyes: Eyes, where: Space, version: int) -> Reason | None:
    """The setting with which a kernel does not answer to echo requests."""
    path = "net/ipv4/icmp_echo_ignore_all" if version == 4 else "net/ipv6/icmp/echo_ignore_all"
    if eyes.setting(where, path) != "1":
        return None
    setting = f"{path.replace('/', '.')} is 1"
    return Reason("no_answer", where, "setting", f"{begun(where)} gets it and does not answer: {setting}.", setting)


def foreseen(eyes: Eyes, question: Question, where: Space, passage: Passage | None) -> Reason:
    """As far as it can be known without a probe."""
    untried = "Whether a rule takes it was not tried, since check mode sends nothing."
    if question.outside:
        untried = "What rules do was tried on a copy of the host, without those inside of namespaces."
    if passage is None:
        return Reason("foreseen", where, "link", f"By routes it leaves {called(where)}, out of sight. {untried}")
    if question.protocol == "icmp":
        ignored = _ignored(eyes, where, passage.last.destination.version)
        return ignored or Reason("foreseen", where, "socket", f"By routes it arrives at {called(where)}. {untried}")
    port = passage.last.destination_port
    found = eyes.listening(where, question.protocol, port)
    spot = f"{question.protocol.upper()} port {port}"
    on = next((one for one in found if _takes(one.address, passage.last.destination)), None)
    if on is None:
        return _nobody(where, spot, found, passage.last.destination)
    told = f"By routes and listeners it arrives: {on.words} listens on {spot} of {called(where)}. {untried}"
    return Reason("foreseen", where, "listener", told)


def _takes(listening: IPAddress, destination: IPAddress) -> bool:
    if listening.is_unspecified:
        return listening.version == destination.version or listening.version == 6
    return listening == destination


def _nobody(where: Space, spot: str, found: list[Listening], destination: IPAddress) -> Reason:
    if not found:
        return Reason("no_listener", where, "listener", f"It arrives, but nobody listens on {spot} of {called(where)}.")
    on = ", ".join(sorted({str(one.address) for one in found}))
    return Reason(
        "no_listener",
        where,
        "listener",
        f"It arrives, but on {spot} of {called(where)}, {found[0].words} listens on {on} alone, not on {destination}.",
    )


def _turned_down(where: Space, spot: str, on: Listening, destination: IPAddress) -> Reason:
    """Refused although there is a listener: what /proc does not show keeps it to some packets."""
    if on.address.version != destination.version:
        told = f"on {spot} of {called(where)}, {on.words} listens on {on.address} for IPv6 alone, not on {destination}"
    else:
        told = f"{called(where)} refuses it, although {on.words} listens on {spot}, maybe for another interface"
    return Reason("no_listener", where, "listener", f"It arrives, but {told}.")


def no_answer(question: Question, where: Space) -> Reason:
    return Reason(
        "no_answer",
        where,
        "socket",
        f"It arrives at {called(where)}, and no answer comes back within {question.seconds:g} seconds.",
    )


def refused_at_once(question: Question, number: int) -> Reason:
    """The sender's kernel did not send it."""
    return Reason(
        "not_sent", question.namespace, "socket", f"{begun(question.namespace)} cannot send it: {os.strerror(number)}."
    )


def out_of_sight(question: Question, outcome: Outcome, where: Space, untraced: str | None) -> Reason:
    """It went where nothing of it can be seen."""
    blind = f" It could not be followed ({untraced})." if untraced else ""
    if outcome.kind == "answered":
        return Reason("answered", where, "socket", f"{question.destination} answers.{blind}")
    if outcome.kind == "refused":
        who = f"{outcome.offender} rejects it" if outcome.offender else f"{question.destination} refuses it"
        kind = "rejected" if outcome.offender else "refused"
        return Reason(kind, where, "socket", f"{who}: {os.strerror(outcome.number)}.{blind}")
    if outcome.kind == "error":
        return Reason("no_answer", where, "socket", f"No answer comes: {os.strerror(outcome.number)}.{blind}")
    return Reason("no_answer", where, "socket", f"No answer comes back within {question.seconds:g} seconds.{blind}")
