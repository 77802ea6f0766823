# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/rules.md, made from the decisions of the role's and the modules' planners: python -m docs.make rules"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from docs.make.pages import header
from tests.lab.paths import REPOSITORY
from tests.unit.plan.builders import dual, plan, variables
from tests.unit.plan.world import empty_info, interface
from tests.unit.rules.reasons import REASONS, number_of
from tests.unit.rules.worlds import Tables, empty_host, run

PAGE = REPOSITORY / "docs/rules.md"
COMMAND = "python -m docs.make rules"

_PORTS = ["8080:80", "127.0.0.1:8081:81", "5000-5010:6000-6010/udp"]
_NOT_ON_LOOPBACK = [_PORTS[0], _PORTS[2]]
_LISTED = {"port": "5432:5432", "allowed_sources": ["198.51.100.0/24", "203.0.113.7", "2001:db8:5::/48"]}
_RANGES = [
    {"subnet": "172.18.0.0/16", "iprange": "172.18.5.0/24"},
    {"subnet": "fd00:18::/64", "iprange": "fd00:18::5:0/112"},
]

Info = dict[str, Any]


def _endpoints(ports: list[Any]) -> list[Any]:
    return [{"namespace": "web", "published_ports": ports}, "db"]


#: Heading, introduction, and the role's variables.
MODES: list[tuple[str, str, Info]] = [
    ("nat", "The default.", dual(*_endpoints(_PORTS))),
    (
        "nat-unprotected",
        "All ports of the endpoints are reachable for those who route to their addresses through this host.",
        dual(*_endpoints(_PORTS), gateway_mode="nat-unprotected"),
    ),
    (
        "routed",
        (
            "Nothing is translated. Published ports are open at the endpoints' own addresses only. Here, `web` also has"
            " port 5432, with a list of sources."
        ),
        dual(*_endpoints([*_NOT_ON_LOOPBACK, _LISTED]), gateway_mode="routed"),
    ),
    ("internal", "No way in and no way out.", dual("web", "db", internal=True)),
    (
        "icc: false",
        (
            "Endpoints do not reach each other. If the kernel passes bridged frames to iptables, an additional rule"
            " accepts those of ports that are not isolated: `-i br0 -o br0 -m physdev --physdev-is-bridged`."
        ),
        dual(*_endpoints(_PORTS), icc=False),
    ),
    (
        "egress",
        (
            "With `bridge_network_egress: deny` and a list for `web`: `192.0.2.7:443/tcp`, `10.0.0.0/8` and"
            " `[2001:db8::/32]:53/udp`. The name of a list's chain ends with the MAC address in base 36. An endpoint or"
            " network that a list names is compared with the packet's own destination instead of `--ctorigdst`."
        ),
        dual(
            {
                "namespace": "web",
                "published_ports": _PORTS,
                "egress": ["192.0.2.7:443/tcp", "10.0.0.0/8", "[2001:db8::/32]:53/udp"],
            },
            "db",
            egress="deny",
        ),
    ),
    (
        "external",
        "Whatever manages the bridge decides what may cross it. The role adds published ports and masquerading.",
        dual(*_endpoints(_NOT_ON_LOOPBACK), external=True, ipam_config=_RANGES),
    ),
    (
        "A list of sources",
        (
            "Port 5432 of `web` has a list of sources: 198.51.100.0/24, 203.0.113.7 and 2001:db8:5::/48. The bridge is"
            " external, which leaves the rules of the port alone."
        ),
        dual(*_endpoints([_LISTED]), external=True, ipam_config=_RANGES),
    ),
    (
        "IPv4 only",
        "IPv6 is closed, since the root of an endpoint can add an IPv6 address.",
        variables(*_endpoints(_PORTS)),
    ),
]

INTRODUCTION = f"""\
{header()}

# The firewall rules

All rules of a network `br0` in each mode of the role. It has the endpoints `web` and `db`, of which `web` publishes
`8080:80`, `127.0.0.1:8081:81` and `5000-5010:6000-6010/udp`. The number before a rule refers to its reason in the
first table. The comment that names the owner of each rule is left out.

Each address of an endpoint is one rule in a chain of its bridge, `LINUXNET-GUARD-` with a hash of the bridge's name.
Each published port or range is one rule, or in a routed network one in mangle and one in filter; with a list of
sources, one for each of them, and some for everybody else. The number of all other rules is constant. The drops are in
both mangle and filter: those in mangle hold if another tool accepts packets earlier in filter, and `iptables -F` alone
opens nothing.

What endpoints send to each other is held to their own addresses by a table of nftables, `bridge linuxnet`, where the
program `nft` is installed ([nftables.md](nftables.md#what-guards-ports)).

`{COMMAND}` generates this page, and a test compares it with the code.
"""

MANY = """\
## Many ports

Up to 64 published ports per IP version are in one chain. More are in a tree, since a new connection would otherwise
be compared with each of them: the chain has one rule for each block of 4,096 ports, that rule's chain one for each
block of 256, and that rule's chain the published ports. The blocks are fixed. A range that no block of 256 holds is
in the chain above. With 5,000 published ports, a connection takes 1.0 to 1.1 times as long as with one; in a single
chain it would take 3 to 6 times (`python -m benchmarks.published_ports`). The switch between the two forms is one
transaction for the ports of all networks, and depends on nothing but the number of published ports.

Ports that are opened in routed networks are always in one chain.

## Many endpoints

Up to 64 addresses per IP version are in the chain of their bridge. More are in a tree by their last digits: a packet
of an endpoint is compared with 16 rules for the last digit, 16 for the one before it, and then the addresses that end
so. With a thousand endpoints, that is about 20 rules; in one chain it would be 500. Packets that do not arrive by the
bridge pass one rule of it.
"""


def decided(want: Info) -> Info:
    """What the role decides for a host that has nothing but, if need be, the bridge."""
    info = empty_info()
    if want.get("external"):
        addresses = ["172.18.0.1/16", "fd00:18::1/64"]
        info["host"]["interfaces"].append(interface("br0", kind="bridge", addresses=addresses))
    return plan(want, info)


def rules(want: Info) -> Tables:
    """The host's tables after the role was applied."""
    host = empty_host()
    document = decided(want)
    for module in ("bridge_forward", "masquerade", "dnat"):
        elements = [{"owner": "br0", **element} for element in document["modules"][module]]
        if elements:
            host, _changed = run(host, module, elements)
    return host


def lines(host: Tables, family: str) -> list[tuple[str, str]]:
    """Table and rule, in the order in which packets pass the tables, without comments."""
    return [
        (table, f"{chain} {re.sub(r'-m comment --comment [^ ]+ ?', '', text)}")
        for table in TABLES
        for chain, texts in host[family, table].chains.items()
        for text in texts
    ]


def _mode(heading: str, words: str, want: Info) -> str:
    host = rules(want)
    parts = [f"## {heading}\n\n{words}\n"]
    for family, title in (("ipv4", "IPv4"), ("ipv6", "IPv6")):
        shown: list[str] = []
        table = ""
        for name, rule in lines(host, family):
            shown += [f"*{name}"] if name != table else []
            shown.append(f"{number_of(rule):3}  -A {rule}")
            table = name
        body = "\n".join(shown)
        parts.append(f"{title}:\n\n```text\n{body}\n```\n" if shown else f"{title}: none.\n")
    return "\n".join(parts)


def page() -> str:
    """The whole page."""
    table = "\n".join(f"| {number} | {reason} |" for number, (_rule, reason) in enumerate(REASONS, 1))
    why = f"## Why\n\n| | |\n|---|---|\n{table}\n"
    return "\n".join([INTRODUCTION, why, *(_mode(*mode) for mode in MODES), MANY])


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")
