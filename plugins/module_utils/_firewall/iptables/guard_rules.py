# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The rules that bind the addresses of endpoints to their MAC addresses, in a chain for each bridge.

A few rules stand in that chain itself, many in a tree of chains below it, by the last digits of the addresses. Whatever
the addresses are, a packet passes at most 16 rules for the last digit, 16 for the one before it, and then the rules for
the addresses that end like its own:

    LINUXNET-PREROUTING        -i br0 -j LINUXNET-GUARD-56c5eb3
    LINUXNET-GUARD-56c5eb3     -s 0.0.0.2/0.0.0.15 -j LINUXNET-GUARD-56c5eb3-2
    LINUXNET-GUARD-56c5eb3-2   -s 0.0.0.18/0.0.0.255 -j LINUXNET-GUARD-56c5eb3-12
    LINUXNET-GUARD-56c5eb3-12  -s 172.18.3.18/32 -i br0 -m mac ! --mac-source 02:42:ac:12:03:12 -j DROP

Only the number of addresses decides which form is used. The chain's name ends with a digest of the bridge's name.
"""

from __future__ import annotations

import collections
import hashlib
import ipaddress
import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.intents import Neighbours
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables import chains, rule_text
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.chains import Group
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.iptables.tables import Place
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import bindings

#: Up to this many addresses of one family stay in one chain.
FEW = 64
_STEM = "LINUXNET-GUARD-"
_NAME = re.compile(_STEM + r"([0-9a-f]{7})(?:-([0-9A-F]{1,2}))?")


class Write(t.Protocol):
    """Returns the text of a rule that carries a network's mark."""

    def __call__(self, target: str, **match: t.Any) -> str: ...


def root(bridge: str) -> str:
    """The name of a bridge's chain."""
    return _STEM + hashlib.sha256(bridge.encode("utf-8", "surrogateescape")).hexdigest()[:7]


def is_ours(chain: str) -> bool:
    """Whether a chain is one of these, for any bridge."""
    return _NAME.fullmatch(chain) is not None


def places(bridge: str, neighbours: Neighbours, write: Write) -> t.Iterator[Place]:
    """The rules for addresses of one family."""
    allowed: dict[IPAddress, list[str]] = collections.defaultdict(list)
    for address, mac_address in neighbours:
        allowed[address].append(mac_address)
    many = len(allowed) > FEW
    for address, mac_addresses in allowed.items():
        chain = f"{root(bridge)}-{_last_digits(address)}" if many else root(bridge)
        match = {"in_interface": bridge, "source": rule_text.host_network(address)}
        if len(mac_addresses) == 1:
            yield Place(chain, write("DROP", matches=(f"-m mac ! --mac-source {mac_addresses[0]}",), **match))
            continue
        for mac_address in mac_addresses:
            yield Place(chain, write("RETURN", matches=(f"-m mac --mac-source {mac_address}",), **match))
        yield Place(chain, write("DROP", **match))


def _last_digits(address: IPAddress) -> str:
    return f"{address.packed[-1]:02X}"


def reading(found: t.Iterable[Place]) -> Neighbours:
    """The addresses and MAC addresses that rules contain."""
    neighbours = set()
    for place in found:
        entry = rule_text.fields(place.text)
        source, mac_address = entry.get("-s"), entry.get("--mac-source")
        if source and mac_address:
            neighbours.add((rule_text.network_of(source).network_address, mac_address.lstrip("!")))
    return bindings.ordered(neighbours)


def groups(family: str, bridges: t.Collection[str], names: t.Iterable[str]) -> list[Group]:
    """The groups of these bridges' chains among ``names``, inner groups first."""
    roots = {root(bridge): bridge for bridge in bridges}
    found: dict[str, None] = {}
    for name in names:
        parts = _NAME.fullmatch(name)
        if parts and _STEM + parts[1] in roots:
            top, digits = _STEM + parts[1], parts[2] or ""
            found[top] = None
            # By the last digit first, since that chain leads to the others.
            for length in range(1, len(digits) + 1):
                found[f"{top}-{digits[-length:]}"] = None
    ordered = sorted(found, key=lambda name: (-len(name), name))
    inside: dict[str, list[str]] = collections.defaultdict(list)
    for name in ordered:
        above = _above(name)
        while above:
            inside[above].append(name)
            above = _above(above)
    return [Group((name,), (), (_way_in(family, name, roots),), tuple(inside[name])) for name in ordered]


def _above(name: str) -> str | None:
    top, _dash, digits = name[len(_STEM) :].partition("-")
    if not digits:
        return None
    return _STEM + top + (f"-{digits[-1]}" if len(digits) > 1 else "")


def _way_in(family: str, name: str, roots: t.Mapping[str, str]) -> Place:
    above = _above(name)
    if above is None:
        match = rule_text.render(name, [chains.SHARED], in_interface=roots[name])
        return Place(chains.PREROUTING, match)
    digits = name.rpartition("-")[2]
    value, mask = int(digits, 16), (1 << 4 * len(digits)) - 1
    make: t.Callable[[int], IPAddress] = ipaddress.IPv4Address if family == "ipv4" else ipaddress.IPv6Address
    source = f"-s {spelled(make(value))}/{spelled(make(mask))} "
    return Place(above, source + rule_text.render(name, [chains.SHARED]))
