# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacked host: five networks, a neighbour on its segment, the world beyond, and watchers everywhere.

    lan 192.0.2.9 --------+---- host eth0 192.0.2.1, 192.0.2.5
    outside 192.0.2.254 --+     br0 172.18/16  web .2 (published in every way)  db .3
      198.51.100.1 beyond       br1 172.19/16  app .2
                                br2 172.20/16  in1 .2  in2 .3      internal
                                br3 172.21/16  t1 .2  t2 .3        without icc
                                br4 172.22/16  r1 .2  r2 .3        routed

IPv6 likewise: 2001:db8::1 and ::9 on the segment, 2001:db8:ff::1 beyond, fd00:18::/64 and so on behind the bridges.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.integration.rule_hosts import use_backend
from tests.integration.traffic import agents
from tests.integration.traffic.combinations import prepare
from tests.lab import town
from tests.lab.calls import Background
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.place import Place
from tests.lab.traffic import Answer

SECOND = "192.0.2.5"
PUBLISHED = [
    "8080:80",
    "53:53/udp",
    "127.0.0.1:8081:81",
    "127.0.0.1:8081:81/udp",
    "127.0.0.5:8082:81",
    "127.0.0.5:8082:81/udp",
    f"{SECOND}:8083:80",
    f"{SECOND}:8083:53/udp",
    "[2001:db8::1]:8084:80",
    "[2001:db8::1]:8084:53/udp",
    "7000-7003:7100-7103",
    "7000-7003:7100-7103/udp",
]
#: Endpoints by bridge; the number is part of the subnet.
BRIDGES = {"br0": 18, "br1": 19, "br2": 20, "br3": 21, "br4": 22}
ENDPOINTS = {"br0": ("web", "db"), "br1": ("app",), "br2": ("in1", "in2"), "br3": ("t1", "t2"), "br4": ("r1", "r2")}
SETTINGS: dict[str, dict[str, Any]] = {
    "br2": {"internal": True},
    "br3": {"icc": False},
    "br4": {"gateway_mode": "routed"},
}
PORTS = {"web": PUBLISHED, "t1": ["8090:80", "8090:53/udp"], "r1": ["8095:80", "8095:53/udp"]}
SERVERS = [
    ("tcp", 80), ("tcp", 81), ("tcp", 7100), ("tcp", 7101), ("tcp", 7103), ("tcp", 7777),
    ("udp", 53), ("udp", 81), ("udp", 7100), ("udp", 7101), ("udp", 7103), ("udp", 7777),
]  # fmt: skip
#: The address in each family, by name.
ADDRESSES: dict[str, tuple[str, str]] = {
    "host": town.HOST,
    "lan": town.NEIGHBOUR,
    "router": town.ROUTER,
    "outside": town.WORLD,
    **{
        name: (f"172.{number}.0.{last}", f"fd00:{number}::{last}")
        for bridge, number in BRIDGES.items()
        for last, name in enumerate((bridge, *ENDPOINTS[bridge]), 1)
    },
}
BRIDGE_OF = {name: bridge for bridge, names in ENDPOINTS.items() for name in names}
#: A rule of another tool that exempts these packets from tracking.
NOTRACK = 4999
_GUARD = "add table bridge linuxnet"
_FOREIGN = f"-t raw -C PREROUTING -p udp --dport {NOTRACK} -j CT --notrack"


def network(bridge: str) -> dict[str, Any]:
    """The role's variables for one of the networks."""
    number = BRIDGES[bridge]
    endpoints = [
        {
            "namespace": name,
            "host_interface": f"v{name}",
            "ipv4_address": ADDRESSES[name][0],
            "ipv6_address": ADDRESSES[name][1],
            "published_ports": PORTS.get(name, []),
        }
        for name in ENDPOINTS[bridge]
    ]
    subnets = [{"subnet": f"172.{number}.0.0/16"}, {"subnet": f"fd00:{number}::/64"}]
    return {"name": bridge, "ipam_config": subnets, "endpoints": endpoints, **SETTINGS.get(bridge, {})}


@dataclass
class Siege:
    """The attacked host and everything around it, running."""

    host: Host
    lan: Host
    outside: Host
    watchers: dict[str, Background] = field(default_factory=dict)
    servers: dict[str, Background] = field(default_factory=dict)
    macs: dict[str, str] = field(default_factory=dict)
    volleys: int = 0
    shots: int = 0
    bridge_nf: int | None = None

    @property
    def firewall(self) -> str:
        """The one that the networks ask for."""
        return self.host.firewall

    def place(self, name: str) -> Place:
        if name in BRIDGE_OF:
            return self.host.inside(name)
        return {"host": self.host, "lan": self.lan, "outside": self.outside}[name]

    def apply(self, *bridges: str) -> None:
        """Apply the role for these networks, or for all, by one call as the role does."""
        networks = [network(bridge) for bridge in bridges or BRIDGES]
        self.host.module("bridge_network", {"aggregate": networks, "firewall": self.firewall})

    def configure(self, bridge_nf: int, policy: str, rp_filter: int) -> None:
        """Set what differs between kinds of hosts, and run the role again if the settings require it."""
        prepare(self.host, bridge_nf, policy, rp_filter)
        if bridge_nf != self.bridge_nf:
            self.bridge_nf = bridge_nf
            self.apply()
        self.filter_bridges(2 if rp_filter else 0)
        self.guard_ports()

    def filter_bridges(self, rp_filter: int) -> None:
        """Set rp_filter of the bridges; the role sets 2."""
        for bridge in BRIDGES:
            self.host.sysctl(f"net/ipv4/conf/{bridge}/rp_filter", rp_filter)

    def unfiltered(self) -> None:
        """Switch rp_filter of the bridges off, since it would hide what the rules let pass."""
        self.filter_bridges(0)

    def free_ports(self) -> None:
        """Put what guards the ports to sleep, as on a host without nft."""
        self.host.sh(f"nft '{_GUARD} {{ flags dormant; }}'")

    def guard_ports(self) -> None:
        """Wake it again."""
        self.host.sh(f"nft '{_GUARD}'")

    def expose(self) -> None:
        """Remove what stops attacks on such hosts besides our rules, so that a control tests only these."""
        self.free_ports()
        prepare(self.host, self.bridge_nf or 0, "ACCEPT", 0)
        self.unfiltered()
        self.host.call(agents.forget_flows)

    def policy(self, policy: str) -> None:
        self.host.sh(f"iptables -P FORWARD {policy}; ip6tables -P FORWARD {policy}")

    def foreign_rules(self) -> None:
        """Create, or restore, what another tool keeps in the tables."""
        add = _FOREIGN.replace("-C", "-A")
        self.host.sh(f"for x in iptables ip6tables; do $x {_FOREIGN} 2>/dev/null || $x {add}; done")

    def refresh(self) -> None:
        """Have the host resolve all MAC addresses, so that no attack waits for that in vain."""
        targets = [address for name in (*BRIDGE_OF, "lan", "router") for address in ADDRESSES[name]]
        self.host.sh("\n".join(f"ping -qnc1 -W1 {address} >/dev/null &" for address in targets) + "\nwait")

    def learn(self) -> None:
        """Read the MAC addresses of all interfaces again."""
        for name in ("lan", "outside", *BRIDGE_OF):
            self.macs[name] = self.place(name).ip("link", "show", "eth0")[0]["address"]
        for link in self.host.ip("link", "show"):
            self.macs[link["ifname"]] = link["address"]

    def router_of(self, name: str) -> str:
        """The MAC address of the host for a place."""
        return self.macs[BRIDGE_OF.get(name, "eth0")]

    def watch(self, name: str) -> None:
        """Start or restart the watcher for marked packets at a place."""
        if name in self.watchers:
            self.watchers.pop(name).stop()
        agent = agents.deliveries if name == "host" else agents.arrivals
        self.watchers[name] = self.place(name).start(agent)

    def serve(self, name: str) -> None:
        """Start or restart a place's echo servers. Clients tell them apart by address."""
        if name in self.servers:
            self.servers.pop(name).stop()
        where = [(kind, address, port) for address in ADDRESSES[name] for kind, port in SERVERS]
        self.servers[name] = self.place(name).start(agents.serve_all, where)

    def settle(self) -> None:
        """Read addresses and fill caches, after links were created or removed."""
        self.learn()
        self.refresh()

    def ask(self, client: str, questions: list[agents.Question], timeout: float = 1.0) -> list[Answer | None]:
        """Ask many servers at once from one place."""
        return [Answer.of(text) for text in self.place(client).call(agents.ask_all, questions, timeout)]

    def stop(self) -> None:
        for background in (*self.watchers.values(), *self.servers.values()):
            background.stop()


@contextlib.contextmanager
def besieged(backend: str = "nft") -> Iterator[Siege]:
    """Build it, on a host without networks."""
    with Lab() as lab:
        built = town.build(lab)
        use_backend(built.host, backend)
        built.host.sh(f"ip address add {SECOND}/24 dev eth0")
        siege = Siege(built.host, built.neighbour, built.outside)
        siege.foreign_rules()
        siege.configure(0, "ACCEPT", 0)
        siege.watch("host")
        for name in ("lan", "outside", *BRIDGE_OF):
            siege.watch(name)
            siege.serve(name)
        siege.settle()
        try:
            yield siege
        finally:
            siege.stop()
