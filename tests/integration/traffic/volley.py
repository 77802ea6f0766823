# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fires many attacks at once, and sees which of them arrive."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from tests.integration.traffic import agents
from tests.integration.traffic.attacks import ATTACKS, WIRE, WIRE_ANY, Attack
from tests.integration.traffic.packets import Shot
from tests.integration.traffic.siege import ADDRESSES, BRIDGE_OF, SECOND, Siege
from tests.lab import frames

_OWN = {*ADDRESSES["host"], SECOND}
_FIRST_PORT, _PORTS = 10000, 20000


def fire(siege: Siege, attacks: Sequence[Attack], port: int = 0) -> list[Attack]:
    """Send the packets of all attacks. Returns those that succeeded.

    port: the source port of the first attack; each following one uses the next. With 0, none is used twice
    """
    siege.volleys += 1
    batches: dict[str, list[tuple[str, bytes]]] = {}
    for number, attack in enumerate(attacks):
        siege.shots += 1
        shot = Shot(
            attack.ipv6,
            agents.marker(siege.volleys, number),
            port + number if port else _FIRST_PORT + siege.shots % _PORTS,
        )
        for frame in _frames(siege, attack, shot):
            batches.setdefault(attack.sender, []).append(("eth0", frame))
    for sender, batch in batches.items():
        siege.place(sender).call(agents.send_all, batch)
    # Packets that are still in some queue: the kernel processes those by itself.
    time.sleep(0.05)
    return _won(attacks, _seen(siege))


def _frames(siege: Siege, attack: Attack, shot: Shot) -> list[bytes]:
    known = {"": siege.router_of(attack.sender), "all": frames.BROADCAST}
    to = known.get(attack.by) or siege.macs[attack.by]
    kind = frames.IPV6 if attack.ipv6 else frames.IPV4
    return [frames.ethernet(to, siege.macs[attack.sender], kind, packet) for packet in attack.packets(shot)]


def _seen(siege: Siege) -> dict[str, dict[bytes, list[bytes]]]:
    """What has arrived at each place, by marker, as soon as every watcher has processed everything."""
    last = agents.marker(siege.volleys, agents.LAST)
    farewells = [_farewell(siege, name, last) for name in siege.watchers if name != "host"]
    siege.host.call(agents.say_farewell, farewells, last)
    seen: dict[str, dict[bytes, list[bytes]]] = {}
    for name, watcher in siege.watchers.items():
        here = seen.setdefault(name, {})
        while True:
            data = watcher.next()
            found = agents.MARKER.findall(data)
            if last in found:
                break
            for marker in found:
                if marker.startswith(b"<%04d." % siege.volleys):
                    here.setdefault(marker, []).append(data)
    return seen


def _farewell(siege: Siege, name: str, marker: bytes) -> tuple[str, bytes]:
    """A frame that certainly reaches the watcher of a place, behind all others."""
    interface = f"v{name}" if name in BRIDGE_OF else "eth0"
    datagram = frames.udp(ADDRESSES["host"][0], ADDRESSES[name][0], 9, 9, marker)
    return interface, frames.ethernet(siege.macs[name], siege.macs[interface], frames.IPV4, datagram)


def _won(attacks: Iterable[Attack], seen: dict[str, dict[bytes, list[bytes]]]) -> list[Attack]:
    number_of = {attack: number for number, attack in enumerate(attacks)}
    return [attack for attack, number in number_of.items() if _arrived(attack, number, seen)]


def _arrived(attack: Attack, number: int, seen: dict[str, dict[bytes, list[bytes]]]) -> bool:
    places = ("lan", "outside") if attack.victim in (WIRE, WIRE_ANY) else (attack.victim,)
    found = [
        data
        for place in places
        for marker, group in seen[place].items()
        for data in group
        if int(marker[6:9]) == number
    ]
    if attack.victim == WIRE:
        found = [frame for frame in found if frames.parse(frame).source not in _OWN]
    return bool(found)


def sound(siege: Siege, attacks: Sequence[Attack] = ATTACKS) -> None:
    """Assert that no attack succeeds."""
    assert [str(attack) for attack in fire(siege, attacks)] == []
