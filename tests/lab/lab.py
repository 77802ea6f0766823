# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`Lab`: hosts and the network between them, in namespaces of their own, for the duration of a with statement."""

from __future__ import annotations

from types import TracebackType

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab import core
from tests.lab import target
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.paths import needed_inside
from tests.lab.segment import Segment


class Lab(core.Lab):
    """Hosts and segments. Leaving it ends all of its processes, and with them everything that they made."""

    def __init__(self, visible: tuple[str, ...] = ()) -> None:
        """visible: additional paths that hosts must be able to read (see rooms.furnish_host)."""
        self._hosts: dict[str, Host] = {}
        super().__init__([*needed_inside(), *target.prefixes(), *visible])

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End everything. Returns when no process of the lab is left."""
        for host in self._hosts.values():
            host.forget()
        self._hosts.clear()
        super().close()

    def host(self, name: str) -> Host:
        """A new machine with only `lo`, which is up. README.md describes what it has to itself."""
        if name in self._hosts:
            raise LabError(f"the lab has a host {name} already")
        new = self._hosts[name] = Host(self, name, self.start(name))
        if target.BACKEND:
            new.use_iptables(target.BACKEND)
        return new

    def stop(self, host: Host) -> None:
        """End a host with everything on it."""
        del self._hosts[host.name]
        host.forget()
        self.end(host.name)

    def segment(self, name: str, mtu: int = 1500) -> Segment:
        """Create an Ethernet segment that hosts can join."""
        new = Segment(self, name, len(self._segments), mtu)
        self._segments.append(new)
        return new
