# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an engine's answer differs from ours. A difference that is not declared here is an error, and vice versa."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: The engines by name.
DOCKER, NO_PROXY, CNI, NETAVARK = "docker", "docker-no-proxy", "cni", "netavark"
NFT, PODMAN = "netavark-nftables", "podman"
#: The releases: this machine's and the newest.
OLD, NEW = "old", "new"
BOTH = (OLD, NEW)
#: The kinds of differences, in the summary's order.
STRICTER = "we are stricter on purpose"
MORE = "we carry what the engine does not"
SOURCE = "the server sees another source"
DEFAULT = "another default"
LESS = "the engine carries what we do not"
KINDS = (STRICTER, MORE, SOURCE, DEFAULT, LESS)

DOCKERS, PLUGINS, NFTS = (DOCKER, NO_PROXY), (CNI, NETAVARK), (NFT, PODMAN)
NETAVARKS = (NETAVARK, *NFTS)
OTHERS = (*PLUGINS, *NFTS)
ALL = (*DOCKERS, *OTHERS)


@dataclass(frozen=True)
class Reason:
    """kind: one of KINDS. text: the note under the table. engines, questions, ages: the cells that it explains.

    All of these must differ from ours. A question's key stands for all of its families, its name ("KEY IPv4") for one.
    says: a regular expression for the content of such a cell.
    """

    kind: str
    text: str
    engines: tuple[str, ...]
    questions: tuple[str, ...]
    says: str
    ages: tuple[str, ...] = BOTH

    def runs(self) -> Iterator[tuple[str, str]]:
        """The engines with their ages."""
        return itertools.product(self.engines, self.ages)

    def explains(self, engine: str, age: str, key: str, name: str, cell: str) -> bool:
        ours = (engine, age) in self.runs() and (key in self.questions or name in self.questions)
        return ours and re.fullmatch(self.says, cell) is not None


_OPEN = r"(DROP: no; ACCEPT: )?yes(, \S+)?"
_FROM_WIRE = (
    "published lan host", "published lan second", "published lan gateway", "published outside host", "range",
    "on-second", "on-ipv6 lan", "old lan IPv4",
)  # fmt: skip

REASONS = (
    Reason(
        DEFAULT,
        "Docker sets the policy to DROP when it turns forwarding on. The policy is the whole host's, so we set it only "
        "if asked to (`bridge_network_forward_policy: drop`); what we close is closed under either policy.",
        DOCKERS,
        ("policy",),
        "DROP",
    ),
    Reason(
        MORE,
        "Neither CNI nor netavark accepts a new connection to a published port: they rely on a policy of ACCEPT, "
        "we do not.",
        PLUGINS,
        _FROM_WIRE,
        r"DROP: no; ACCEPT: yes, \S+",
    ),
    Reason(
        MORE,
        "netavark's rules for nftables, which are Podman's, are tables of their own. What they accept is still subject "
        "to the policy of iptables' FORWARD: where that is DROP, as Docker leaves it, nothing is forwarded, and where "
        "bridged packets are shown to iptables, nothing gets from one endpoint to another. We work under both.",
        NFTS,
        (*_FROM_WIRE, "published db host", "published db gateway", "beside", "out world", "out lan", "hijack db"),
        r"DROP: no; ACCEPT: yes, \S+",
    ),
    Reason(
        MORE,
        "Docker's proxy, a process on the host, takes what comes from endpoints. It answers UDP from the gateway "
        "address of the client's network, which is not the address that was asked. We carry both protocols.",
        (DOCKER,),
        (
            "published web host",
            "published db host",
            "published app host",
            "published app gateway",
            "icc published app",
            "old app IPv4",
            "unbridged published t1",
            "unbridged published t2",
        ),
        r"tcp: yes, \S+; udp: no",
        (OLD,),
    ),
    Reason(
        LESS,
        "Only a process can take a connection to ::1 to another host: the kernel has no route_localnet for IPv6. "
        "Docker's proxy is one; we start none.",
        (DOCKER,),
        ("published host loopback IPv6",),
        r"yes, \S+",
    ),
    Reason(
        LESS,
        "Docker's proxy takes IPv6 to an endpoint that has none, and shows it the gateway address as the client. NAT "
        "cannot go from one family to the other: with us such an endpoint needs an IPv6 address.",
        (DOCKER,),
        ("old lan IPv6", "old host IPv6", "old loopback IPv6", "old app IPv6"),
        r"yes, \S+|tcp: yes, \S+; udp: no",
    ),
    Reason(
        SOURCE,
        "Docker without its proxy masquerades what the host itself sends; we keep the host's address.",
        (NO_PROXY,),
        ("published host host", "published host second", "on-ipv6 host", "icc published host", "old host IPv4"),
        r"yes, \S+",
    ),
    Reason(
        SOURCE,
        "Without its proxy Docker keeps the address of an endpoint beside the server, and relies on "
        "bridge-nf-call-iptables to catch the answer, which goes from one to the other directly. We masquerade, which "
        "works with and without.",
        (NO_PROXY,),
        ("published db host", "published db gateway"),
        r"yes, \S+",
    ),
    Reason(
        MORE,
        "What keeps networks apart there (in netavark the option `isolate`, in CNI `ingressPolicy`) also keeps an "
        "endpoint from what another network publishes. We let through what is published, and nothing else.",
        (NO_PROXY, *OTHERS),
        ("published app host", "published app gateway", "published app own gateway", "old app IPv4"),
        "no",
    ),
    Reason(
        MORE,
        "The rule that keeps networks, or endpoints, apart also keeps them from what is published. We let that "
        "through.",
        (NO_PROXY,),
        ("icc published app", "unbridged published t1", "unbridged published t2"),
        "no",
    ),
    Reason(
        MORE,
        "netavark does not let the bridge send a packet back by the port by which it came (hairpin), which it must "
        "where bridge-nf-call-iptables is 1.",
        NETAVARKS,
        ("published web host", "published web gateway"),
        "no",
    ),
    *(
        Reason(
            STRICTER,
            "What is published on 127.0.0.1 is for the host alone. These engines translate the packet before the "
            "kernel can see that it came from a wire.",
            engines,
            ("on-loopback lan", "on-loopback-5 lan"),
            _OPEN,
            ages,
        )
        for engines, ages in ((DOCKERS, (OLD,)), (PLUGINS, BOTH), (NFTS, (NEW,)))
    ),
    *(
        Reason(
            STRICTER,
            "An endpoint is reached by what it publishes, at the host's addresses, and not at its own "
            "(`bridge_network_gateway_mode: nat-unprotected` or `routed` open that). These engines leave it to the "
            "policy; the older Docker opens the published port under DROP too.",
            engines,
            ("direct open", "direct closed", "direct echo", "direct db"),
            _OPEN,
            ages,
        )
        for engines, ages in ((DOCKERS, (OLD,)), (PLUGINS, BOTH), (NFTS, (NEW,)))
    ),
    Reason(
        STRICTER,
        "Only the subnet's own addresses leave a network. Elsewhere such a packet goes out as "
        "it is, since masquerading looks for the subnet alone.",
        ALL,
        ("foreign source",),
        _OPEN,
    ),
    *(
        Reason(
            STRICTER,
            "A packet that belongs to no connection is not translated, and would show the endpoint's own address on "
            "the wire.",
            engines,
            ("invalid",),
            r"yes, \S+",
            ages,
        )
        for engines, ages in ((DOCKERS, BOTH), ((CNI,), BOTH), ((NETAVARK,), (OLD,)))
    ),
    *(
        Reason(
            STRICTER,
            "Publishing on 127.0.0.1 without a process takes route_localnet, which opens the host's 127.0.0.0/8 to "
            "endpoints in both directions; we close it again.",
            engines,
            questions,
            "yes",
            ages,
        )
        for engines, questions, ages in (
            ((NO_PROXY, *OTHERS), ("own loopback",), BOTH),
            ((NO_PROXY, CNI), ("own from loopback",), BOTH),
            ((NETAVARK,), ("own from loopback",), (OLD,)),
        )
    ),
    Reason(
        STRICTER,
        "An internal network speaks with its own gateway address, and with no other of the host.",
        (*DOCKERS, *NETAVARKS),
        ("internal host written",),
        "yes",
    ),
    Reason(
        MORE,
        "Docker's rules for an internal network drop IPv6 neighbour discovery between its endpoints where "
        "bridge-nf-call-ip6tables is 1.",
        DOCKERS,
        ("internal beside IPv6",),
        "no",
        (OLD,),
    ),
    Reason(
        MORE,
        "netavark has no rules for an internal network: where bridge-nf-call-iptables is 1, the policy decides whether "
        "its endpoints may talk.",
        NETAVARKS,
        ("internal beside",),
        r"DROP: no; ACCEPT: yes, \S+",
    ),
    Reason(
        STRICTER,
        "netavark makes a network internal by giving no default route and by turning forwarding off for its bridge, "
        "which the kernel heeds for IPv4 alone.",
        NETAVARKS,
        (
            "internal across IPv6",
            "internal out written IPv6",
            "internal across written IPv6",
            "internal published written IPv6",
        ),
        _OPEN,
    ),
    Reason(
        STRICTER,
        "Docker's rule sees only what bridge-nf-call-iptables shows it. Our bridge keeps the ports apart itself.",
        DOCKERS,
        ("unbridged beside",),
        r"yes, \S+",
    ),
    Reason(
        LESS,
        "With bridge-nf-call-iptables the kernel bridges what it has translated from one endpoint to the other, which "
        "the bridge keeps apart: in such a network, endpoints cannot use what it publishes. Docker's proxy, a process, "
        "carries TCP, and by now UDP too. Without bridge-nf-call-iptables we carry both protocols, see the last rows.",
        (DOCKER,),
        ("icc published t1", "icc published t2"),
        r"tcp: yes, \S+; udp: no|yes, \S+",
    ),
)


def missing(feature: str, title: str) -> str:
    """The note for a cell that was not asked."""
    return f"{title} has no setting for {feature}."
