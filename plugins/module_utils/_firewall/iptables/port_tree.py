# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""Where the rules of published ports stand: in one chain while they are few, in a tree of chains when they are many.

A new connection walks its chain rule by rule, which with thousands of ports costs more than all the rest. In the tree
it passes at most 16 rules for its block of 4,096 ports, 16 for that of 256, and then the rules of this block alone:

    LINUXNET-DNAT         -p tcp -m tcp --dport 4096:8191 -j LINUXNET-DNAT-TCP-1
    LINUXNET-DNAT-TCP-1   -p tcp -m tcp --dport 7936:8191 -j LINUXNET-DNAT-TCP-1F
    LINUXNET-DNAT-TCP-1F  -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:80

The blocks never move, so a rule's chain depends on its ports alone (a chain's name ends with the first digits of their
hexadecimal numbers). A range that no block holds stands in the chain above. A packet that finds nothing in a block
comes back to the chain above it, so that in every chain what is published on one address stands above the ways into
blocks, and what is published on all addresses below them. Which form it is depends on the number of rules alone, so
that any way to the same ports ends in the same rules.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import PortRange
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Publication
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.chains import Group
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place

#: So many rules of one family stay in one chain.
FEW = 64
#: A block is the ports that differ in so many of their last bits; the smaller ones come first.
_SIZES = (8, 12)
#: What the names of blocks begin with, by the chain that the tree hangs from. A name has 28 characters at most.
_STEMS = {chains.DNAT: "LINUXNET-DNAT", chains.LOOPBACK: "LINUXNET-DNAT-LO"}
_ROOTS = {stem: root for root, stem in _STEMS.items()}
_NAME = re.compile(r"(LINUXNET-DNAT(?:-LO)?)-(TCP|UDP|SCTP)-([0-9A-F]{1,2})")


class Block(t.NamedTuple):
    """The chain of a block of ports: ``number`` is what the ports have in common, without the last ``bits``."""

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
        """The block that this one is a part of; the largest are parts of the root."""
        larger = _SIZES.index(self.bits) + 1
        if larger == len(_SIZES):
            return None
        bits = _SIZES[larger]
        return Block(bits, self.root, self.protocol, self.number >> bits - self.bits)

    @property
    def way_in(self) -> Place:
        """The rule that leads to it."""
        first, last = self.number << self.bits, ((self.number + 1) << self.bits) - 1
        text = rule_text.render(
            self.chain,
            [chains.SHARED],
            protocol=self.protocol,
            matches=(f"-m {self.protocol} --dport {first}:{last}",),
        )
        return Place(self.above.chain if self.above else self.root, text)


def block(chain: str) -> Block | None:
    """The block that a chain of this name is for."""
    found = _NAME.fullmatch(chain)
    if not found:
        return None
    stem, protocol, digits = found.groups()
    return Block(16 - 4 * len(digits), _ROOTS[stem], protocol.lower(), int(digits, 16))


def smallest(root: str, protocol: str, ports: PortRange) -> Block | None:
    """The smallest block that holds all of these ports, None where only the root does."""
    for bits in _SIZES:
        if ports.first >> bits == ports.last >> bits:
            return Block(bits, root, protocol, ports.first >> bits)
    return None


class Layout:
    """Where each of a table's rules stands, given all that will be published."""

    def __init__(self, published: t.Iterable[Publication]) -> None:
        count = dict.fromkeys(_STEMS, 0)
        for publication in published:
            count[_root(publication)] += 1
        self._many = {root for root, number in count.items() if number > FEW}

    def place(self, publication: Publication, place: Place) -> Place:
        """The place of a rule of a publication that is made for the root."""
        root = _root(publication)
        if root not in self._many:
            return Place(root, place.text)
        found = smallest(root, publication.key.protocol, publication.key.host_port)
        return Place(found.chain if found else root, place.text)


def _root(publication: Publication) -> str:
    return chains.LOOPBACK if publication.key.loopback else chains.DNAT


def groups(roots: t.Sequence[Group], names: t.Iterable[str]) -> list[Group]:
    """The groups of the blocks among these chains and of all that hold them, the smaller first, then the roots' own.

    Each is looked at when those inside it are done, so that a way into a block comes and goes with what is in it.
    """
    blocks: dict[Block, None] = {}
    for name in names:
        found = block(name)
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
