# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No ICMP redirect from a spoofed gateway diverts packets of an endpoint or the host to its sender."""

from __future__ import annotations

import ipaddress
import time

from tests.integration.traffic.siege import ADDRESSES, Siege
from tests.lab import frames
from tests.lab.place import Place

WORLD, WORLD6 = ADDRESSES["outside"]
ROUTER = ADDRESSES["router"][0]
_REDIRECT, _REDIRECT6 = 5, 137
_HOP_LIMIT = 7
#: With the first one, the victim looks for the new gateway; a later one is believed once that was found.
TIMES = 3


def _redirect(gateway: str, victim: str, better: str) -> bytes:
    """From the gateway, about a reply to a ping from the world: for others, the kernel checks the sender."""
    quoted = frames.icmp(victim, WORLD, 0)[:28]
    return frames.icmp(gateway, victim, _REDIRECT, 1, ipaddress.ip_address(better).packed + quoted)


def _redirect6(gateway: str, victim: str, better: str, mac: str) -> bytes:
    told = b"".join(ipaddress.ip_address(one).packed for one in (better, WORLD6))
    packet = bytearray(
        frames.icmpv6(gateway, victim, _REDIRECT6, 0, bytes(4) + told + b"\x02\x01" + frames.mac_bytes(mac))
    )
    packet[_HOP_LIMIT] = 255
    return bytes(packet)


def _way(place: Place, world: str) -> str:
    """By whom a place reaches the world now. Then makes it forget what it has learned."""
    (route,) = place.ip("route", "get", world)
    place.sh("ip route flush cache; ip -6 route flush cache")
    return str(route["gateway"])


def _link_local(place: Place, interface: str) -> str:
    (link,) = place.ip("address", "show", interface)
    return next(str(one["local"]) for one in link["addr_info"] if one["scope"] == "link")


def _send(siege: Siege, sender: str, to: str, kind: int, packet: bytes) -> None:
    for _time in range(TIMES):
        siege.place(sender).send_frames("eth0", [frames.ethernet(siege.macs[to], siege.macs[sender], kind, packet)])
        time.sleep(0.1)


def led_astray(siege: Siege) -> list[str]:
    """Whom db diverts to itself, or the neighbour to itself, as a spoofed gateway."""
    found = []
    web, own, own6 = siege.place("web"), *ADDRESSES["web"]
    gateway, _gateway6 = ADDRESSES["br0"]
    _send(siege, "db", "web", frames.IPV4, _redirect(gateway, own, ADDRESSES["db"][0]))
    found += ["web"] if _way(web, WORLD) != gateway else []
    _send(siege, "lan", "eth0", frames.IPV4, _redirect(gateway, own, ADDRESSES["db"][0]))
    found += ["web, by the neighbour"] if _way(web, WORLD) != gateway else []
    # The kernel accepts these only from a link-local gateway address.
    gateway6, better = _link_local(siege.host, "br0"), _link_local(siege.place("db"), "eth0")
    web.sh(f"ip -6 route add {WORLD6} via {gateway6} dev eth0")
    _send(siege, "db", "web", frames.IPV6, _redirect6(gateway6, own6, better, siege.macs["db"]))
    found += ["web, IPv6"] if _way(web, WORLD6) != gateway6 else []
    web.sh(f"ip -6 route del {WORLD6} via {gateway6} dev eth0")
    _send(siege, "db", "br0", frames.IPV4, _redirect(ROUTER, ADDRESSES["host"][0], ADDRESSES["lan"][0]))
    return found + (["host"] if _way(siege.host, WORLD) != ROUTER else [])


def _believe(siege: Siege, value: int) -> None:
    """Whether the host as a whole accepts them; each interface may still not."""
    siege.host.sysctl("net/ipv4/conf/all/accept_redirects", value)


def test_nobody_is_led_astray(each_siege: Siege) -> None:
    _believe(each_siege, 1)
    found = led_astray(each_siege)
    _believe(each_siege, 0)
    assert found == []


def test_who_is_led_astray_without_the_settings(each_siege: Siege) -> None:
    """The control."""
    siege = each_siege
    siege.expose()
    _believe(siege, 1)
    siege.place("web").sh(
        "cd /proc/sys/net; for x in ipv4/conf/all ipv4/conf/eth0 ipv6/conf/eth0; do echo 1 > $x/accept_redirects; done"
    )
    siege.host.sysctl("net/ipv4/conf/br0/accept_redirects", 1)
    found = led_astray(siege)
    siege.apply("br0")
    siege.unfiltered()
    # If iptables sees bridged frames, the rules see what endpoints send with the gateway's address.
    assert found == [*([] if siege.bridge_nf else ["web", "web, IPv6"]), "host"]
    assert led_astray(siege) == []
    _believe(siege, 0)
