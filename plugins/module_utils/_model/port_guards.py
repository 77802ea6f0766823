# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The table of nftables that holds ports of bridges to their own addresses: ``bridge linuxnet``.

    prerouting -> guarded -> guarded-arp, guarded-ip, guarded-ip6 -> guarded-unspecified, guarded-nd
    forward, forwarded

Its rules are constant, whatever the number of ports; who may send what through which port are elements of sets. A frame
of another port passes after one lookup. Frames are judged before the bridge or any other hook sees them.

Where the kernel shows nftables what bridges carry, a frame that the bridge itself carries from or to a card looks like
a packet that took the detour by the gateway. So frames of cards have a mark while the rules of networks see them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import IPAddress, spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.netfilter import quoted
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.values import Value
from ansible_collections.netplumb.linuxnet.plugins.module_utils._model import marks

FAMILY, NAME = "bridge", "linuxnet"
TABLE = f"{FAMILY} {NAME}"
KIND = "guard"
#: The first version of nft that compares parts of a packet without a name together with an interface: 1.0.1 to 1.0.5
#: do not.
OLDEST = (1, 0, 6)
#: The comment of what belongs to no port alone.
SHARED = "linuxnet"
BASE = "prerouting"
FORWARD, FORWARDED = "forward", "forwarded"
#: The base chains. Rules of other families see bridged frames at priority 0 of the hook forward.
HOOKS = {
    BASE: ("filter", "prerouting", -300, "accept"),
    FORWARD: ("filter", "forward", -300, "accept"),
    FORWARDED: ("filter", "forward", 10, "accept"),
}
#: The mark of a frame of a card, by which rules of networks know it. One that somebody else has marked gets none.
CARD_MARK = "0x6c6e6574"

PORTS, MACS, ADDRESSES4, ADDRESSES6, TARGETS, LINKS = ("ports", "macs", "addresses4", "addresses6", "targets", "links")
CARDS = "cards"
#: The last two have the same content as others, in the form in which a place in a packet that has no name in every
#: version of the program is compared: the target of neighbour discovery, and the MAC address in its option.
SETS = {
    CARDS: "set {} {{ type ifname; }}",
    MACS: "set {} {{ type ifname . ether_addr; }}",
    ADDRESSES4: "set {} {{ type ifname . ipv4_addr; }}",
    ADDRESSES6: "set {} {{ type ifname . ipv6_addr; }}",
    TARGETS: "set {} {{ typeof iifname . @th,64,128; }}",
    LINKS: "set {} {{ typeof iifname . @th,208,48; }}",
    # The last one, since a port is guarded as soon as it is in it.
    PORTS: "map {} {{ type ifname : verdict; }}",
}
#: The chains with their rules, each before those that lead to it.
RULES: dict[str, tuple[str, ...]] = {
    # What asks for an address of its own, or is told to a group, before it has one.
    "guarded-unspecified": (
        "icmpv6 type mld-listener-report accept",
        "icmpv6 type mld-listener-done accept",
        "icmpv6 type mld2-listener-report accept",
        f"ip6 nexthdr ipv6-icmp icmpv6 type nd-neighbor-solicit iifname . @th,64,128 @{TARGETS} accept",
        "drop",
    ),
    # Without options, or with one, which names the sender's MAC address.
    "guarded-nd": (
        "ip6 nexthdr != ipv6-icmp drop",
        f"icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @{TARGETS} drop",
        "ip6 length 24 accept",
        "ip6 length != 32 drop",
        f"iifname . @th,208,48 != @{LINKS} drop",
    ),
    "guarded-ip6": (
        "icmpv6 type nd-router-advert drop",
        "icmpv6 type nd-redirect drop",
        "udp sport 547 drop",
        "ip6 saddr :: goto guarded-unspecified",
        f"iifname . ip6 saddr != @{ADDRESSES6} drop",
        "icmpv6 type nd-neighbor-solicit goto guarded-nd",
        "icmpv6 type nd-neighbor-advert goto guarded-nd",
    ),
    "guarded-ip": (
        "ip saddr 0.0.0.0 ip protocol igmp accept",
        f"iifname . ip saddr != @{ADDRESSES4} drop",
        "udp sport 67 drop",
    ),
    # A probe asks whether an address of its own is free, before it is used.
    "guarded-arp": (
        "arp htype != 1 drop",
        "arp ptype != ip drop",
        f"iifname . arp saddr ether != @{MACS} drop",
        f"arp operation request arp saddr ip 0.0.0.0 iifname . arp daddr ip @{ADDRESSES4} accept",
        f"iifname . arp saddr ip != @{ADDRESSES4} drop",
    ),
    # What remains is neither, or has a VLAN tag.
    "guarded": (
        f"iifname . ether saddr != @{MACS} drop",
        "ether type arp goto guarded-arp",
        "ether type ip goto guarded-ip",
        "ether type ip6 goto guarded-ip6",
        "drop",
    ),
    BASE: (f"iifname vmap @{PORTS}",),
    FORWARD: tuple(f"{word} @{CARDS} meta mark 0x0 meta mark set {CARD_MARK}" for word in ("iifname", "oifname")),
    FORWARDED: tuple(f"{word} @{CARDS} meta mark {CARD_MARK} meta mark set 0x0" for word in ("iifname", "oifname")),
}
#: Identifies the rules of this version.
VERSION = hashlib.sha256(repr((HOOKS, SETS, RULES)).encode()).hexdigest()[:32]
_GUARDED = "goto guarded"

#: A set and a key in it.
Place = tuple[str, str]


class Element(t.NamedTuple):
    comment: str
    verdict: str | None = None


class Guard(Value):
    """What may be sent through a port, or that it is a card, through which everything may."""

    interface: str
    owner: str
    mac_addresses: tuple[str, ...]
    addresses: tuple[IPAddress, ...]
    #: Further ports by which the same machine may send from these addresses.
    other_ports: tuple[str, ...] = ()
    card: bool = False

    @property
    def comment(self) -> str:
        return comment(self.owner, self.interface)

    def views(self) -> dict[str, t.Any]:
        """Its attributes by option name."""
        if self.card:
            return {"card": True}
        return {
            "mac_addresses": list(self.mac_addresses),
            "addresses": [spelled(address) for address in self.addresses],
            "other_ports": list(self.other_ports),
        }


class Table(Value):
    """What is there of the table."""

    exists: bool = False
    #: Whether it is there and no chain of it is called.
    dormant: bool = False
    #: The names of its sets.
    sets: t.Collection[str] = ()
    #: Its chains, each with whether it is as it should be.
    chains: t.Mapping[str, bool] = {}
    #: The base chains that are called where they should be.
    hooked: t.Collection[str] = ()
    elements: t.Mapping[Place, Element] = {}


def comment(owner: str, interface: str) -> str:
    """The comment of a port's elements."""
    return f"{marks.comment(KIND, owner)} {interface}"


def parse_comment(text: str | None) -> tuple[str, str] | None:
    """The owner and the port of an element's comment; None for a foreign one."""
    kind, _space, interface = (text or "").partition(" ")
    mark = marks.parse_comment(kind)
    return (mark[1], interface) if mark and mark[0] == KIND and interface else None


def elements(guard: Guard) -> dict[Place, Element]:
    """What a port has in the sets."""
    own = quoted(guard.interface)
    mine = Element(guard.comment)
    if guard.card:
        return {(CARDS, own): mine}
    found: dict[Place, Element] = {}
    for mac_address in guard.mac_addresses:
        found[MACS, f"{own} . {mac_address}"] = mine
        found[LINKS, f"{own} . 0x{mac_address.replace(':', '')}"] = mine
    for port in (own, *map(quoted, guard.other_ports)):
        for address in guard.addresses:
            if address.version == 4:
                found[ADDRESSES4, f"{port} . {spelled(address)}"] = mine
            else:
                found[ADDRESSES6, f"{port} . {spelled(address)}"] = mine
                found[TARGETS, f"{port} . 0x{address.packed.hex()}"] = mine
    found[PORTS, own] = mine._replace(verdict=_GUARDED)
    return found


def guards(found: t.Mapping[Place, Element]) -> dict[tuple[str, str], Guard]:
    """The ports of the elements that are there, by owner and port."""
    made: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for (name, key), element in found.items():
        mark = parse_comment(element.comment)
        if mark:
            parts = made.setdefault(mark, {})
            port, _dot, value = key.partition(" . ")
            parts.setdefault(name, {})[value] = None
            if name in (ADDRESSES4, ADDRESSES6) and port != f'"{mark[1]}"':
                parts.setdefault("other", {})[port.strip('"')] = None
    return {(owner, port): _guard(owner, port, parts) for (owner, port), parts in made.items()}


def _guard(owner: str, port: str, parts: t.Mapping[str, t.Iterable[str]]) -> Guard:
    texts = [*parts.get(ADDRESSES4, ()), *parts.get(ADDRESSES6, ())]
    return Guard(
        port,
        owner,
        tuple(sorted(parts.get(MACS, ()))),
        ordered(ipaddress.ip_address(text) for text in texts),
        tuple(sorted(parts.get("other", ()))),
        CARDS in parts,
    )


def ordered(addresses: t.Iterable[IPAddress]) -> tuple[IPAddress, ...]:
    """In canonical order: IPv4 first, then numerically."""
    return tuple(sorted(set(addresses), key=lambda one: (one.version, int(one))))
