# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which machines there are, and their addresses.

    controller .250 --+-- debian11 .11
                      +-- debian12 .12
                      +-- debian13 .13
                      +-- dnf12 .14       a Debian 12 that has its packages by dnf
                      +-- debian14 .15    Debian's testing release, with nft and no iptables at all
                      +-- neighbour .9    the router of the others, with the world beyond it

The neighbour has routes to the endpoints of each machine, as an attacker on the segment would. The controller is the
end of the segment from which Ansible connects.
"""

from __future__ import annotations

from dataclasses import dataclass

#: In 192.0.2.0/24 and 2001:db8::/64.
CONTROLLER = ("192.0.2.250/24", "2001:db8::fa/64")
ROUTER = ("192.0.2.9", "2001:db8::9")
#: What is behind the router.
WORLD = ("198.51.100.1/32", "2001:db8:ff::1/128")


@dataclass(frozen=True)
class Machine:
    """A Debian release and its place on the segment. Only the neighbour is a router."""

    name: str
    suite: str
    number: int
    is_router: bool = False

    @property
    def addresses(self) -> tuple[str, str]:
        return f"192.0.2.{self.number}/24", f"2001:db8::{self.number}/64"

    @property
    def endpoints(self) -> str:
        """The subnet of the network that the role builds there, different on each machine for the router's sake."""
        return f"172.{self.number + 7}.0.0/16"


PARK = (
    Machine("neighbour", "bookworm", 9, is_router=True),
    Machine("debian11", "bullseye", 11),
    Machine("debian12", "bookworm", 12),
    Machine("debian13", "trixie", 13),
    Machine("dnf12", "bookworm", 14),
    Machine("debian14", "forky", 15),
)
HOSTS = tuple(machine for machine in PARK if not machine.is_router)
SUITES = tuple(sorted({machine.suite for machine in PARK}))


def by_name(name: str) -> Machine:
    return next(machine for machine in PARK if machine.name == name)
