# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why each rule is there: patterns of rules, the chain in front and comments left out, and a sentence for each.

LET stands for the word by which a table lets a packet pass, SUBNET for the network, ENDPOINT for an address in it.
"""

from __future__ import annotations

import re

_GUARD = "LINUXNET-GUARD-[0-9a-f]{7}"
#: In the order in which a packet meets the rules.
REASONS: list[tuple[str, str]] = [
    (
        "PREROUTING -j LINUXNET-RAW",
        "What may never come from a bridge is dropped before anything else looks at it.",
    ),
    (
        "LINUXNET-RAW -s 127.0.0.0/8 -i br0 -j DROP",
        "With route_localnet, which published ports need, an endpoint could pose as a program of the host.",
    ),
    (
        "LINUXNET-RAW -d 127.0.0.0/8 -i br0 -j DROP",
        "With route_localnet an endpoint could reach services that listen on 127.0.0.1 alone.",
    ),
    ("LINUXNET-RAW -d SUBNET -i br0 -j RETURN", "An internal network may talk to itself and to its gateway's address."),
    (
        "LINUXNET-RAW -d (224.0.0.0/4|255.255.255.255/32|fe80::/10|ff00::/8) -i br0 -j RETURN",
        "It may use what never leaves its segment: multicast, broadcast, link-local addresses.",
    ),
    (
        "LINUXNET-RAW -i br0 -j DROP",
        "Nothing else leaves an internal network, not even for the host's other addresses.",
    ),
    (
        "PREROUTING ! -i lo -j LINUXNET-PREROUTING",
        "Before it is decided where a packet goes it is judged in whose name it speaks; to itself the host may.",
    ),
    (
        f"LINUXNET-PREROUTING -i br0 -j {_GUARD}",
        "What comes by the bridge is held against what is known of its endpoints, in a chain of its own.",
    ),
    (
        f"{_GUARD} -s ENDPOINT -i br0 -m mac ! --mac-source [0-9a-f:]+ -j DROP",
        "An endpoint, and the gateway, speaks from its own MAC address alone, which its port does not let others use.",
    ),
    (
        "LINUXNET-PREROUTING -s SUBNET ! -i br0 -j DROP",
        "Nobody elsewhere speaks in the name of an endpoint, to whomever: nothing of it is to be remembered.",
    ),
    (
        "FORWARD -j LINUXNET-FORWARD",
        "All that is forwarded is judged by what stands here, in mangle and in filter.",
    ),
    ("LINUXNET-FORWARD -j LINUXNET-USER", "The administrator's own rules come first; we never write this chain."),
    ("LINUXNET-FORWARD -j LINUXNET-INTERNAL", "First of all nothing crosses the border of an internal network."),
    ("LINUXNET-FORWARD -j LINUXNET-FROM", "Then it is judged whether who speaks may speak so."),
    ("LINUXNET-FORWARD -j LINUXNET-TO", "What may come from where it comes is then judged by where it goes."),
    ("LINUXNET-INTERNAL -i br0 -o br0 -j LET", "Within an internal network everybody may talk to everybody."),
    ("LINUXNET-INTERNAL -i br0 ! -o br0 -j DROP", "Nothing leaves an internal network."),
    ("LINUXNET-INTERNAL ! -i br0 -o br0 -j DROP", "Nothing enters an internal network."),
    ("LINUXNET-TO -i br0 -o br0 -j LET", "Endpoints of one network may talk to each other."),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j LET",
        "Answers to what an endpoint began come in; packets of a connection that somebody else began do not.",
    ),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate SNAT --ctdir REPLY -j LET",
        "So do errors about translated connections, which never come for the endpoint's own address.",
    ),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate DNAT ! --ctorigdst SUBNET -j LET",
        "What came by a published port comes in, whichever it is, so the number of rules does not grow with the ports.",
    ),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate DNAT --ctorigdst (172.18.0.1|fd00:18::1) -j LET",
        "So does what was asked of the gateway's address; on an endpoint's own address nobody has published anything.",
    ),
    (
        "LINUXNET-TO -d ENDPOINT -o br0 -p (tcp|udp) -m (tcp|udp) --dport [0-9:]+ -j LET",
        "A published port of a routed network: the endpoint's own port is open.",
    ),
    (
        "LINUXNET-TO -i br0 -o br0 -j DROP",
        "Endpoints that may not talk to each other cannot take the detour by the gateway's MAC address either.",
    ),
    (
        "LINUXNET-TO -o br0 -p (icmp|ipv6-icmp) -j LET",
        "Endpoints of a routed network answer to ping and take errors such as packet too big.",
    ),
    ("LINUXNET-TO -o br0 -j LET", "Every port of every endpoint can be reached by its own address."),
    ("LINUXNET-TO -o br0 -j DROP", "Nothing else reaches an endpoint, in whatever protocol or state."),
    (
        "LINUXNET-TO -i br0 -j LET",
        "What may speak, and goes into no network of ours, leaves, whatever FORWARD's policy is.",
    ),
    (
        "LINUXNET-FROM -i br0 -o br0 -j RETURN",
        "What stays on the bridge, neighbour discovery included, is judged by where it goes.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -p [a-z6-]+ -m conntrack --ctstate NEW,ESTABLISHED -j RETURN",
        "What endpoints begin leaves translated; by protocols without ports they could take over the host's own.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate RELATED --ctorigsrc SUBNET -j RETURN",
        "An error leaves if it is about what an endpoint of the network began, since that is translated.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate DNAT --ctdir REPLY -j RETURN",
        "Or if it answers to what came by a published port.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN",
        "Answers leave in every protocol where endpoints can be asked in every one.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate RELATED --ctorigdst SUBNET -j RETURN",
        "Or to what came straight to an endpoint, where that is allowed.",
    ),
    ("LINUXNET-FROM -s SUBNET -i br0 -j RETURN", "What has an address of a routed network leaves as it is."),
    (
        "LINUXNET-FROM -i br0 -j DROP",
        "Spoofed sources and what conntrack does not know never leave, as they would leave untranslated.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -j DROP",
        "Nobody elsewhere speaks in the name of an endpoint, should mangle be flushed.",
    ),
    (
        "LINUXNET-FROM -o br0 -m addrtype --src-type LOCAL,(BROADCAST|ANYCAST) -j DROP",
        "Nobody speaks to an endpoint by an address of the host, whose answers do not come along here.",
    ),
    ("INPUT -d 127.0.0.0/8 -j LINUXNET-INPUT", "What was translated back to 127.x is looked at once more."),
    (
        "LINUXNET-INPUT -s SUBNET -d 127.0.0.0/8 -i br0 -m conntrack --ctstate DNAT --ctdir REPLY -j RETURN",
        "Answers of a port published on 127.x come from the network's own addresses.",
    ),
    (
        "LINUXNET-INPUT -d 127.0.0.0/8 -i br0 -j DROP",
        "An endpoint of another network that forged one would speak to the host's own programs.",
    ),
    (
        "(PREROUTING|OUTPUT) (! -s fe80::/10 |! -d ::1/128 )?-m addrtype --dst-type LOCAL -j LINUXNET-DNAT",
        "Only packets for an address of this host can meet a published port; others are never hijacked.",
    ),
    (
        "OUTPUT -d 127.0.0.0/8 -j LINUXNET-DNAT-LOOPBACK",
        "What is published on 127.x stands in a chain of its own that no packet from a wire gets to.",
    ),
    (
        "LINUXNET-DNAT(-LOOPBACK -d 127.0.0.1/32)? -p (tcp|udp) -m (tcp|udp) --dport [0-9:]+ -j TRANSLATE",
        "A published port or range.",
    ),
    ("POSTROUTING -j LINUXNET-POSTROUTING", "What leaves gets a source address by which answers come back."),
    (
        "LINUXNET-POSTROUTING -s SUBNET -d (224.0.0.0/4|ff00::/8) ! -o br0 -j RETURN",
        "Multicast keeps its source, since nobody answers to it.",
    ),
    ("LINUXNET-POSTROUTING -s SUBNET ! -o br0 -j MASQUERADE", "What leaves the network carries the host's address."),
    (
        "LINUXNET-POSTROUTING -s SUBNET -o br0 -m conntrack --ctstate DNAT -j MASQUERADE",
        "An endpoint that asks a published port of its own network gets the answer from where it asked.",
    ),
    (
        "LINUXNET-POSTROUTING -s 127.0.0.0/8 -o br0 -m conntrack --ctstate DNAT -j MASQUERADE",
        "What the host asks from 127.0.0.1 gets a source that the endpoint can answer to.",
    ),
]

_WORDS = {
    "TRANSLATE": "DNAT --to-destination ENDPOINT:[0-9/-]+",
    "LET": "(?:ACCEPT|RETURN)",
    "SUBNET": r"(?:172\.18\.0\.0/16|fd00:18::/64)",
    "ENDPOINT": r"\[?(?:172\.18\.[0-9.]+(?:/32)?|fd00:18::[0-9a-f:]+?(?:/128)?)\]?",
}


def _pattern(text: str) -> re.Pattern[str]:
    for word, meaning in _WORDS.items():
        text = re.sub(rf"\b{word}\b", lambda _match, meaning=meaning: meaning, text)
    return re.compile(text)


_PATTERNS = [_pattern(text) for text, _reason in REASONS]


def number_of(rule: str) -> int:
    """The number of the reason for a rule, counted from 1; exactly one must fit."""
    found = [number for number, pattern in enumerate(_PATTERNS, 1) if pattern.fullmatch(rule)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} reasons for: {rule}")
    return found[0]
