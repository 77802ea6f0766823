# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/rules.md, made of what the role's planner and the modules' planners decide.

``python -m tests.unit.rules.rules_page`` writes it, with repository and collection on the path as for the tests.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import TABLES
from tests.lab.paths import REPOSITORY
from tests.unit.plan.builders import dual, plan, variables
from tests.unit.plan.world import empty_info, interface
from tests.unit.rules.reasons import REASONS, number_of
from tests.unit.rules.worlds import Tables, empty_host, run

PAGE = REPOSITORY / "docs/rules.md"
COMMAND = "python -m tests.unit.rules.rules_page"

_PORTS = ["8080:80", "127.0.0.1:8081:81", "5000-5010:6000-6010/udp"]
_NOT_ON_LOOPBACK = [_PORTS[0], _PORTS[2]]
_RANGES = [
    {"subnet": "172.18.0.0/16", "iprange": "172.18.5.0/24"},
    {"subnet": "fd00:18::/64", "iprange": "fd00:18::5:0/112"},
]

Info = dict[str, Any]


def _endpoints(ports: list[str]) -> list[Any]:
    return [{"namespace": "web", "published_ports": ports}, "db"]


#: Heading, what is to be said, and the role's variables.
MODES: list[tuple[str, str, Info]] = [
    ("nat", "The default.", dual(*_endpoints(_PORTS))),
    (
        "nat-unprotected",
        "Whoever routes to the endpoints' addresses by this host reaches all of their ports.",
        dual(*_endpoints(_PORTS), gateway_mode="nat-unprotected"),
    ),
    (
        "routed",
        "Nothing is translated; published ports are open at the endpoints' own addresses, and by these alone.",
        dual(*_endpoints(_NOT_ON_LOOPBACK), gateway_mode="routed"),
    ),
    ("internal", "No way in, no way out.", dual("web", "db", internal=True)),
    (
        "icc: false",
        (
            "Endpoints do not reach each other. Where the kernel shows bridged frames to iptables, one rule more lets"
            " those of ports that are not isolated pass: `-i br0 -o br0 -m physdev --physdev-is-bridged`."
        ),
        dual(*_endpoints(_PORTS), icc=False),
    ),
    (
        "external",
        "The bridge is not ours, and its maker decides what may cross it. Ours are published ports and masquerading.",
        dual(*_endpoints(_NOT_ON_LOOPBACK), external=True, ipam_config=_RANGES),
    ),
    (
        "IPv4 only",
        "The other family is closed, since an endpoint's root can give itself an address of it.",
        variables(*_endpoints(_PORTS)),
    ),
]

INTRODUCTION = f"""\
<!--
Copyright (c) 2026, the netplumb.linuxnet authors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# The rules

All rules of a network `br0` with the endpoints `web` and `db`, of which `web` publishes `8080:80`,
`127.0.0.1:8081:81` and `5000-5010:6000-6010/udp`, in each mode that the role knows. The number in front says why the
rule is there, see the table. Every rule also carries a comment that names its owner, which is left out here.

Each address of an endpoint is one rule in the chain of its bridge, `LINUXNET-GUARD-` with a digest of the bridge's
name, and each published port or range is one rule; in a routed network one in mangle and one in filter. All else does
not depend on how many there are. The drops stand in mangle and in filter: one in mangle
holds whatever another tool accepts earlier in filter, and `iptables -F` alone opens nothing.

This page is made by `{COMMAND}` and compared by a test.
"""

MANY = """\
## Many ports

Up to 64 published ports of one family stand in one chain. More than that stand in a tree, since a new connection would
otherwise be held against each of them: the chain has one rule for each block of 4,096 ports, this one's chain one for
each block of 256, and that one's the published ports. The blocks never move. A range that no block of 256 holds stands
in the chain above. With 5,000 published ports a connection takes 1.0 to 1.1 times as long as with one; in a single
chain it would be 3 to 6 times (`python -m benchmarks.published_ports`). The step from one form to the other is one
transaction and takes along the ports of all networks. Which form it is depends on the number of published ports alone.

Ports that are opened in routed networks stand in one chain, however many there are.

## Many endpoints

Up to 64 addresses of one family stand in the chain of their bridge. More than that stand in a tree by their last
digits, so that a packet of an endpoint is held against 16 rules for the last one, 16 for the one before it, and then
those of the addresses that end so: with a thousand endpoints some 20 rules, in one chain it would be 500. A packet that
does not come by the bridge passes one rule of it.
"""


def rules(wish: Info) -> Tables:
    """The host's tables after the role was applied, as far as rules go."""
    info = empty_info()
    if wish.get("external"):
        addresses = ["172.18.0.1/16", "fd00:18::1/64"]
        info["host"]["interfaces"].append(interface("br0", kind="bridge", addresses=addresses))
    host = empty_host()
    document = plan(wish, info)
    for module in ("bridge_forward", "masquerade", "dnat"):
        elements = [{"owner": "br0", **element} for element in document["modules"][module]]
        if elements:
            host, _changed = run(host, module, elements)
    return host


def lines(host: Tables, family: str) -> list[tuple[str, str]]:
    """Table and rule, in the order in which a packet meets the tables; comments are left out."""
    return [
        (table, f"{chain} {re.sub(r'-m comment --comment [^ ]+ ?', '', text)}")
        for table in TABLES
        for chain, texts in host[family, table].chains.items()
        for text in texts
    ]


def _mode(heading: str, words: str, wish: Info) -> str:
    host = rules(wish)
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


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
