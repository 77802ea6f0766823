# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What can be asked about a namespace while a story is told."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import listeners, route_answers, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.path_tracing import Event
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.route_answers import Answer, Flow, Refusal
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.map import Space
from ansible_collections.netplumb.linuxnet.plugins.module_utils._path.rule_texts import Rule, RuleTexts


class Listening(t.NamedTuple):
    """A socket that listens."""

    address: IPAddress
    process: str | None

    @property
    def words(self) -> str:
        return self.process or "a process"


class Eyes(t.Protocol):
    """Answers about namespaces."""

    def route(self, space: Space, flow: Flow) -> Answer:
        """Where the kernel would send a packet."""

    def refusals(self, space: Space, version: int) -> list[Refusal]:
        """The rules of ``ip rule`` that refuse packets."""

    def listening(self, space: Space, protocol: str, port: int) -> list[Listening]:
        """Who listens on a port."""

    def setting(self, space: Space, path: str) -> str | None:
        """A kernel setting."""

    def rule(self, space: Space, event: Event) -> Rule:
        """The rule that a trace names."""


class HostEyes:
    """The same from the kernel."""

    def __init__(self, host: Host, protocol: int, copy: str | None = None) -> None:
        """:param protocol: that of the packet
        :param copy: the namespace where it met the host's rules, if that is a copy of the host
        """
        self._host = host
        self._protocol = protocol
        self._copy = copy
        self._texts = RuleTexts(host)

    def route(self, space: Space, flow: Flow) -> Answer:
        return self._host.run(space, functools.partial(route_answers.ask, flow, self._protocol))

    def refusals(self, space: Space, version: int) -> list[Refusal]:
        return self._host.run(space, functools.partial(route_answers.refusals, version, self._protocol))

    def listening(self, space: Space, protocol: str, port: int) -> list[Listening]:
        found = [one for one in self._host.run(space, listeners.read) if (one.protocol, one.port) == (protocol, port)]
        users = listeners.processes({one.inode for one in found})
        return [Listening(one.address, users.get(one.inode, (0, None))[1]) for one in found]

    def setting(self, space: Space, path: str) -> str | None:
        return self._host.run(space, functools.partial(sysctl.read, path))

    def rule(self, space: Space, event: Event) -> Rule:
        return self._texts.of(space if space is not None else self._copy, event)
