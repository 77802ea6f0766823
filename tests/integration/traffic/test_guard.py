# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No endpoint can take the place of another one on its bridge, its packets or its address, nor be the gateway."""

from __future__ import annotations

import random
import time

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import link_local
from tests.integration.traffic.attacks import Attack
from tests.integration.traffic.packets import Shot, tcp, udp
from tests.integration.traffic.siege import ADDRESSES, BRIDGE_OF, Siege
from tests.integration.traffic.thefts import PAIRS, THEFTS, advertisement, gateway, unguarded
from tests.integration.traffic.volley import fire
from tests.lab import frames

BOTH = (False, True)
#: The published ports of the victims, TCP and UDP.
PORTS = {"web": (8080, 53), "t1": (8090, 8090)}
#: The kernel does not replace a neighbour entry in its first second.
LOCKED_SECONDS = 1.1


def to_published(victim: str, arrives: str) -> list[Attack]:
    """Packets from the neighbour to the victim's published ports, in both families."""
    tcp_port, udp_port = PORTS[victim]
    kinds = (tcp(tcp_port), udp(udp_port))
    return [Attack(victim, "", ipv6, "lan", arrives, "", kind("lan", "host")) for ipv6 in BOTH for kind in kinds]


def is_stolen(siege: Siege, theft: str, thief: str, victim: str) -> bool:
    """Whether, after a theft, packets for the victim reach the thief, or do not reach the victim."""
    siege.place(thief).send_frames("eth0", THEFTS[theft](siege, thief, victim))
    time.sleep(0.05)
    mine = to_published(victim, victim)
    return bool(fire(siege, to_published(victim, thief))) or len(fire(siege, mine)) < len(mine)


def in_anothers_name(sender: str, name: str, to: str, port: int, arrives: str) -> list[Attack]:
    """Datagrams of an endpoint with the spoofed address of its neighbour."""
    return [Attack(f"to {to}", f"{sender} as {name}", v6, sender, arrives, "", udp(port)(name, to)) for v6 in BOTH]


#: Sent once with its neighbour's address, to the neighbour's own published port and to an accomplice outside.
NAMES = [
    *in_anothers_name("t1", "t2", "host", 8090, "t1"),
    *in_anothers_name("t1", "t2", "lan", 7777, "lan"),
    *in_anothers_name("db", "web", "lan", 7777, "lan"),
    *in_anothers_name("db", "web", "host", 9998, "host"),
    *in_anothers_name("t1", "t2", "br3", 9998, "host"),
]


def test_nobody_takes_anothers_place(each_siege: Siege) -> None:
    each_siege.refresh()
    time.sleep(LOCKED_SECONDS)
    found = [(theft, *pair) for pair in PAIRS for theft in THEFTS if is_stolen(each_siege, theft, *pair)]
    assert found == []


def test_nobody_speaks_in_anothers_name(each_siege: Siege) -> None:
    siege = each_siege
    assert [str(attack) for attack in fire(siege, NAMES)] == []
    assert [str(attack) for attack in spoofed(siege)] == []


def spoofed(siege: Siege) -> list[Attack]:
    """Those of NAMES that arrive if they come from the MAC address of the spoofed address."""
    own = dict(siege.macs)
    won = []
    for attack in NAMES:
        siege.macs[attack.sender] = own[attack.name.partition(" as ")[2]]
        won += fire(siege, [attack])
        siege.macs.update(own)
    return won


def test_what_they_do_where_nothing_guards(each_siege: Siege) -> None:
    """The controls. The other tests show that everything is over afterwards."""
    siege = each_siege
    siege.expose()
    with unguarded(siege):
        siege.unfiltered()
        # Translated packets keep the mark of a port without icc, if iptables sees bridged frames.
        possible = [attack for attack in NAMES if not (siege.bridge_nf and attack.victim == attack.sender)]
        spoken = [str(attack) for attack in fire(siege, possible)]
        assert spoken == [str(attack) for attack in possible], "these prove nothing"
        assert len(spoofed(siege)) > len(NAMES) / 2, "these prove nothing"
        siege.refresh()
        for theft in THEFTS:
            time.sleep(LOCKED_SECONDS)
            assert [pair for pair in PAIRS if is_stolen(siege, theft, *pair)], f"{theft}: this proves nothing"
            siege.refresh()
    found = [(theft, *pair) for pair in PAIRS for theft in THEFTS if is_stolen(siege, theft, *pair)]
    assert found == []
    assert fire(siege, NAMES) == []


def _link_local(siege: Siege, name: str) -> str:
    return str(link_local(siege.macs[name]))


def from_link_local(siege: Siege, sender: str, name: str) -> Attack:
    """A datagram of an endpoint to the gateway, from the link-local address that goes with another's MAC address."""
    source, target = _link_local(siege, name), _link_local(siege, BRIDGE_OF[sender])

    def packets(shot: Shot) -> list[bytes]:
        return [frames.udp(source, target, shot.port, 9998, shot.marker)]

    return Attack("", f"{sender} from {name}'s link-local address", True, sender, "host", "", packets)


def taken_link_local(siege: Siege, thief: str, victim: str) -> bool:
    """Whether the host looks for the victim's link-local address at the thief, who has advertised it."""
    bridge, stolen = BRIDGE_OF[victim], _link_local(siege, victim)
    siege.host.run(["ping", "-qnc1", "-W1", f"{stolen}%{bridge}"], check=False)
    time.sleep(LOCKED_SECONDS)
    told = advertisement(siege.macs[thief], stolen, _link_local(siege, bridge))
    siege.place(thief).send_frames("eth0", [frames.ethernet(siege.macs[bridge], siege.macs[thief], frames.IPV6, told)])
    time.sleep(0.05)
    return siege.macs[thief] in siege.host.sh(f"ip -6 neighbour show to {stolen} dev {bridge}")


def test_nobody_takes_anothers_link_local_address(each_siege: Siege) -> None:
    siege = each_siege
    forged = [from_link_local(siege, *pair) for pair in PAIRS]
    assert fire(siege, forged) == []
    assert [pair for pair in PAIRS if taken_link_local(siege, *pair)] == []
    lawful = [from_link_local(siege, name, name) for pair in PAIRS for name in pair]
    assert fire(siege, lawful) == lawful
    for name in BRIDGE_OF:
        assert siege.host.reaches(f"{_link_local(siege, name)}%{BRIDGE_OF[name]}"), name


def test_link_local_addresses_where_nothing_guards(each_siege: Siege) -> None:
    """The control."""
    siege = each_siege
    siege.expose()
    forged = [from_link_local(siege, *pair) for pair in PAIRS]
    with unguarded(siege):
        assert fire(siege, forged) == forged
        assert [pair for pair in PAIRS if taken_link_local(siege, *pair)] == list(PAIRS)
    assert fire(siege, forged) == []
    assert [pair for pair in PAIRS if taken_link_local(siege, *pair)] == []


def answers_by_the_gateway(siege: Siege) -> int:
    """In how many families web still reaches the world."""
    return sum(siege.place("web").ask(address, 80, timeout=1) is not None for address in ADDRESSES["outside"])


def after_the_theft(siege: Siege) -> int:
    """The same after db has taken the gateway's place."""
    assert answers_by_the_gateway(siege) == 2
    time.sleep(LOCKED_SECONDS)
    siege.place("db").send_frames("eth0", gateway(siege, "db", "web"))
    time.sleep(0.05)
    return answers_by_the_gateway(siege)


def test_nobody_takes_the_gateways_place(each_siege: Siege) -> None:
    assert after_the_theft(each_siege) == 2


def test_that_place_where_nothing_guards(each_siege: Siege) -> None:
    """The control."""
    siege = each_siege
    siege.expose()
    with unguarded(siege):
        assert after_the_theft(siege) < 2
    assert after_the_theft(siege) == 2


def _entries(siege: Siege) -> int:
    return len(siege.host.run(["bridge", "fdb", "show", "br", "br0"]).out.splitlines())


def _flood(siege: Siege) -> int:
    """How many of two thousand MAC addresses that an endpoint uses the bridge has learned."""
    before = _entries(siege)
    chance = random.Random(siege.volleys)  # others than last time, whom it may know still
    packet = frames.udp(*(ADDRESSES[name][0] for name in ("db", "br0")), 9, 9)
    sources = [f"02:{chance.randbytes(5).hex(':')}" for _frame in range(2000)]
    flood = [frames.ethernet(siege.macs["br0"], source, frames.IPV4, packet) for source in sources]
    siege.place("db").send_frames("eth0", flood)
    return _entries(siege) - before


def test_a_flood_of_mac_addresses_leaves_no_trace(each_siege: Siege) -> None:
    assert _flood(each_siege) == 0


def _to_the_silent(siege: Siege) -> list[Attack]:
    """What the neighbour sends to t1, as seen by t2 after t1 was silent for the ageing time."""
    siege.host.sh("ip link set br3 type bridge ageing_time 0")
    try:
        time.sleep(0.1)
        return fire(siege, to_published("t1", "t2"))
    finally:
        siege.host.sh("ip link set br3 type bridge ageing_time 30000")


def test_what_is_for_a_silent_one_is_seen_by_nobody_else(each_siege: Siege) -> None:
    assert _to_the_silent(each_siege) == []


def test_what_a_bridge_learns_and_floods_where_nothing_guards(each_siege: Siege) -> None:
    """The controls."""
    siege = each_siege
    siege.expose()
    with unguarded(siege):
        assert _flood(siege) > 1000
        assert _to_the_silent(siege) != []
