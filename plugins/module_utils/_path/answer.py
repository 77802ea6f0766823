# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Answers a question: reads the host, sends the probe unless in check mode, and tells the story."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Invalid, Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import info
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path import follow, foreseen
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.eyes import HostEyes
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Map
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.question import Question
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.story import Story


def answer(host: Host, question: Question) -> dict[str, t.Any]:
    """The result of the module."""
    if question.namespace is not None and not host.exists(question.namespace):
        raise Refused(f"source.namespace: namespace {question.namespace} does not exist, or its file is dead")
    scene = Map(info.view(host, info.Want()))
    if question.namespace not in scene.spaces:
        raise Invalid("source.namespace", question.namespace, "the name of a namespace")
    eyes = HostEyes(host)
    if host.check_mode:
        followed = foreseen.foresee(question, scene, eyes)
    else:
        followed = follow.follow(host, question, scene)
        # What was learned about neighbours meanwhile counts.
        scene = Map(info.view(host, info.Want()))
    told = Story(question, followed, scene, eyes).tell()
    return {
        "verdict": told.verdict,
        "hops": told.hops,
        "sentences": told.sentences,
        "observed": followed.untraced is None,
    }
