# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign rules that translate ports, or whole networks, open no endpoint that they do not name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.traffic import wanted
from tests.integration.traffic.attacks import Attack
from tests.integration.traffic.keeping import PROGRAMS, put_back
from tests.integration.traffic.packets import tcp, udp
from tests.integration.traffic.siege import BRIDGE_OF, Siege
from tests.integration.traffic.volley import fire

BOTH = (False, True)
VICTIMS = ("web", "db", "app", "t2")
#: Changes only the port, of packets to any address: meant for a program of the host.
_PORTS = "\n".join(
    f"{program} -t nat -I PREROUTING -p {kind} --dport 5300 -j DNAT --to-destination :7777"
    for program in PROGRAMS
    for kind in ("udp", "tcp")
)
#: Translates one network to another, and a host address to an endpoint, as it should be done.
_NETWORKS = """
iptables -t nat -I PREROUTING -d 172.18.9.0/24 -j NETMAP --to 172.18.0.0/24
iptables -t nat -I PREROUTING -d 192.0.2.1 -p udp --dport 5301 -j DNAT --to-destination 172.18.0.2:7777
ip6tables -t nat -I PREROUTING -d 2001:db8::1 -p udp --dport 5301 -j DNAT --to-destination [fd00:18::2]:7777
"""
ATTACKS = [
    *(
        Attack("", "a port", v6, "lan", who, "", kind(5300)("lan", who))
        for who in VICTIMS
        for kind in (udp, tcp)
        for v6 in BOTH
    ),
    Attack("", "a network", False, "lan", "web", "", udp(7777)("lan", "172.18.9.2")),
]
NAMED = [Attack("", "by name", v6, "lan", "web", "", udp(5301)("lan", "host")) for v6 in BOTH]


def trust_every_translation(siege: Siege) -> None:
    if siege.firewall == "nftables":
        for bridge in set(BRIDGE_OF.values()):
            siege.host.sh(f"nft insert rule inet linuxnet to-{bridge} ct status dnat accept")
        return
    for program in PROGRAMS:
        saved = siege.host.run([f"{program}-save"]).out
        rules = re.sub(r"--ctstate DNAT ! --ctorigdst \S+", "--ctstate DNAT", saved)
        siege.host.run([f"{program}-restore"], stdin=rules)


@contextmanager
def translated(siege: Siege) -> Iterator[None]:
    with put_back(siege):
        siege.host.sh(_PORTS + _NETWORKS)
        yield


def test_nobody_is_opened_who_is_not_named(each_siege: Siege) -> None:
    with translated(each_siege):
        assert fire(each_siege, ATTACKS) == []
        assert fire(each_siege, NAMED) == NAMED
        assert wanted.found(each_siege, list(wanted.published())) == {}


def test_all_are_opened_where_every_translation_is_trusted(each_siege: Siege) -> None:
    """The control."""
    siege = each_siege
    with translated(siege):
        trust_every_translation(siege)
        assert fire(siege, ATTACKS) == ATTACKS
