# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""What a call for networks sees of the host."""

from __future__ import annotations

import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._network import assumed, info


class Look:
    """The state of the host, read again only after a change."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._seen: dict[str, t.Any] | None = None
        self._gone: list[str] = []

    def whole(self) -> dict[str, t.Any]:
        """Everything needed to plan a present network."""
        if self._seen is None:
            self._seen = assumed.without(info.view(self.host, info.Want(brief=True)), self._gone)
        return self._seen

    def assume_gone(self, name: str) -> None:
        """Plan as if the network were gone: in check mode, it still exists."""
        if self.host.check_mode:
            self._gone.append(name)
            self.forget()

    def forget(self) -> None:
        """Read again: something has changed, or may have."""
        self._seen = None
