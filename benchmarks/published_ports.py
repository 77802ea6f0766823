# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a new connection takes with many published ports, compared with one.

``python -m benchmarks.published_ports``, in the environment of the tests; needs no root.

Three hosts on one segment publish a web server of theirs: one host on one port, the others on thousands, by rules as
the module dnat writes them and by the same rules in one chain. A neighbour connects to each in turns, so that whatever
else the machine does slows all of them. Of many rounds the quickest counts: noise only ever adds. IPv4, with both
backends of iptables, and with nftables alone, where a map has the place of the tree. Ends with exit code 1 where many
ports take more than 1.3 times as long as one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks import connecting
from tests.integration.rule_hosts import NATIVE, NETWORK, SOURCES, add_network, forward_everything, use_backend
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.segment import Segment

ALLOWED = 1.3
_SERVER = """
import socket
server = socket.create_server(("", 80), backlog=1024)
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""


@dataclass(frozen=True)
class Contestant:
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
    if name == "one chain" and backend != NATIVE:
        _flatten(host)
    server = host.inside("web").popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE)
    assert server.stdout
    server.stdout.readline()
    return Contestant(name, address, ports)


def measure(backend: str, count: int, rounds: int) -> dict[str, float]:
    """Microseconds per connection by contestant. With many ports, for the last ones and for all in turn."""
    many = [1000 + number * (64000 // count) for number in range(count)]
    found: dict[str, float] = {}
    with Lab() as lab:
        wan = lab.segment("wan")
        contestants = [
            _contestant(lab, wan, 1, "one port", backend, many[-1:]),
            _contestant(lab, wan, 2, "one chain", backend, many),
            _contestant(lab, wan, 3, "the tree", backend, many),
        ]
        client = wan.neighbour("client", ["192.0.2.9/24"])
        for _round in range(rounds):
            for one in contestants:
                last, spread = one.ports[-1:] * 50, one.ports[:: max(1, len(one.ports) // 50)]
                many_aims = {f"{one.name}, last": last, f"{one.name}, spread": spread}
                aims = many_aims if len(one.ports) > 1 else {one.name: last}
                for name, ports in aims.items():
                    spent = client.call(connecting.connect, one.address, ports) * 1e6
                    found[name] = min(found.get(name, spent), spent)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", type=int, default=5000, help="how many are published (%(default)s)")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--backends", nargs="*", default=["nft", "legacy", NATIVE])
    options = parser.parse_args()
    worst = 0.0
    for backend in options.backends:
        found = measure(backend, options.ports, options.rounds)
        for name, spent in found.items():
            ratio = spent / found["one port"]
            worst = max(worst, ratio if name.startswith("the tree") else 0.0)
            print(f"{backend:7} {name:18} {spent:8.1f} us  {ratio:5.2f} times one port", flush=True)
    print(f"{options.ports} ports: {worst:.2f} times one port at most, {ALLOWED} allowed")
    return int(worst > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
