# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Answers a question: reads the host, sends the probe unless in check mode, and tells the story."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, KernelRefused, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import follow, foreseen, host_copy
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.eyes import HostEyes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.story import Story, Told


def answer(host: Host, question: Question) -> dict[str, t.Any]:
    """The result of the module."""
    if question.namespace is not None and not host.exists(question.namespace):
        raise Refused(f"source.namespace: namespace {question.namespace} does not exist, or its file is dead")
    scene = Map(info.view(host, info.Want()))
    if question.namespace not in scene.spaces:
        raise Invalid("source.namespace", question.namespace, "the name of a namespace")
    if question.address is not None:
        return _from_outside(host, question, question.address, scene)
    eyes = HostEyes(host, question.number)
    if host.check_mode:
        followed = foreseen.foresee(question, scene, eyes)
    else:
        followed = follow.follow(host, question, scene)
        if followed.untraced:
            # The answer is known, and the way as far as routes tell it.
            followed = followed.but(there=foreseen.foresee(question, scene, eyes).there)
        # What was learned about neighbours meanwhile counts.
        scene = Map(info.view(host, info.Want()))
    return _view(Story(question, followed, scene, eyes).tell(), followed.untraced is None)


def _view(told: Told, observed: bool) -> dict[str, t.Any]:
    return {"verdict": told.verdict, "hops": told.hops, "sentences": told.sentences, "observed": observed}


def _from_outside(host: Host, question: Question, sender: IPAddress, scene: Map) -> dict[str, t.Any]:
    """For a packet that comes in by an interface."""
    interface = host_copy.entrance(question, scene)
    with contextlib.closing(host_copy.Copy(host, scene)) as copy:
        tried = copy.attempt(question, sender, interface)
        eyes = HostEyes(host, question.number, copy.ref)
        if tried.passage is None:
            why = tried.untraced or "nothing was reported of it"
            raise KernelRefused(f"cannot follow a packet that comes in by {question.interface}: {why}")
        followed = foreseen.go_on(question, scene, eyes, tried.passage)
        if tried.taken:
            followed = followed.but(uncovered={None: tried.taken})
        told = Story(question, followed, scene, eyes).tell()
        return _view(without(told, tried.missing) if tried.missing else told, False)


def without(told: Told, missing: t.Sequence[str]) -> Told:
    """The same where the copy of the host lacked something that might have taken the packet."""
    last = f"{told.sentences[-1]} This was tried without {', '.join(missing)}, which could not be copied."
    # A rule or a setting takes the packet whatever else is there.
    verdict = told.verdict if told.hops[-1]["what"] in ("rule", "setting") else "unknown"
    hops = [*told.hops[:-1], {**told.hops[-1], "sentence": last}]
    return Told(hops, verdict, [*told.sentences[:-1], last])
