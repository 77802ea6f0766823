# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page docs/nftables.md: the same networks as in docs/rules.md, in a table of nftables.

``python -m docs.make nftables`` writes it.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables import (
    layout,
    network_rules,
    port_elements,
    source_rules,
)
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Document, Hook
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import port_guards
from docs.make.pages import header
from docs.make.rules import MODES, Info, decided
from tests.lab.paths import REPOSITORY
from tests.unit.rules.worlds import wants

PAGE = REPOSITORY / "docs/nftables.md"
COMMAND = "python -m docs.make nftables"

INTRODUCTION = f"""\
{header()}

# The rules with nftables

With `bridge_network_firewall: nftables`, or without iptables on the host, the rules of all networks are in one table,
`inet linuxnet`. It passes the same attacks and the same wanted paths as the rules of iptables ([rules.md](rules.md),
which has the reason for each). Only `nft` 1.0.1 or newer is needed.

- What depends on the interface is found by a map, so a packet meets the chains of its own network only. Published ports
  are elements of maps: with 5,000 of them a new connection takes 0.98 to 1.03 times as long as with one, and `nft`
  takes 12 ms to move one of them (`python -m benchmarks.published_ports --backends native`).
- A drop is final, whatever another tool accepts, so each rule stands once. What this table accepts, another table may
  still drop. Where the host has tables of iptables, two rules for each bridge in `LINUXNET-TO` let pass there what has
  been decided here, whatever the policy of FORWARD. A warning names chains of other tools that drop forwarded packets.
- If those tables appear later and drop, the network carries nothing until its next run adds these rules. When Docker,
  firewalld, ufw or a service that loads rules is started, a persistent network runs by itself. Nothing tells of a
  command such as `iptables -P FORWARD DROP`: the tables are no files that a unit could watch, so run the role or
  `systemctl reload linuxnet-NAME` after it.
- Connections are translated after iptables and Docker have had their turn: the first table that translates one decides.
- Each run changes only what differs. A network is built and repaired in one transaction, whatever its ports, with the
  rules that guard its ports (`table bridge linuxnet`). One more follows the links of endpoints that leave, which are
  guarded until then; a network is removed in two: ports before the links, what keeps strangers out after them. On a
  host without iptables this holds for all networks of a call together, also if it removes some and builds others; no
  other program is started, and none at all if nothing has to be changed.
- A run finds rules, elements, chains, priorities and policies that somebody changed, and rules that somebody added to
  this table. A rule is compared by the bytes that the kernel keeps, with what `/run/linuxnet/nftables` recorded when it
  was written; without the record, the table is written anew. Elements are read by netlink, which takes a fifth of the
  time of `nft -j list`.
- Every rule and element names its owner in its comment.
- `nft flush ruleset`, and so `systemctl restart nftables`, removes this table with all others; the next run or the
  service of a persistent network restores it. `iptables -F` and `iptables-restore` do not touch it.
- When `bridge_network_firewall` changes, the rules are created in the new firewall before they leave the old one. No
  packet passes in between that would not pass before or after, and connections continue.

What differs from iptables:

- With `bridge_network_icc: false`, if the kernel passes bridged frames to nftables (if
  `net.bridge.bridge-nf-call-iptables` is 1), frames between an endpoint and a card in the same bridge pass by the mark
  0x6c6e6574, which they have while these rules see them. A frame that another rule has marked before is dropped:
  nftables cannot tell it from a packet that took the detour by the gateway.
- `bridge_network_forward_policy: drop` sets the policy of this table's own chain, so it also stops what other tools
  forward. With iptables, their rules in FORWARD would still accept it.
- There is no chain for the administrator's rules. Put them in a table of your own, at any priority.

`{COMMAND}` generates this page, and a test compares it with the code. Comments are left out.

## What all networks share
"""


def _documents(want: Info) -> list[Document]:
    """What the definitions of a network ask for, by the planners of the role and of the modules."""
    modules = decided(want)["modules"]

    def asked(module: str) -> list[Any]:
        return wants(module, [{"owner": "br0", **element} for element in modules[module]])

    made = [network_rules.document(dict.fromkeys(one.families, one.network)) for one in asked("bridge_forward")]
    made += [source_rules.document(one.rule) for one in asked("masquerade")]
    made += [port_elements.document(one.publication, lambda _name: False) for one in asked("dnat")]
    return made


def _network(want: Info) -> str:
    chains: dict[str, list[str]] = {}
    elements: dict[str, list[str]] = {}
    for document in _documents(want):
        for chain, found in document.chains.items():
            chains.setdefault(chain, []).extend(line.text for line in sorted(found, key=lambda line: line.rank))
        for name, added in document.elements.items():
            shown = (f"{one.key} : {one.value}" if one.value else one.key for one in added)
            elements.setdefault(name, []).extend(shown)
    parts = [f"{layout.SETS[name].word} {name}\n" + _indented(found) for name, found in elements.items() if found]
    parts += [f"chain {chain}\n" + _indented(found) for chain, found in chains.items() if found]
    return "\n".join(parts)


def _indented(texts: list[str]) -> str:
    return "".join(f"    {text}\n" for text in texts)


def _constant() -> str:
    parts = [f"{kind.word} {name} {kind}\n" for name, kind in layout.SETS.items()]
    for chain, found in layout.CONSTANT.items():
        hook = f" {layout.BASE[chain]}" if chain in layout.BASE else ""
        parts.append(
            f"\nchain {chain}{hook}\n" + _indented([line.text for line in sorted(found, key=lambda one: one.rank)])
        )
    return "".join(parts)


GUARD = """\
## What guards ports

The table `bridge linuxnet` holds the ports of endpoints with `guard` to their own addresses. It is the same with
iptables, if `nft` is installed, and it is in the hook that sees a frame first, before the bridge and br_netfilter. Its
rules are constant; a port has elements in each set. The targets and links are addresses and MAC addresses once more, in
the form in which raw parts of a message of neighbour discovery are compared. Frames of other ports and bridges pass
after one lookup. It goes with its last port.
"""


def _guard() -> str:
    parts = [text.format(name) + "\n" for name, text in port_guards.SETS.items()]
    for chain, found in reversed(port_guards.RULES.items()):
        hook = f" {Hook(*port_guards.HOOKS[chain])}" if chain in port_guards.HOOKS else ""
        parts.append(f"\nchain {chain}{hook}\n" + _indented(list(found)))
    return "".join(parts)


def page() -> str:
    """The whole page."""
    modes = [f"## {heading}\n\n{words}\n\n```text\n{_network(want)}```\n" for heading, words, want in _modes()]
    return "\n".join([INTRODUCTION, f"```text\n{_constant()}```\n", *modes, GUARD, f"```text\n{_guard()}```\n"])


def _modes() -> list[tuple[str, str, Info]]:
    """Those of docs/rules.md whose bridge is the network's own, and ports with a list of sources."""
    return [
        (heading, "Endpoints do not reach each other." if heading == "icc: false" else words, want)
        for heading, words, want in MODES
        if not want.get("external") or heading.startswith("A list")
    ]


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")
