# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Waits for udev, which applies /etc/sysctl.d to each new link some time after its creation.

A line such as ``net.ipv6.conf.*.accept_ra = 1`` would overwrite settings made before that.
"""

from __future__ import annotations

import os
import socket
import time
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.host import Host
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host.session import Session, Silent

_CONTROL, _QUEUE = "/run/udev/control", "/run/udev/queue"
#: Where udev stores its data about links, by index.
_KNOWN = "/run/udev/data/n{}"
#: Seconds after which udev counts as stopped or busy.
_PATIENCE = 10.0
_PAUSE = 0.01


class Settle(Value, Silent):
    """A step that waits until udev has processed new links of the host."""

    names: tuple[str, ...]

    def do(self, session: Session) -> None:
        """Return at once if udev is not running or does not handle this namespace."""
        if not os.path.exists(_CONTROL) or not _is_first(session.host):
            return
        indexes = session.host.run(None, lambda: [index for index in map(_index, self.names) if index])
        end = time.monotonic() + _PATIENCE
        # udev writes its data before it runs the programs of its rules, and the queue exists while any is running.
        while _is_busy(indexes) and time.monotonic() < end:
            time.sleep(_PAUSE)


def settling(names: t.Iterable[str]) -> list[Settle]:
    """The step for new links of the host, if there are any."""
    made = tuple(names)
    return [Settle(made)] if made else []


def _is_busy(indexes: t.Iterable[int]) -> bool:
    return os.path.exists(_QUEUE) or not all(os.path.exists(_KNOWN.format(index)) for index in indexes)


def _is_first(host: Host) -> bool:
    """Whether the links are in the initial namespace, the only one that udev handles."""
    try:
        first = os.stat("/proc/1/ns/net")
    except OSError:
        return False
    return host.identity(None) == (first.st_dev, first.st_ino)


def _index(name: str) -> int | None:
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return None
