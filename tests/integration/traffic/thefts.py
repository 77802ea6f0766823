# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an endpoint tries to take the place of another one, or of the gateway, on its bridge."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.integration.traffic.keeping import drop_rules, put_back
from tests.integration.traffic.siege import ADDRESSES, BRIDGE_OF, Siege
from tests.lab import frames

#: Thief and victim, with and without icc.
PAIRS = (("db", "web"), ("t2", "t1"))
_OVERRIDE, _SOLICITED = 0x20000000, 0x40000000


def _answer(siege: Siege, thief: str, listener: str, stolen: str, to: str) -> Iterator[bytes]:
    """Advertise to a listener, by ARP reply and NA, that the addresses of `stolen` are at the thief."""
    own = siege.macs[thief]
    address, address6 = ADDRESSES[stolen]
    reply = frames.arp(2, own, address, siege.macs[listener], ADDRESSES[listener][0])
    yield frames.ethernet(to, own, frames.ARP, reply)
    yield frames.ethernet(to, own, frames.IPV6, advertisement(own, address6, ADDRESSES[listener][1]))


def advertisement(mac: str, address: str, to: str) -> bytes:
    """A solicited NA with the override flag: the address is at this MAC address now."""
    target = ipaddress.ip_address(address).packed + b"\x02\x01" + frames.mac_bytes(mac)
    flags = struct.pack("!I", _OVERRIDE | _SOLICITED)
    return frames.icmpv6(address, to, 136, 0, flags + target)


def arp_and_na(siege: Siege, thief: str, victim: str) -> list[bytes]:
    bridge = BRIDGE_OF[victim]
    return list(_answer(siege, thief, bridge, victim, siege.macs[bridge]))


def gratuitous(siege: Siege, thief: str, victim: str) -> list[bytes]:
    own, (address, _address6) = siege.macs[thief], ADDRESSES[victim]
    told = [frames.arp(kind, own, address, frames.BROADCAST, address) for kind in (1, 2)]
    return [frames.ethernet(frames.BROADCAST, own, frames.ARP, one) for one in told]


def question(siege: Siege, thief: str, victim: str) -> list[bytes]:
    """A question with the victim's address, from which the host learns where it is."""
    own, bridge = siege.macs[thief], BRIDGE_OF[victim]
    asked = frames.arp(1, own, ADDRESSES[victim][0], frames.BROADCAST, ADDRESSES[bridge][0])
    return [frames.ethernet(frames.BROADCAST, own, frames.ARP, asked)]


def mac_address(siege: Siege, thief: str, victim: str) -> list[bytes]:
    """A frame with the victim's own MAC address, from which the bridge learns where it is."""
    stolen, bridge = siege.macs[victim], BRIDGE_OF[victim]
    packet = frames.udp(ADDRESSES[victim][0], ADDRESSES[bridge][0], 9, 9)
    return [frames.ethernet(siege.macs[bridge], stolen, frames.IPV4, packet)]


Theft = Callable[[Siege, str, str], list[bytes]]
THEFTS: dict[str, Theft] = {
    "ARP reply and neighbour advertisement": arp_and_na,
    "gratuitous ARP": gratuitous,
    "ARP question": question,
    "frame with its MAC address": mac_address,
}


def gateway(siege: Siege, thief: str, victim: str) -> list[bytes]:
    """The thief advertises itself to the victim as the gateway."""
    return list(_answer(siege, thief, victim, BRIDGE_OF[victim], siege.macs[victim]))


@contextmanager
def unguarded(siege: Siege) -> Iterator[None]:
    """Remove what guards the endpoints, and have the role restore it."""
    with put_back(siege):
        drop_rules(siege, "-j LINUXNET-GUARD", "^prerouting: .*@known")
        for name in BRIDGE_OF:
            siege.host.sh(
                f"bridge link set dev v{name} locked off learning on flood on;"
                f" bridge fdb delete {siege.macs[name]} dev v{name} master"
            )
            siege.host.sh(f"ip -n {name} neighbour flush dev eth0 nud permanent")
        for bridge in set(BRIDGE_OF.values()):
            siege.host.sh(f"ip neighbour flush dev {bridge} nud permanent")
        siege.refresh()
        yield
    siege.apply()
    siege.unfiltered()
