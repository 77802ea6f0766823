# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""An Ethernet segment: a bridge in the lab's switch namespace, with one port per joined host."""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterable, Sequence
from typing import Protocol

from ansible_collections.netplumb.linuxnet.plugins.plugin_utils.lab.members import Member, batch, environment


class Switch(Protocol):
    """The lab, whose own network namespace contains the segments."""

    def argv(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs another one there."""

    def switch(self, commands: str) -> None:
        """Run lines of `ip -batch` there."""


#: Without the detection of duplicates: until it is done, which takes up to two seconds, a host that forwards IPv6 does
#: not look for those who are to get it.
_BATCH = "test ! -e $0 || echo 0 >$0; exec ip -batch -"


class Segment:
    """Created by `Lab.segment`."""

    def __init__(self, lab: Switch, name: str, number: int, mtu: int) -> None:
        self.name = name
        self.mtu = mtu
        self._lab = lab
        self._bridge = f"segment{number}"
        self._number = number
        self._ports = 0
        lab.switch(f"link add {self._bridge} mtu {mtu} type bridge\nlink set {self._bridge} up\n")

    def join(
        self,
        host: Member,
        interface: str = "eth0",
        addresses: Iterable[str] = (),
        gateways: Iterable[str] = (),
        mac: str = "",
    ) -> None:
        """Give a host an interface on this segment, up, with these addresses (CIDR) and default gateways."""
        self._ports += 1
        port = f"s{self._number}p{self._ports}"
        own_mac = f"address {mac} " if mac else ""
        self._lab.switch(
            f"link add {port} mtu {self.mtu} master {self._bridge} type veth "
            f"peer name {interface} {own_mac}mtu {self.mtu} netns {host.pid_in_lab()}\n"
            f"link set {port} up\n"
        )
        lines = [f"link set {interface} up"]
        for address in addresses:
            nodad = "" if ipaddress.ip_interface(address).version == 4 else " nodad"
            lines.append(f"address add {address} dev {interface}{nodad}")
        lines += [f"route add default via {gateway} dev {interface}" for gateway in gateways]
        lines.append(f"link show dev {interface}")
        argv = host.argv(["sh", "-c", _BATCH, f"/proc/sys/net/ipv6/conf/{interface}/accept_dad"])
        batch(argv, "\n".join(lines) + "\n", environment())
        self._lab.switch(_look_at(port))

    def catch_up(self) -> None:
        """Have the kernel process the carrier of each port now; until then, nothing passes the port.

        By itself, it does that for a hundred links per second on the whole machine, which takes long after a test with
        a thousand of them. Asking for a link by name (Linux 6.8) makes it do so at once.
        """
        looks = "".join(_look_at(f"s{self._number}p{port + 1}") for port in range(self._ports))
        # A stopped host has taken its port along, which is not an error.
        argv = self._lab.argv(["ip", "-force", "-batch", "-"])
        subprocess.run(argv, input=looks, text=True, capture_output=True, check=False)


def _look_at(port: str) -> str:
    return f"link show dev {port}\n"
