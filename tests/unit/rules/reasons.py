# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why each rule exists: patterns of rules, preceded by the chain and without comments, and a sentence for each.

LET stands for the target with which a table lets a packet pass, SUBNET for the network, ENDPOINT for an address in it.
"""

from __future__ import annotations

import re

_PORT = "-p tcp -m tcp --dport 5432"
_GUARD = "LINUXNET-GUARD-[0-9a-f]{7}"
_EGRESS, _GATEWAY, _LIST = (
    "LINUXNET-EGRESS-[0-9a-f]{7}",
    "LINUXNET-GATEWAY-[0-9a-f]{7}",
    "LINUXNET-[0-9a-f]{7}-[0-9a-z]{10}",
)
_PORTS, _PING = "( --ctorigdstport [0-9:]+)?", "-m icmp6? --icmp(v6)?-type (8|128)"
#: In the order in which packets pass the rules.
REASONS: list[tuple[str, str]] = [
    (
        "PREROUTING -j LINUXNET-RAW",
        "Packets that may never come from a bridge are dropped before anything else sees them.",
    ),
    (
        "LINUXNET-RAW -s 127.0.0.0/8 -i br0 -j DROP",
        "With route_localnet, which published ports need, an endpoint could pretend to be a process of the host.",
    ),
    (
        "LINUXNET-RAW -d 127.0.0.0/8 -i br0 -j DROP",
        "With route_localnet, an endpoint could reach services that listen on 127.0.0.1 only.",
    ),
    ("LINUXNET-RAW -d SUBNET -i br0 -j RETURN", "An internal network may talk to itself and to its gateway's address."),
    (
        "LINUXNET-RAW -d (224.0.0.0/4|255.255.255.255/32|fe80::/10|ff00::/8) -i br0 -j RETURN",
        "It may use addresses that never leave its segment: multicast, broadcast, link-local.",
    ),
    (
        "LINUXNET-RAW -i br0 -j DROP",
        "Nothing else leaves an internal network, not even to the host's other addresses.",
    ),
    (
        "PREROUTING ! -i lo -j LINUXNET-PREROUTING",
        "Source addresses are checked before the routing decision, except for the host's packets to itself.",
    ),
    (
        f"LINUXNET-PREROUTING -i br0 -j {_GUARD}",
        "Packets from the bridge are compared with its endpoints, in a chain of their own.",
    ),
    (
        f"{_GUARD} -s (ENDPOINT|fe80::[0-9a-f:]+/128) -i br0 -m mac ! --mac-source [0-9a-f:]+ -j DROP",
        "An endpoint or gateway sends from its own MAC address only, which its port reserves for it.",
    ),
    (
        "LINUXNET-PREROUTING -s SUBNET ! -i br0 -j DROP",
        "Nobody behind another interface can impersonate an endpoint, nor create a conntrack entry in its name.",
    ),
    (
        "PREROUTING ! -i lo -m addrtype --dst-type LOCAL -j LINUXNET-ALLOW",
        "Who sends to a port with a list of sources is looked for in the list before anything is translated.",
    ),
    (f"LINUXNET-ALLOW -s SOURCE {_PORT} -j RETURN", "A source on the list may use the port."),
    (
        f"LINUXNET-ALLOW {_PORT} -m conntrack --ctorigsrc ENDPOINT --ctorigsrcport 5432 --ctdir REPLY -j DROP",
        "What the endpoint sends from this port is not answered, or an ended connection would continue as its own.",
    ),
    (
        f"LINUXNET-ALLOW {_PORT} -m conntrack --ctdir REPLY -j RETURN",
        "Replies come in to the host and to other endpoints if their connections happen to have this source port.",
    ),
    (f"LINUXNET-ALLOW {_PORT} -j DROP", "Nobody else sends to the port, whatever conntrack knows about a packet."),
    (
        "FORWARD -j LINUXNET-FORWARD",
        "All forwarded packets are checked here, in mangle and in filter.",
    ),
    (
        "LINUXNET-FORWARD -j LINUXNET-USER",
        "The administrator's own rules come first; this collection never writes to that chain.",
    ),
    ("LINUXNET-FORWARD -j LINUXNET-INTERNAL", "First, nothing crosses the border of an internal network."),
    ("LINUXNET-FORWARD -j LINUXNET-FROM", "Then the source is checked."),
    ("LINUXNET-FORWARD -j LINUXNET-TO", "Then the destination is checked."),
    ("LINUXNET-INTERNAL -i br0 -o br0 -j LET", "Within an internal network, everybody may talk to everybody."),
    ("LINUXNET-INTERNAL -i br0 ! -o br0 -j DROP", "Nothing leaves an internal network."),
    ("LINUXNET-INTERNAL ! -i br0 -o br0 -j DROP", "Nothing enters an internal network."),
    (
        f"LINUXNET-FROM -i br0 -j {_EGRESS}",
        "What endpoints send is first compared with their lists; what is on these is checked by all other rules.",
    ),
    (f"INPUT -i br0 -j {_GATEWAY}", "What they send to the host itself is compared with the same lists."),
    (
        f"{_GATEWAY} -p ipv6-icmp -m icmp6 --icmpv6-type (135|136) -j RETURN",
        "Neighbour discovery reaches the host, or endpoints could not find their gateway.",
    ),
    (
        f"{_GATEWAY} -d (172.18.0.1/32|fd00:18::1/128) -p (icmp|ipv6-icmp) {_PING} -j RETURN",
        "The gateway answers pings.",
    ),
    (f"{_GATEWAY} -g {_EGRESS}", "Nothing of the host is reachable that no list contains."),
    (
        f"{_EGRESS} -i br0 -o br0 -j RETURN",
        "Lists do not concern neighbours, who reach each other without the host.",
    ),
    (
        f"{_EGRESS} -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN",
        "Replies pass, such as those of published ports.",
    ),
    (
        f"{_EGRESS} -p (icmp|ipv6-icmp) -m conntrack --ctstate RELATED -j RETURN",
        "Errors about connections pass, but no connection that a helper expects.",
    ),
    (
        f"{_EGRESS} -m mac --mac-source [0-9a-f:]+ -g {_LIST}",
        "An endpoint is known by its MAC address, since it could use any free address of the subnet.",
    ),
    (
        f"{_LIST} (-p (tcp|udp) )?-m conntrack --ctorigdst [0-9a-f.:/]+{_PORTS} --ctdir ORIGINAL -j RETURN",
        "An entry of a list, compared with where the endpoint sent the packet, whatever that was translated to.",
    ),
    (
        f"{_LIST} -j DROP",
        "Nothing else leaves the endpoint, in any protocol or state.",
    ),
    (
        f"{_EGRESS} -j DROP",
        "With `deny`, nobody on the bridge may send anywhere without a list.",
    ),
    ("LINUXNET-TO -i br0 -o br0 -j LET", "Endpoints of one network may talk to each other."),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j LET",
        "Replies to connections that an endpoint opened come in; packets of connections that others opened do not.",
    ),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate SNAT --ctdir REPLY -j LET",
        "So do errors about translated connections, which are never addressed to the endpoint itself.",
    ),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate DNAT ! --ctorigdst SUBNET -j LET",
        "Connections to any published port come in, so that the number of rules does not grow with the ports.",
    ),
    (
        "LINUXNET-TO -o br0 -m conntrack --ctstate DNAT --ctorigdst (172.18.0.1|fd00:18::1) -j LET",
        "So do those to the gateway's address; nothing is published on an endpoint's own address.",
    ),
    (
        "LINUXNET-TO (-s SOURCE )?-d ENDPOINT -o br0 -p (tcp|udp) -m (tcp|udp) --dport [0-9:]+ -j LET",
        "In a routed network, a published port is open on the endpoint itself.",
    ),
    (
        f"LINUXNET-TO -d ENDPOINT -o br0 {_PORT} -j DROP",
        "If it has a list of sources, nobody else gets there, not even with what passes for a reply.",
    ),
    (
        "LINUXNET-TO -i br0 -o br0 -j DROP",
        "Endpoints that may not talk to each other cannot do so through the gateway's MAC address either.",
    ),
    (
        "LINUXNET-TO -o br0 -p (icmp|ipv6-icmp) -j LET",
        "Endpoints of a routed network answer pings and receive errors such as packet too big.",
    ),
    ("LINUXNET-TO -o br0 -j LET", "Every port of every endpoint is reachable at its own address."),
    ("LINUXNET-TO -o br0 -j DROP", "Nothing else reaches an endpoint, in whatever protocol or state."),
    (
        "LINUXNET-TO -i br0 -j LET",
        "Packets with an accepted source and no destination in a network leave, whatever the policy of FORWARD.",
    ),
    (
        "LINUXNET-FROM -i br0 -o br0 -j RETURN",
        "Packets that stay on the bridge, including neighbour discovery, are checked by their destination.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -p [a-z6-]+ -m conntrack --ctstate NEW,ESTABLISHED -j RETURN",
        "Connections of endpoints leave translated; with protocols without ports, they could take over the host's own.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate RELATED --ctorigsrc SUBNET -j RETURN",
        "An error leaves if it is about a connection of an endpoint of this network, since it is translated.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate DNAT --ctdir REPLY -j RETURN",
        "Replies from published ports leave.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN",
        "Replies of every protocol leave if endpoints are reachable by every protocol.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -i br0 -m conntrack --ctstate RELATED --ctorigdst SUBNET -j RETURN",
        "An error also leaves if it is about a connection made directly to an endpoint, where that is allowed.",
    ),
    ("LINUXNET-FROM -s SUBNET -i br0 -j RETURN", "Packets from an address of a routed network leave unchanged."),
    (
        "LINUXNET-FROM -i br0 -j DROP",
        "Packets with spoofed sources or unknown to conntrack never leave, as they would leave untranslated.",
    ),
    (
        "LINUXNET-FROM -s SUBNET -j DROP",
        "Nobody behind another interface can impersonate an endpoint, even if mangle was flushed.",
    ),
    (
        "LINUXNET-FROM -o br0 -m addrtype --src-type LOCAL,(BROADCAST|ANYCAST) -j DROP",
        "Nobody sends to an endpoint from an address of the host, since the replies would not pass here.",
    ),
    ("INPUT -d 127.0.0.0/8 -j LINUXNET-INPUT", "Packets that were translated back to 127.x are checked again."),
    (
        "LINUXNET-INPUT -s SUBNET -d 127.0.0.0/8 -i br0 -m conntrack --ctstate DNAT --ctdir REPLY -j RETURN",
        "Replies of a port published on 127.x come from the network's own addresses.",
    ),
    (
        "LINUXNET-INPUT -d 127.0.0.0/8 -i br0 -j DROP",
        "An endpoint of another network that forged a reply would reach the host's own processes.",
    ),
    (
        "(PREROUTING|OUTPUT) (! -s fe80::/10 |! -d ::1/128 )?-m addrtype --dst-type LOCAL -j LINUXNET-DNAT",
        "Only packets to an address of this host can match a published port; others are never redirected.",
    ),
    (
        "OUTPUT (! -d ::1/128 )?-m addrtype --dst-type LOCAL -j LINUXNET-DNAT-OWN",
        "The host's own processes reach ports with a list of sources, which is about others.",
    ),
    (
        "OUTPUT -d 127.0.0.0/8 -j LINUXNET-DNAT-LOOPBACK",
        "Ports published on 127.x are in a chain of their own, which no packet from outside reaches.",
    ),
    (
        "LINUXNET-DNAT(-LOOPBACK -d 127.0.0.1/32|-OWN| -s SOURCE)? -p [a-z]+ -m [a-z]+ --dport [0-9:]+ -j TRANSLATE",
        "A published port or range.",
    ),
    ("POSTROUTING -j LINUXNET-POSTROUTING", "Outgoing packets get a source address that replies can reach."),
    (
        "LINUXNET-POSTROUTING -s SUBNET -d (224.0.0.0/4|ff00::/8) ! -o br0 -j RETURN",
        "Multicast keeps its source, since nobody replies to it.",
    ),
    ("LINUXNET-POSTROUTING -s SUBNET ! -o br0 -j MASQUERADE", "Packets that leave the network get the host's address."),
    (
        "LINUXNET-POSTROUTING -s SUBNET -o br0 -m conntrack --ctstate DNAT -j MASQUERADE",
        "An endpoint that connects to a published port of its own network gets the reply from the address it used.",
    ),
    (
        "LINUXNET-POSTROUTING -s 127.0.0.0/8 -o br0 -m conntrack --ctstate DNAT -j MASQUERADE",
        "Connections of the host from 127.0.0.1 get a source that the endpoint can reply to.",
    ),
]

_WORDS = {
    "TRANSLATE": "DNAT --to-destination ENDPOINT:[0-9/-]+",
    "SOURCE": "(?:198.51.100.0/24|203.0.113.7/32|2001:db8:5::/48)",
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
    """The number of a rule's reason, counted from 1; exactly one must match."""
    found = [number for number, pattern in enumerate(_PATTERNS, 1) if pattern.fullmatch(rule)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} reasons for: {rule}")
    return found[0]
