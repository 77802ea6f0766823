# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one network as a user sees it: predicted, built, run again, used, damaged, repaired and removed.

Each test continues where the one before it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.networks import remove
from tests.integration.role_plays import PLAY, VARIABLES, outcome
from tests.integration.settling import settle
from tests.lab import town
from tests.lab.dumps import Dump
from tests.lab.lab import Lab
from tests.lab.playbooks import Run


@dataclass
class Story:
    """A town whose host got the network: in check mode, for real, and once more."""

    town: town.Town
    empty: Dump
    after_check: Dump
    foretold: Run
    built: Run
    healthy: Dump
    again: Run
    after_again: Dump


def _recap(run: Run) -> str:
    return run.output[run.output.index("PLAY RECAP") :]


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with Lab() as lab:
        place = town.build(lab)
        host = place.host
        empty = host.dump()
        foretold = host.playbook(PLAY, variables=VARIABLES, check=True)
        after_check = host.dump()
        built = host.playbook(PLAY, variables=VARIABLES)
        settle(host, "web", "db")
        healthy = host.dump()
        again = host.playbook(PLAY, variables=VARIABLES)
        yield Story(place, empty, after_check, foretold, built, healthy, again, host.dump())


def test_check_mode_on_an_empty_host_changes_nothing_and_foretells_everything(story: Story) -> None:
    assert story.empty.changes_to(story.after_check) == []
    assert outcome(story.foretold) == outcome(story.built)
    assert len(story.built.changed) == 1


def test_a_second_run_finds_nothing_to_do_and_does_nothing(story: Story) -> None:
    assert story.again.changed == []
    assert "changed=0" in _recap(story.again)
    assert story.healthy.changes_to(story.after_again) == []


def test_at_most_twelve_module_calls(story: Story) -> None:
    assert len(outcome(story.built)) <= 12


@pytest.mark.parametrize(
    ("ipv4", "ipv6"), [("172.18.0.10", "fd00:18::3"), ("172.18.0.1", "fd00:18::1"), town.HOST, town.WORLD]
)
def test_endpoints_reach_each_other_the_gateway_the_host_and_the_world(story: Story, ipv4: str, ipv6: str) -> None:
    web = story.town.host.inside("web")
    assert web.reaches(ipv4)
    assert web.reaches(ipv6)


def test_the_published_port_keeps_the_neighbours_address(story: Story) -> None:
    host, neighbour = story.town.host, story.town.neighbour
    with host.inside("web").server(80):
        for here, there in zip(town.HOST, town.NEIGHBOUR, strict=True):
            answer = neighbour.ask(here, 8080)
            assert answer is not None
            assert answer.peer == there
        assert neighbour.ask("172.18.0.2", 80) is None
        answer = host.ask("127.0.0.1", 8080)
        assert answer is not None
        assert answer.peer == "172.18.0.1"


def test_what_leaves_carries_the_hosts_address(story: Story) -> None:
    with story.town.outside.server(7):
        for world, here in zip(town.WORLD, town.HOST, strict=True):
            answer = story.town.host.inside("db").ask(world, 7)
            assert answer is not None
            assert answer.peer == here


DAMAGE = """
ip -n web addr del 172.18.0.2/16 dev eth0
ip link set $(ip -o link show master br-shop | sed -n '1s/^[0-9]*: \\([^@]*\\)@.*/\\1/p') down
ip -n db route del default
ip addr add 172.18.0.99/16 dev br-shop
iptables -t nat -F
iptables -D FORWARD -m comment --comment linuxnet -j LINUXNET-FORWARD
ip6tables -t mangle -F LINUXNET-TO
sysctl -qw net.ipv4.conf.br-shop.rp_filter=0 net.ipv4.conf.br-shop.route_localnet=0
"""


def test_many_drifts_at_once_are_shown_and_repaired(story: Story) -> None:
    host = story.town.host
    host.sh(DAMAGE)
    settle(host, "web", "db")
    broken = host.dump()
    shown = host.playbook(PLAY, variables=VARIABLES, check=True)
    assert broken.changes_to(host.dump()) == []
    repaired = host.playbook(PLAY, variables=VARIABLES)
    assert outcome(shown) == outcome(repaired)
    settle(host, "web", "db")
    assert story.healthy.changes_to(host.dump()) == []


def test_absent_with_the_name_alone_leaves_nothing_but_forwarding(story: Story) -> None:
    host = story.town.host
    name = {"bridge_network_name": "br-shop", "bridge_network_state": "absent"}
    foretold = host.playbook(PLAY, variables=name, check=True)
    removed = host.playbook(PLAY, variables=name)
    assert outcome(foretold) == outcome(removed)
    left = [
        line for line in story.empty.changes_to(host.dump()) if "forwarding" not in line and "ip_forward" not in line
    ]
    # With forwarding on, the kernel stops accepting redirects.
    assert [line for line in left if "accept_redirects" not in line] == []
    assert "orwarding" in json.dumps([task.result.get("summary") for task in removed.tasks])
    assert remove(host).changed == []
