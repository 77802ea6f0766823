# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Steps that several kinds of objects use."""

from __future__ import annotations

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import conntrack, sysctl
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import LinksStay, Session
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.flows import Chosen
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model.sysctls import Written


class WriteSetting(Value):
    """Write a kernel setting. ``words`` is what is reported: "turn IPv4 forwarding on"."""

    netns: str | None
    path: str
    value: str
    words: str

    @property
    def written(self) -> list[Written]:
        return [Written(self.netns, self.path, self.value)]

    def __str__(self) -> str:
        return self.words

    def do(self, _session: Session) -> None:
        sysctl.write(self.path, self.value)


class EndFlows(Value, LinksStay):
    """End connections that were established under other rules.

    The rules are right by then, so if the kernel cannot end connections, this only warns.
    """

    netns: str | None
    family: str
    chosen: tuple[Chosen, ...]

    def __str__(self) -> str:
        return ""

    def do(self, session: Session) -> None:
        try:
            conntrack.end(self.family, self.chosen)
        except OSError as error:
            reason = f"the kernel cannot end them ({error.strerror})"
            session.host.warn(f"connections opened before this change continue: {reason}")
