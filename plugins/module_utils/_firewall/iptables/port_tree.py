# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Arrange the rules of published ports: in one chain while there are few, in a tree of chains when there are many.

A new connection passes its chain rule by rule, which dominates its cost when thousands of ports are published. In the
tree it passes at most 16 rules for its block of 4,096 ports, 16 for that of 256, and then the rules of that block:

    LINUXNET-DNAT         -p tcp -m tcp --dport 4096:8191 -j LINUXNET-DNAT-TCP-1
    LINUXNET-DNAT-TCP-1   -p tcp -m tcp --dport 7936:8191 -j LINUXNET-DNAT-TCP-1F
    LINUXNET-DNAT-TCP-1F  -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80

Blocks never move, so a rule's chain depends on its ports alone (a chain's name ends with the first hexadecimal digits
of its port numbers). A range that no block holds goes into the chain above. A packet that matches nothing in a block
returns to the chain above. So in each chain, ports published on one address come before the jumps to blocks, and ports
published on all addresses after them. The number of rules alone decides between the two forms, so the same ports always
end in the same rules, however they were added.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import PortRange
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.chains import Group
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place

#: Up to this many rules of one family stay in one chain.
FEW = 64
#: About as many rules of a port decide about others than its sources.
_GATE = 3
#: How many low bits the ports of a block differ in, smaller blocks first.
_SIZES = (8, 12)
#: The prefix of block names, by the chain at the root of the tree. A name has at most 28 characters.
_STEMS = {
    chains.DNAT: "LINUXNET-DNAT",
    chains.LOOPBACK: "LINUXNET-DNAT-LO",
    chains.OWN: chains.OWN,
    chains.ALLOW: chains.ALLOW,
}
_ROOTS = {stem: root for root, stem in _STEMS.items()}
_NAME = re.compile(r"(LINUXNET-(?:DNAT(?:-LO|-OWN)?|ALLOW))-(TCP|UDP|SCTP)-([0-9A-F]{1,2})")


class Block(t.NamedTuple):
    """The chain for a block of ports. ``number`` is what they have in common: the port shifted right by ``bits``."""

    bits: int
    root: str
    protocol: str
    number: int

    @property
    def chain(self) -> str:
        digits = (16 - self.bits) // 4
        return f"{_STEMS[self.root]}-{self.protocol.upper()}-{self.number:0{digits}X}"

    @property
    def above(self) -> Block | None:
        """The block that contains this one; None for the largest, which hang from the root."""
        larger = _SIZES.index(self.bits) + 1
        if larger == len(_SIZES):
            return None
        bits = _SIZES[larger]
        return Block(bits, self.root, self.protocol, self.number >> bits - self.bits)

    @property
    def way_in(self) -> Place:
        """The jump to this block's chain."""
        first, last = self.number << self.bits, ((self.number + 1) << self.bits) - 1
        text = rule_text.render(
            self.chain,
            [chains.SHARED],
            protocol=self.protocol,
            matches=(f"-m {self.protocol} --dport {first}:{last}",),
        )
        return Place(self.above.chain if self.above else self.root, text)


def block(chain: str) -> Block | None:
    """The block whose chain has this name, None if it is not the chain of a block."""
    found = _NAME.fullmatch(chain)
    if not found:
        return None
    stem, protocol, digits = found.groups()
    return Block(16 - 4 * len(digits), _ROOTS[stem], protocol.lower(), int(digits, 16))


def smallest(root: str, protocol: str, ports: PortRange) -> Block | None:
    """The smallest block that contains all of these ports, None if no block does."""
    for bits in _SIZES:
        if ports.first >> bits == ports.last >> bits:
            return Block(bits, root, protocol, ports.first >> bits)
    return None


class Layout:
    """Where each rule of a table goes, given everything that will be published."""

    def __init__(self, published: t.Iterable[Publication]) -> None:
        count = dict.fromkeys(_STEMS, 0)
        for publication in published:
            sources = len(publication.allowed_sources)
            count[chains.LOOPBACK if publication.key.loopback else chains.DNAT] += sources or 1
            if sources:
                count[chains.OWN] += 1
                count[chains.ALLOW] += sources + _GATE
        self._many = {root for root, number in count.items() if number > FEW}

    def place(self, place: Place) -> Place:
        """The place of a rule of a port, which is in the root chain or in a block of that, or in none of these."""
        inside = block(place.chain)
        root = inside.root if inside else place.chain
        if root not in _STEMS:
            return place
        if root not in self._many:
            return Place(root, place.text)
        entry = rule_text.fields(place.text)
        first, _colon, last = entry.options["--dport"].partition(":")
        found = smallest(root, entry.options["-p"], PortRange(int(first), int(last or first)))
        return Place(found.chain if found else root, place.text)


def groups(roots: t.Sequence[Group], names: t.Iterable[str]) -> list[Group]:
    """The groups of the blocks among ``names`` and of those around them, smaller blocks first, then the roots' own.

    A group is handled after those inside it, so that the jump to a block is added and removed with the block's rules.
    """
    blocks: dict[Block, None] = {}
    managed = {root.content[0] for root in roots}
    for name in names:
        found = block(name)
        if found and found.root not in managed:
            continue
        while found and found not in blocks:
            blocks[found] = None
            found = found.above
    inside: dict[str, list[str]] = {}
    for one in sorted(blocks):
        inside.setdefault(one.root, []).append(one.chain)
        if one.above:
            inside.setdefault(one.above.chain, []).append(one.chain)
    made = [Group((one.chain,), (), (one.way_in,), tuple(inside.get(one.chain, ()))) for one in sorted(blocks)]
    return made + [root._replace(inside=tuple(inside.get(root.content[0], ()))) for root in roots]
