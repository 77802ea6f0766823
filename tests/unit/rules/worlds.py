# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of plain values with networks, masquerading and published ports, and manual changes to their rules."""

from __future__ import annotations

import contextlib
import copy
import ipaddress
from typing import Any

from hypothesis import strategies as st

from ansible_collections.netplumb.linuxnet.plugins.module_utils._converge import Plan
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.errors import Refused
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.bridge_forward import BridgeForward
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.bridge_forward import State as ForwardState
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.dnat import Dnat
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.dnat import State as DnatState
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import (
    isolating,
    publishing,
    rule_ledger,
    tables,
    translating,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Table
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.masquerade import Masquerade
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.masquerade import State as MasqueradeState
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewalls import rules
from tests.unit.rules.restore import restore

Tables = dict[tuple[str, str], Table]
Options = dict[str, Any]
#: A module's name and its options.
Call = tuple[str, list[Options]]

FIREWALL = rules.chosen()
RESOURCES: dict[str, Any] = {
    "bridge_forward": BridgeForward(FIREWALL),
    "masquerade": Masquerade(FIREWALL),
    "dnat": Dnat(FIREWALL),
}
DEFAULTS: dict[str, Options] = {
    "bridge_forward": {
        "subnets": None,
        "gateway_mode": "nat",
        "gateway_mode_ipv6": None,
        "internal": False,
        "icc": True,
        "trusted_interfaces": None,
        "masquerade": True,
        "answers_by": None,
        "inhibit_gateway": False,
        "neighbours": None,
        "purge_neighbours": False,
        "egress": "allow",
        "senders": None,
        "purge_senders": False,
        "gateways": None,
        "masquerade_protocols": "common",
        "forward_policy": "keep",
        "ip_version": "both",
    },
    "masquerade": {"out_interface": None, "to_source": None, "random_fully": False},
    "dnat": {
        "ip_version": None,
        "protocol": "tcp",
        "host_ip": None,
        "to_address": None,
        "to_port": None,
        "in_interface": None,
        "out_interface": None,
        "gateway_mode": "nat",
        "allowed_sources": None,
    },
}


def neighbour(address: Any, second: bool = False) -> Options:
    """An address with its MAC address, or with another one."""
    return {"address": str(address), "mac_address": f"{'06' if second else '02'}:00:{address.packed[-4:].hex(':')}"}


def empty_host() -> Tables:
    """All tables of both families as the kernel creates them."""
    return {(family, name): tables.empty(name) for family in FAMILIES for name in TABLES}


def wants(module: str, definitions: list[Options]) -> list[Any]:
    """The wants of a module's call, absent ones first like in the converge loop."""
    common = {"state": "present", "netns": None, "owner": "default", "firewall": "auto"}
    found = [RESOURCES[module].want({**common, **DEFAULTS[module], **definition}) for definition in definitions]
    return sorted(found, key=lambda want: want.state != "absent")


def state(module: str, wanted: list[Any], have: Any) -> Any:
    """What a module would have read on a host with the right settings.

    :param have: what its firewall has
    """
    if module == "bridge_forward":
        return ForwardState(have, {(None, want.network.bridge): "0" for want in wanted})
    if module == "dnat":
        interfaces = {want.bridge_to_loopback for want in wanted} | {one.out_interface for _ref, one in have.every()}
        return DnatState(have, {(None, name): "1" for name in interfaces if name})
    return MasqueradeState(have)


def plan(host: Tables, module: str, definitions: list[Options], bridge_nf: bool = False) -> Plan:
    """A module's plan for the host."""
    wanted = wants(module, definitions)
    read = rule_ledger.Tables({None: None}, set(), {(None, *key): table for key, table in host.items()}, {})
    have = {
        "bridge_forward": lambda: isolating.Isolations(read, {(None, family) for family in FAMILIES if bridge_nf}),
        "masquerade": lambda: translating.Translations(read),
        "dnat": lambda: publishing.Publications(read),
    }[module]()
    return RESOURCES[module].plan(wanted, state(module, wanted, have))


def run(host: Tables, module: str, definitions: list[Options], bridge_nf: bool = False) -> tuple[Tables, bool]:
    """The host after a run of the module, and whether the module reported a change."""
    planned = plan(host, module, definitions, bridge_nf)
    new = copy.deepcopy(host)
    for step in planned.steps:
        if isinstance(step, rule_ledger.WriteRules):
            key = (step.family, step.table)
            new[key] = restore(new[key], tables.restore_text(step.table, step.edits))
    return new, any(change.changed for change in planned.changes)


def _owner(number: int) -> str:
    return f"owner-{number}"


_ELSEWHERE = [ipaddress.ip_network(text) for text in ("192.0.2.0/24", "192.0.2.7/32", "2001:db8::/32")]


@st.composite
def senders(draw: st.DrawFn, reachable: list[Any]) -> list[Options]:
    """Lists of what endpoints may send to, some of which overlap; only in versions that the first networks have."""
    own = {one.version for one in reachable if one not in _ELSEWHERE}
    targets = [one for one in reachable if one.version in own]
    entry = st.builds(_entry, st.sampled_from(targets), st.sampled_from(["", ":53/udp", ":80-443/tcp", ":100-500/tcp"]))
    lists = st.lists(entry, max_size=4)
    count = draw(st.sampled_from([0, 1, 2]))
    return [
        {"mac_address": f"02:00:00:00:01:{number:02x}", "destinations": draw(lists), "receivers": draw(lists)}
        for number in range(count)
    ]


def _entry(network: Any, port: str) -> str:
    return f"[{network}]{port}" if network.version == 6 and port else f"{network}{port}"


@st.composite
def networks(draw: st.DrawFn, number: int = 0) -> Options:
    """A definition of bridge_forward. The number keeps definitions apart."""
    internal = draw(st.booleans())
    subnets = [f"172.{18 + number}.0.0/16", f"fd00:{18 + number}::/64", f"10.{number}.0.0/24"]
    definition = {
        "bridge": f"br{number}",
        "owner": _owner(number),
        "subnets": draw(st.lists(st.sampled_from(subnets), min_size=1, unique=True)),
        "gateway_mode": draw(st.sampled_from(["nat", "nat-unprotected", "routed"])),
        "gateway_mode_ipv6": draw(st.sampled_from([None, "nat", "routed"])),
        "internal": internal,
        "icc": draw(st.booleans()),
        "masquerade": draw(st.booleans()),
        "inhibit_gateway": draw(st.booleans()),
        "masquerade_protocols": draw(st.sampled_from(["common", "all"])),
        "forward_policy": draw(st.sampled_from(["keep", "drop"])),
    }
    if not definition["inhibit_gateway"]:
        count = draw(st.sampled_from([0, 1, 3]))
        chosen = [ipaddress.ip_network(subnet) for subnet in definition["subnets"]]
        hosts = [one[place] for one in chosen for place in range(2, min(count + 2, one.num_addresses))]
        definition["neighbours"] = [neighbour(address) for address in hosts]
        if hosts and draw(st.booleans()):
            definition["neighbours"].append(neighbour(hosts[0], second=True))
        definition["purge_neighbours"] = True
        definition["egress"] = draw(st.sampled_from(["allow", "deny"]))
        definition["senders"] = draw(senders([*chosen, *([] if internal else _ELSEWHERE)]))
        definition["purge_senders"] = True
    if not internal:
        definition["trusted_interfaces"] = draw(st.lists(st.sampled_from(["eth0", "tun0", "br9"]), unique=True))
        pairs = [
            (name, str(ipaddress.ip_network(subnet)[9])) for name in ("br8", "br9") for subnet in definition["subnets"]
        ]
        chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
        definition["answers_by"] = [
            {
                "interface": name,
                "addresses": [address for other, address in chosen if other == name],
                "mac_address": draw(st.sampled_from([None, "02:00:00:00:00:09"])),
            }
            for name in dict.fromkeys(name for name, _address in chosen)
        ]
    return definition


@st.composite
def sources(draw: st.DrawFn, number: int = 0) -> Options:
    """A definition of masquerade."""
    family = draw(st.sampled_from(["v4", "v6"]))
    source = f"172.{18 + number}.0.0/16" if family == "v4" else f"fd00:{18 + number}::/64"
    fixed = "192.0.2.5" if family == "v4" else "2001:db8::5"
    return {
        "source": source,
        "owner": _owner(number),
        "out_interface": draw(st.sampled_from([None, "eth0", f"!br{number}"])),
        "to_source": draw(st.sampled_from([None, fixed])),
        "random_fully": draw(st.booleans()),
    }


#: Each with networks of both families, the second of those once more.
_LISTS = [
    None,
    ["198.51.100.0/24", "2001:db8:9::/48"],
    ["203.0.113.7", "198.51.100.0/25", "198.51.100.0/24", "2001:db8:9::7"],
    ["0.0.0.0/0", "::/0"],
]


@st.composite
def ports(draw: st.DrawFn, number: int = 0) -> Options:
    """A definition of dnat. The number keeps the ports of definitions apart."""
    v6 = draw(st.booleans())
    first = 5000 + 20 * number
    last = first + draw(st.integers(0, 9))
    to_first = draw(st.integers(1, 60000))
    host_ips = [None, "2001:db8::1"] if v6 else [None, "192.0.2.1", "127.0.0.1", "127.0.0.5"]
    host_ip = draw(st.sampled_from(host_ips))
    loopback = host_ip is not None and host_ip.startswith("127.")
    return {
        "protocol": draw(st.sampled_from(["tcp", "udp", "sctp"])),
        "owner": _owner(number),
        "host_ip": host_ip,
        "host_port": f"{first}-{last}",
        "to_address": str(ipaddress.ip_address("fd00:18::2" if v6 else "172.18.0.2") + draw(st.integers(0, 5))),
        "to_port": f"{to_first}-{to_first + last - first}",
        "in_interface": draw(st.sampled_from([None, "!br0"] if loopback else [None, "!br0", "eth0"])),
        "out_interface": "br0" if loopback else draw(st.sampled_from([None, "br0", "br.10"])),
        "gateway_mode": "nat" if loopback else draw(st.sampled_from(["nat", "routed"])),
        "allowed_sources": None if loopback else draw(st.sampled_from(_LISTS)),
    }


_MADE = {"bridge_forward": networks, "masquerade": sources, "dnat": ports}


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """A module and a few definitions for it, of several owners."""
    module = draw(st.sampled_from(sorted(_MADE)))
    numbers = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
    return module, [draw(_MADE[module](number)) for number in numbers]


#: Foreign rules, including catch-alls and jumps of Docker.
FOREIGN = (
    "-j ACCEPT",
    "-j DROP",
    "-j DOCKER-USER",
    "-j DOCKER-FORWARD",
    "-i docker0 -j ACCEPT",
    "-p tcp -m tcp --dport 22 -j ACCEPT",
    '-m comment --comment "it\'s mine" -j DROP',
)


@st.composite
def damaged(draw: st.DrawFn, host: Tables) -> Tables:
    """The host after somebody deleted, duplicated, moved and inserted rules."""
    new = copy.deepcopy(host)
    chains = [(key, chain) for key, table in new.items() for chain in table.chains]
    for _number in range(draw(st.integers(0, 6))):
        key, chain = draw(st.sampled_from(chains))
        rules = new[key].chains[chain]
        what = draw(st.sampled_from(["insert", "delete", "double", "move", "flush"]))
        place = draw(st.integers(0, len(rules)))
        if what == "insert":
            jumps = [
                f"-i tun0 -j {other}" for other in new[key].chains if other.startswith("LINUXNET") and other != chain
            ]
            rules.insert(place, draw(st.sampled_from([*FOREIGN, *jumps])))
        elif what == "flush":
            rules.clear()
        elif rules:
            text = draw(st.sampled_from(rules))
            if what != "double":
                rules.remove(text)
            if what != "delete":
                rules.insert(min(place, len(rules)), text)
    return new


@st.composite
def hosts(draw: st.DrawFn, damage: bool = True) -> Tables:
    """A host with the results of some calls, whose rules somebody then edited."""
    host = empty_host()
    for key in [("ipv4", "filter"), ("ipv6", "filter"), ("ipv4", "nat"), ("ipv4", "mangle")]:
        built_in = draw(st.sampled_from(list(host[key].chains)))
        host[key].chains[built_in] += draw(st.lists(st.sampled_from(FOREIGN), max_size=3))
    for module in draw(st.lists(st.sampled_from(sorted(_MADE)), max_size=3)):
        definitions = [
            draw(_MADE[module](number)) for number in draw(st.lists(st.integers(2, 6), unique=True, max_size=2))
        ]
        # A range that overlaps an earlier one is refused, and then nothing is created.
        with contextlib.suppress(Refused):
            host, _changed = run(host, module, definitions)
    return draw(damaged(host)) if damage else host
