# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a new connection takes with many published ports, compared with one.

``python -m benchmarks.published_ports``, in the environment of the tests; needs no root.

Three hosts on one segment publish a web server of theirs: one host on one port, the others on thousands, by rules as
the module dnat writes them and by the same rules in one chain. A neighbour makes one connection to each in turns, so
that whatever else the machine does slows all of them, and of all connections to one the quickest hundredth counts:
noise only ever adds. IPv4, with both backends of iptables, and with nftables alone, where a map has the place of the
tree. With nftables also how long the program nft takes to move one of the ports.

Ends with exit code 1 where many ports take more than 1.3 times as long as one, with nftables 1.1 times, or where nft
takes 30 ms for the one port.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import connecting, measuring
from tests.integration.rule_hosts import NATIVE, NETWORK, SOURCES, add_network, forward_everything, use_backend
from tests.lab import modules
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.segment import Segment

ALLOWED = {"nft": 1.3, "legacy": 1.3, NATIVE: 1.1}
#: Milliseconds for one port.
ALLOWED_TO_MOVE = 30
#: Connections in a row to each, of which the machine may be busy with others.
_AT_ONCE = 50
_SERVER = """
import socket
server = socket.create_server(("", 80), backlog=1024)
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""


@dataclass(frozen=True)
class Found:
    """Microseconds of a connection by contestant, and milliseconds to move a port: of nft, and of the whole module."""

    connecting: dict[str, float]
    nft: float
    module: float


@dataclass(frozen=True)
class Contestant:
    host: Host
    name: str
    address: str
    ports: list[int]


def _publish(host: Host, ports: list[int]) -> None:
    wanted: dict[str, Any] = {"owner": "shop", "out_interface": "br0", "to_address": "172.18.0.2", "to_port": 80}
    host.module("dnat", {**wanted, "firewall": host.firewall, "aggregate": [{"host_port": port} for port in ports]})


def _flatten(host: Host) -> None:
    """Put all rules into one chain, as if there were no tree; in parts, since they do not fit into one message."""
    saved = host.run(["iptables-save", "-t", "nat"]).out.splitlines()
    rules = [line.split(" ", 2)[2] for line in saved if "-j DNAT" in line]
    host.run(["iptables", "-t", "nat", "-F", "LINUXNET-DNAT"])
    for first in range(0, len(rules), 200):
        text = ["*nat", *(f"-A LINUXNET-DNAT {rule}" for rule in rules[first : first + 200]), "COMMIT", ""]
        host.run(["iptables-restore", "--noflush"], stdin="\n".join(text))


def _contestant(lab: Lab, wan: Segment, number: int, name: str, backend: str, ports: list[int]) -> Contestant:
    host = lab.host(name.replace(" ", "-"))
    address = f"192.0.2.{number}"
    wan.join(host, "eth0", [f"{address}/24"])
    use_backend(host, backend)
    add_network(host, endpoints=("web",))
    forward_everything(host)
    host.module("bridge_forward", {**NETWORK, "firewall": host.firewall})
    host.module("masquerade", {**SOURCES, "firewall": host.firewall})
    _publish(host, ports)
    if name == "one chain":
        _flatten(host)
    server = host.inside("web").popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE)
    assert server.stdout
    server.stdout.readline()
    return Contestant(host, name, address, ports)


def measure(backend: str, count: int, rounds: int) -> Found:
    many = [1000 + number * (64000 // count) for number in range(count)]
    spent: dict[str, list[float]] = {}
    with Lab() as lab:
        wan = lab.segment("wan")
        others = [] if backend == NATIVE else [_contestant(lab, wan, 2, "one chain", backend, many)]
        contestants = [
            _contestant(lab, wan, 1, "one port", backend, many[-1:]),
            *others,
            _contestant(lab, wan, 3, "the tree", backend, many),
        ]
        client = wan.neighbour("client", ["192.0.2.9/24"])
        aims = dict(_aims(contestants))
        turns = [(address, ports[number]) for number in range(_AT_ONCE) for address, ports in aims.values()]
        for _round in range(rounds):
            found = client.call(connecting.connect_to_each, turns)
            for number, name in enumerate(aims):
                spent.setdefault(name, []).extend(found[number :: len(aims)])
        times = {name: statistics.quantiles(some, n=100)[0] * 1e6 for name, some in spent.items()}
        return Found(times, *(_moves(contestants[-1].host, many[-1], rounds) if backend == NATIVE else (0.0, 0.0)))


def _aims(contestants: list[Contestant]) -> Iterator[tuple[str, tuple[str, list[int]]]]:
    """With many ports, the last one, and all in turn."""
    for one in contestants:
        last = one.ports[-1:] * _AT_ONCE
        if len(one.ports) == 1:
            yield one.name, (one.address, last)
        else:
            yield f"{one.name}, last", (one.address, last)
            yield f"{one.name}, spread", (one.address, one.ports[:: len(one.ports) // _AT_ONCE][:_AT_ONCE])


def _moves(host: Host, port: int, rounds: int) -> tuple[float, float]:
    """Milliseconds of nft and of the whole module to move a port to another port of the endpoint, the best of some."""
    options = {"owner": "shop", "out_interface": "br0", "to_address": "172.18.0.2", "host_port": str(port)}
    given = [{**options, "firewall": "nftables", "to_port": str(81 + number % 2)} for number in range(rounds)]
    preload = (*modules.COMMON, modules.code_of("dnat"), measuring.__name__)
    found = [host.call(measuring.spent_in, "nft", "dnat", one, preload=preload) for one in given]
    nft, whole = (min(some) * 1e3 for some in zip(*found, strict=True))
    return nft, whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", type=int, default=5000, help="how many are published (%(default)s)")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--backends", nargs="*", default=["nft", "legacy", NATIVE])
    options = parser.parse_args()
    failed = False
    for backend in options.backends:
        found = measure(backend, options.ports, options.rounds)
        worst = 0.0
        for name, spent in found.connecting.items():
            ratio = spent / found.connecting["one port"]
            worst = max(worst, ratio if name.startswith("the tree") else 0.0)
            print(f"{backend:7} {name:18} {spent:8.1f} us  {ratio:5.2f} times one port", flush=True)
        failed |= worst > ALLOWED[backend]
        print(f"{options.ports} ports: {worst:.2f} times one port at most, {ALLOWED[backend]} allowed", flush=True)
        if backend == NATIVE:
            failed |= found.nft > ALLOWED_TO_MOVE
            print(
                f"one of {options.ports} ports moved: nft takes {found.nft:.1f} ms, {ALLOWED_TO_MOVE} allowed;", end=""
            )
            print(f" the module takes {found.module:.0f} ms", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
