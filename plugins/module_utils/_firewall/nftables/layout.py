# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the collection: no promise is made about what is in here.

"""The constant part of the table: its base chains, the chains and sets that all networks share, and their names.

    table inet linuxnet
      raw-prerouting     127.0.0.0/8 from bridges, internal networks    -> segment-br0
      prerouting         MAC addresses, sources                        -> names
      port-prerouting    who may send to a port with a list of sources -> callers -> strangers
      nat-prerouting     published ports                               -> admitted, published
      input              answers to 127.0.0.0/8, lists of destinations  -> host-br0, gateway-br0 -> egress-br0 -> listed
      forward            lists of destinations                         -> egress-br0 -> listed
                         who sends, then to whom      -> senders -> from-br0, to-br0
      nat-output         published ports, for the host itself          -> own, published
      nat-hairpin        published ports of the own network            -> hairpin-br0
      nat-postrouting    source translation                            -> sources

Drops are final whatever another table accepts, so that none of them needs a second place, as with iptables. Priorities
of NAT are behind those of iptables and Docker: the first table that translates a connection decides.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.netplumb.linuxnet.plugins.module_utils._core import netfilter
from ansible_collections.netplumb.linuxnet.plugins.module_utils._core.addresses import FAMILIES, IPNetwork, spelled
from ansible_collections.netplumb.linuxnet.plugins.module_utils._firewall.nftables.document import Hook, Line, Rank
from ansible_collections.netplumb.linuxnet.plugins.module_utils._host import nftables_chains

NAME = nftables_chains.OURS
TABLE = f"inet {NAME}"
#: The comment of what belongs to no network alone.
SHARED = "linuxnet"

#: An interface's name in a rule.
quoted = netfilter.quoted

#: The chains of one network.
SEGMENT, FROM, TO, HOST, HAIRPIN, EGRESS, GATEWAY = PER_NETWORK = (
    *("segment", "from", "to", "host", "hairpin"),
    *("egress", "gateway"),
)
#: Those that rules of several networks share.
NAMES, SENDERS, LISTED, PUBLISHED, OPENED, SOURCES = (
    *("names", "senders", "listed"),
    *("published", "opened", "sources"),
)
#: Those for ports with a list of sources.
ADMITTED, OWN, CALLERS, STRANGERS, SHUT = ("admitted", "own", "callers", "strangers", "shut")

BASE = {
    "raw-prerouting": Hook("filter", "prerouting", -300),
    "prerouting": Hook("filter", "prerouting", -150),
    # After those that drop who speaks in another's name.
    "port-prerouting": Hook("filter", "prerouting", -145),
    "nat-prerouting": Hook("nat", "prerouting", -95),
    "input": Hook("filter", "input", -10),
    "forward": Hook("filter", "forward", -10),
    "nat-output": Hook("nat", "output", -95),
    "nat-hairpin": Hook("nat", "postrouting", 104),
    "nat-postrouting": Hook("nat", "postrouting", 105),
}
FORWARD = "forward"
#: The destinations of senders, with all protocols and with ports: as they were addressed, and who finally gets them.
REACH, REACH_PORT, HAND, HAND_PORT = LISTS = ("reach", "reach_port", "hand", "hand_port")
PORTED = (REACH_PORT, HAND_PORT)
IP = {"ipv4": "ip", "ipv6": "ip6"}
_ADDRESS = {"ipv4": "ipv4_addr", "ipv6": "ipv6_addr"}
_NUMBER = {"ipv4": "4", "ipv6": "6"}
#: In place of the host's address, for all of them.
ANY = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


class SetType(t.NamedTuple):
    """The type of a set, or with data of a map."""

    key: tuple[str, ...]
    data: tuple[str, ...] = ()
    interval: bool = False

    @property
    def word(self) -> str:
        return "map" if self.data else "set"

    def __str__(self) -> str:
        data = f" : {' . '.join(self.data)}" if self.data else ""
        flags = " flags interval;" if self.interval else ""
        return f"{{ type {' . '.join(self.key)}{data};{flags} }}"


def set_of(name: str, family: str) -> str:
    """The name of a set that each family has one of."""
    return name + _NUMBER[family]


def _sets() -> t.Iterator[tuple[str, SetType]]:
    interface = ("ifname",)
    yield "bridges", SetType(interface)
    for name in ("sender", "receiver", "loopback", "segments", "hairpins", "egress", "gateways"):
        yield name, SetType(interface, ("verdict",))
    sender = (*interface, "ether_addr")
    yield "closed", SetType(interface)
    yield "limited", SetType(sender)
    for family, address in _ADDRESS.items():
        port = ("inet_proto", "inet_service")
        target = (address, "inet_service")
        yield set_of("at", family), SetType((address, *port), target)
        yield set_of("range_at", family), SetType((address, *port), (address,), interval=True)
        yield set_of("port", family), SetType(port, target)
        yield set_of("range", family), SetType(port, (address,), interval=True)
        yield set_of("open", family), SetType((address, *port), interval=True)
        called = (address, address, *port)
        yield set_of("let", family), SetType(called, target, interval=True)
        yield set_of("let_range", family), SetType(called, (address,), interval=True)
        yield set_of("own", family), SetType((address, *port), target, interval=True)
        yield set_of("own_range", family), SetType((address, *port), (address,), interval=True)
        yield set_of("limited", family), SetType((address, *port), interval=True)
        yield set_of("allowed", family), SetType(called, interval=True)
        yield set_of("held", family), SetType(called, interval=True)
        yield set_of("open_from", family), SetType(called, interval=True)
        yield set_of("shut", family), SetType((address, *port), interval=True)
        yield set_of("known", family), SetType((*interface, address))
        yield set_of("speaker", family), SetType((*interface, address, "ether_addr"))
        for name in LISTS:
            ports = port if name in PORTED else ()
            yield set_of(name, family), SetType((*sender, address, *ports), interval=True)


SETS = dict(_sets())
#: By which endpoints are held to their MAC addresses.
LIMITING = ("limited", *(set_of(name, family) for family in FAMILIES for name in LISTS))
GUARDING = tuple(set_of(name, family) for family in FAMILIES for name in ("known", "speaker"))

#: Of the shared chains: before, between and after what networks put there.
_FIRST, _MIDDLE, _LAST = (0,), (4,), (8,)


def _shared(*texts: str, rank: Rank = _MIDDLE) -> list[Line]:
    return [Line(text, SHARED, (*rank, number)) for number, text in enumerate(texts)]


def _published() -> t.Iterator[Line]:
    """What is published on one address comes before what is on all."""
    for family, word in IP.items():
        for place, (one, many) in ((2, ("at", "range_at")), (6, ("port", "range"))):
            key = f"{word} daddr . meta l4proto . th dport" if place == 2 else "meta l4proto . th dport"
            for number, name in enumerate((one, many)):
                text = f"dnat {word} to {key} map @{set_of(name, family)}"
                yield Line(text, SHARED, (place, word, number))


def _listed() -> t.Iterator[str]:
    """What is on a sender's list passes, and nothing else of it. What is untracked matches nothing on a list."""
    sender = "iifname . ether saddr"
    for family, word in IP.items():
        reach, reach_port, hand, hand_port = (set_of(name, family) for name in LISTS)
        yield f"{sender} . ct original {word} daddr @{reach} return"
        for protocol in ("tcp", "udp", "sctp"):
            # nft only knows the type of a connection's port if it knows the protocol.
            key = f"{sender} . ct original {word} daddr . meta l4proto . ct original proto-dst"
            yield f"meta l4proto {protocol} {key} @{reach_port} return"
        yield f"ct direction original {sender} . {word} daddr @{hand} return"
        yield f"ct direction original {sender} . {word} daddr . meta l4proto . th dport @{hand_port} return"
    yield f"{sender} @limited drop"
    yield "iifname @closed drop"


def _admitting(name: str, key: str) -> t.Iterator[Line]:
    """Lead to endpoints whose ports have a list of sources."""
    # Without the first match, nft does not take a map with ranges for one with ports.
    for number, (prefix, one) in enumerate((("meta l4proto { tcp, udp, sctp } ", name), ("", f"{name}_range"))):
        for family, word in IP.items():
            text = f"{prefix}dnat {word} to {key.format(word)}{_PORT} map @{set_of(one, family)}"
            yield Line(text, SHARED, (2, word, number))


_PORT = "meta l4proto . th dport"
_TO, _CALLED = "{0} daddr . ", "{0} saddr . {0} daddr . "


def _callers() -> t.Iterator[str]:
    for family, word in IP.items():
        limited = f"{_TO.format(word)}{_PORT} @{set_of('limited', family)} fib daddr type local"
        yield f"{limited} {_CALLED.format(word)}{_PORT} != @{set_of('allowed', family)} goto {STRANGERS}"


def _strangers() -> t.Iterator[str]:
    """Answers to connections that the host or another endpoint began from a port of this number may pass."""
    for family, word in IP.items():
        yield f"ct direction reply ct original {_CALLED.format(word)}{_PORT} != @{set_of('held', family)} return"
    yield "drop"


CONSTANT: dict[str, list[Line]] = {
    "raw-prerouting": _shared(
        "iifname @bridges ip saddr 127.0.0.0/8 drop",
        "iifname @bridges ip daddr 127.0.0.0/8 drop",
        "iifname vmap @segments",
    ),
    "prerouting": _shared(
        'iifname "lo" return',
        "iifname . ip saddr @known4 iifname . ip saddr . ether saddr != @speaker4 drop",
        "iifname . ip6 saddr @known6 iifname . ip6 saddr . ether saddr != @speaker6 drop",
        f"jump {NAMES}",
    ),
    "port-prerouting": _shared('iifname "lo" return', f"jump {CALLERS}"),
    "nat-prerouting": _shared(
        f"fib daddr type local ip daddr != 127.0.0.0/8 jump {ADMITTED}",
        f"fib daddr type local ip6 saddr != fe80::/10 jump {ADMITTED}",
        f"fib daddr type local ip daddr != 127.0.0.0/8 jump {PUBLISHED}",
        f"fib daddr type local ip6 saddr != fe80::/10 jump {PUBLISHED}",
    ),
    "input": _shared("ip daddr 127.0.0.0/8 iifname vmap @loopback", "iifname vmap @gateways"),
    "forward": _shared("iifname vmap @egress", f"jump {SENDERS}", "oifname vmap @receiver", "iifname @bridges accept"),
    "nat-output": _shared(
        # A port of one address comes before that of all.
        f"fib daddr type local ip daddr 127.0.0.0/8 jump {PUBLISHED}",
        f"fib daddr type local ip6 daddr != ::1 jump {OWN}",
        f"fib daddr type local meta nfproto ipv4 jump {OWN}",
        f"fib daddr type local ip6 daddr != ::1 jump {PUBLISHED}",
        f"fib daddr type local meta nfproto ipv4 jump {PUBLISHED}",
    ),
    "nat-hairpin": _shared("oifname vmap @hairpins"),
    "nat-postrouting": _shared(f"jump {SOURCES}"),
    LISTED: _shared(*_listed()),
    NAMES: [],
    SENDERS: _shared("iifname vmap @sender"),
    PUBLISHED: list(_published()),
    ADMITTED: list(_admitting("let", _CALLED)),
    OWN: list(_admitting("own", _TO)),
    CALLERS: _shared(*_callers()),
    STRANGERS: _shared(*_strangers()),
    OPENED: [],
    SHUT: [],
    SOURCES: [],
}


class Part(t.NamedTuple):
    """What one kind of intent keeps of the constant part: no other kind repairs it."""

    sets: tuple[str, ...]
    chains: tuple[str, ...]

    def joined(self, other: Part) -> Part:
        """What both keep."""
        return Part(tuple(dict.fromkeys(self.sets + other.sets)), tuple(dict.fromkeys(self.chains + other.chains)))


def _by_family(*names: str) -> tuple[str, ...]:
    return tuple(set_of(name, family) for family in FAMILIES for name in names)


ISOLATION = Part(
    (
        "bridges",
        "sender",
        "receiver",
        "loopback",
        "segments",
        "hairpins",
        "egress",
        "gateways",
        "closed",
        "limited",
        *_by_family(*LISTS),
        # A routed network looks up there what is open.
        *_by_family("known", "speaker", "open", "open_from", "shut"),
    ),
    ("raw-prerouting", "prerouting", "input", "forward", "nat-hairpin", LISTED, NAMES, SENDERS, OPENED, SHUT),
)
TRANSLATION = Part((), ("nat-postrouting", SOURCES))
PUBLICATION = Part(
    _by_family(
        *("at", "range_at", "port", "range"),
        *("let", "let_range", "own", "own_range", "limited", "allowed", "held"),
    ),
    ("port-prerouting", "nat-prerouting", "nat-output", PUBLISHED, ADMITTED, OWN, CALLERS, STRANGERS),
)
#: Chains whose rules keep strangers out of every network.
ENTRY = ("prerouting", "forward", NAMES, SENDERS)

_QUOTED = re.compile(r'"[^"]*"')
_TELLS_FAMILY = re.compile(r"(^|\s)ip6? (?!to)")
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")


def chain_of(kind: str, bridge: str) -> str:
    """The name of a network's chain: an interface's name may have characters that a chain's cannot."""
    if _PLAIN.fullmatch(bridge):
        return f"{kind}-{bridge}"
    return f"{kind}/{bridge.encode('utf-8', 'surrogateescape').hex()}"


def network_of(chain: str) -> tuple[str, str] | None:
    """The kind and the bridge of a network's chain, None for a shared one."""
    for kind in PER_NETWORK:
        if chain.startswith(f"{kind}-"):
            return kind, chain[len(kind) + 1 :]
        if chain.startswith(f"{kind}/"):
            return kind, bytes.fromhex(chain[len(kind) + 1 :]).decode("utf-8", "surrogateescape")
    return None


def shown(network: IPNetwork) -> str:
    """As an element or a rule has a network: that of one address without its length."""
    address = spelled(network.network_address)
    return address if network.num_addresses == 1 else f"{address}/{network.prefixlen}"


def of_family(family: str, text: str) -> str:
    """A rule for packets of one family alone."""
    return text if _TELLS_FAMILY.search(_QUOTED.sub("", text)) else f"meta nfproto {family} {text}"
