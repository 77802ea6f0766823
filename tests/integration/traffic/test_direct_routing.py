# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a neighbour with a route to the endpoints' own addresses can reach, by gateway mode and policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.networks import apply
from tests.integration.rule_hosts import NATIVE, use_backend
from tests.integration.traffic import agents
from tests.lab import town
from tests.lab.lab import Lab
from tests.lab.town import Town

#: By gateway mode: whether a published port, another port and an echo request pass.
TRUTH = {
    "nat": (False, False, False),
    "nat-unprotected": (True, True, True),
    "routed": (True, False, True),
}
MODES = {
    # bridge: subnet's number, mode of IPv4, mode of IPv6
    "br0": (18, "nat", "nat"),
    "br1": (19, "nat-unprotected", "nat-unprotected"),
    "br2": (20, "routed", "routed"),
    "br3": (21, "nat", "routed"),
    "br4": (22, "routed", "nat"),
}
PUBLISHED, OTHER = 80, 7777


def addresses(number: int, last: int) -> tuple[str, str]:
    return f"172.{number}.0.{last}", f"fd00:{number}::{last}"


@pytest.fixture(scope="module", params=["nft", NATIVE])
def built(request: pytest.FixtureRequest) -> Iterator[Town]:
    with Lab() as lab:
        one = town.build(lab)
        use_backend(one.host, request.param)
        # Another tool uses iptables, too: what it drops in FORWARD later, our networks were prepared for.
        one.host.sh("iptables -P FORWARD ACCEPT; ip6tables -P FORWARD ACCEPT")
        for bridge, (number, ipv4, ipv6) in MODES.items():
            subnets = [{"subnet": f"172.{number}.0.0/16"}, {"subnet": f"fd00:{number}::/64"}]
            endpoint = {"namespace": f"in-{bridge}", "published_ports": [f"80{number}:80", f"80{number}:80/udp"]}
            apply(
                one.host,
                name=bridge,
                ipam_config=subnets,
                endpoints=[endpoint],
                gateway_mode=ipv4,
                gateway_mode_ipv6=ipv6,
            )
        servers = [(kind, "::", port) for kind in ("tcp", "udp") for port in (PUBLISHED, OTHER)]
        running = [one.host.inside(f"in-{bridge}").start(agents.serve_all, servers) for bridge in MODES]
        running.append(one.neighbour.start(agents.serve_all, [("tcp", "::", 80)]))
        yield one
        for background in running:
            background.stop()


@pytest.mark.parametrize("policy", ["ACCEPT", "DROP"])
@pytest.mark.long
def test_direct_routing(built: Town, policy: str) -> None:
    built.host.sh(f"iptables -P FORWARD {policy}; ip6tables -P FORWARD {policy}")
    cells = {}
    for bridge, (number, *modes) in MODES.items():
        for mode, address in zip(modes, addresses(number, 2), strict=True):
            questions = [(kind, address, port, "") for port in (PUBLISHED, OTHER) for kind in ("tcp", "udp")]
            answers = built.neighbour.call(agents.ask_all, questions, 0.5)
            seen = [answer.split()[0] if answer else "" for answer in answers]
            assert set(seen) <= {"", town.NEIGHBOUR[":" in address]}, "the source is kept"
            assert (bool(seen[0]), bool(seen[2])) == (bool(seen[1]), bool(seen[3])), "tcp and udp alike"
            reached = built.neighbour.reaches(address, timeout=0.5)
            cells[bridge, mode, address] = (bool(seen[0]), bool(seen[2]), reached)
    assert cells == {key: TRUTH[key[1]] for key in cells}


def test_by_the_hosts_address(built: Town) -> None:
    """Translated ports are published on the host; routed ones are not."""
    for number, *modes in MODES.values():
        for mode, address in zip(modes, town.HOST, strict=True):
            for kind in ("tcp", "udp"):
                answer = built.neighbour.ask(address, int(f"80{number}"), kind, timeout=0.5)
                assert bool(answer) == (mode != "routed"), (number, mode, kind)


def test_the_way_out(built: Town) -> None:
    """Routed endpoints keep their address, to which the neighbour has a route."""
    for bridge, (number, *modes) in MODES.items():
        for mode, own, target, host in zip(modes, addresses(number, 2), town.NEIGHBOUR, town.HOST, strict=True):
            answer = built.host.inside(f"in-{bridge}").ask(target, 80)
            assert answer is not None
            assert answer.peer == (own if mode == "routed" else host), (bridge, mode)
