# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role bridge_network and the playbooks, as users run them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, remove
from tests.lab import town
from tests.lab.dumps import Dump
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.playbooks import Run

VARIABLES = {f"bridge_network_{name}": value for name, value in SHOP.items()}
ROLE = "netplumb.linuxnet.bridge_network"
PLAY = [{"name": "Network", "hosts": "all", "gather_facts": False, "roles": [{"role": ROLE}]}]


def _outcome(run: Run) -> list[tuple[str, bool, Any]]:
    """What each module said: changed and diff."""
    modules = [task for task in run.tasks if task.action.startswith("netplumb.linuxnet.")]
    return [(task.action, task.changed, task.result.get("diff")) for task in modules]


def _recap(run: Run) -> str:
    return run.output[run.output.index("PLAY RECAP") :]


#: Tests of the one network that is built for all of them; parallel runs must not build it once each.
of_the_story = pytest.mark.xdist_group("story")


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


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with Lab() as lab:
        place = town.build(lab)
        host = place.host
        empty = host.dump()
        foretold = host.playbook(PLAY, variables=VARIABLES, check=True)
        after_check = host.dump()
        built = host.playbook(PLAY, variables=VARIABLES)
        healthy = host.dump()
        again = host.playbook(PLAY, variables=VARIABLES)
        yield Story(place, empty, after_check, foretold, built, healthy, again, host.dump())


@of_the_story
def test_check_mode_on_an_empty_host_changes_nothing_and_foretells_everything(story: Story) -> None:
    assert story.empty.changes_to(story.after_check) == []
    assert _outcome(story.foretold) == _outcome(story.built)
    assert len(story.built.changed) == 9


@of_the_story
def test_a_second_run_finds_nothing_to_do_and_does_nothing(story: Story) -> None:
    assert story.again.changed == []
    assert "changed=0" in _recap(story.again)
    assert story.healthy.changes_to(story.after_again) == []


@of_the_story
def test_at_most_twelve_module_calls(story: Story) -> None:
    assert len(_outcome(story.built)) <= 12


@of_the_story
@pytest.mark.parametrize(
    ("ipv4", "ipv6"), [("172.18.0.10", "fd00:18::3"), ("172.18.0.1", "fd00:18::1"), town.HOST, town.WORLD]
)
def test_endpoints_reach_each_other_the_gateway_the_host_and_the_world(story: Story, ipv4: str, ipv6: str) -> None:
    web = story.town.host.inside("web")
    assert web.reaches(ipv4)
    assert web.reaches(ipv6)


@of_the_story
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


@of_the_story
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


@of_the_story
def test_many_drifts_at_once_are_shown_and_repaired(story: Story) -> None:
    host = story.town.host
    host.sh(DAMAGE)
    broken = host.dump()
    shown = host.playbook(PLAY, variables=VARIABLES, check=True)
    assert broken.changes_to(host.dump()) == []
    repaired = host.playbook(PLAY, variables=VARIABLES)
    assert _outcome(shown) == _outcome(repaired)
    assert story.healthy.changes_to(host.dump()) == []


@of_the_story
def test_absent_with_the_name_alone_leaves_nothing_but_forwarding(story: Story) -> None:
    host = story.town.host
    name = {"bridge_network_name": "br-shop", "bridge_network_state": "absent"}
    foretold = host.playbook(PLAY, variables=name, check=True)
    removed = host.playbook(PLAY, variables=name)
    assert _outcome(foretold) == _outcome(removed)
    left = [
        line for line in story.empty.changes_to(host.dump()) if "forwarding" not in line and "ip_forward" not in line
    ]
    # With forwarding the kernel stops believing redirects.
    assert [line for line in left if "accept_redirects" not in line] == []
    assert "orwarding" in json.dumps([task.result.get("msg") for task in removed.tasks])
    assert remove(host).changed == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"bridge_network_name": "averylongbridgename"}, "1 to 15 bytes"),
        ({"bridge_network_ipam_config": [{"subnet": "172.18.0.1/16"}]}, "172.18.0.0/16 was probably meant"),
        ({"bridge_network_ipam_config": [{"subnet": "192.0.2.0/25"}]}, "192.0.2."),
        ({"bridge_network_endpoints": [{"namespace": "web", "published_ports": [3233]}]}, "quote it"),
        ({"bridge_network_endpoints": [{"namespace": "web", "colour": "red"}]}, "colour"),
        ({"bridge_network_gateway_mode": "bridge"}, "bridge_network_gateway_mode"),
    ],
)
def test_bad_input_fails_with_a_sentence_before_anything_changes(
    host: Host, variables: dict[str, Any], sentence: str
) -> None:
    host.sh("ip link add eth0 type dummy 2>/dev/null || ip link add eth0 type veth peer eth1")
    host.sh("ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up")
    before = host.dump()
    run = host.playbook(PLAY, variables={**VARIABLES, **variables}, fails=True)
    assert sentence in json.dumps([task.result for task in run.failed])
    assert "Traceback" not in run.output
    assert before.changes_to(host.dump()) == []


def test_a_process_that_is_gone_is_refused_before_anything_changes(host: Host) -> None:
    before = host.dump()
    endpoints = [{"namespace": "web"}, {"namespace": "app", "pid": 4194000}]
    run = host.playbook(PLAY, variables={**VARIABLES, "bridge_network_endpoints": endpoints}, fails=True)
    assert "or the process is gone" in json.dumps([task.result for task in run.failed])
    assert before.changes_to(host.dump()) == []


def _two_networks() -> list[dict[str, Any]]:
    office = {
        "name": "br-office",
        "ipam_config": [{"subnet": "172.19.0.0/16"}],
        "endpoints": [{"namespace": "desk", "published_ports": ["9090:90"]}],
    }
    return [SHOP, office]


def test_the_playbooks_with_several_networks_in_an_inventory(host: Host) -> None:
    empty = host.dump()
    inventory = {"all": {"hosts": {"localhost": {"bridge_networks": _two_networks()}}}}
    text = json.dumps(inventory)
    built = host.playbook("netplumb.linuxnet.bridge_network", inventory=text)
    assert built.changed
    assert sorted(host.sh("ip -o link show type bridge | cut -d: -f2").split()) == ["br-office", "br-shop"]
    assert host.inside("desk").reaches("172.19.0.1")
    assert [apply(host, **network).changed for network in _two_networks()] == [[], []]
    host.playbook("netplumb.linuxnet.teardown", inventory=text)
    left = [line for line in empty.changes_to(host.dump()) if "forward" not in line]
    assert [line for line in left if "accept_redirects" not in line] == []


def _include(variables: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Apply", "ansible.builtin.include_role": {"name": ROLE}, "vars": variables, **more}


def test_the_role_twice_with_different_networks_then_in_a_loop_with_identical_ones(host: Host) -> None:
    shop, office = ({f"bridge_network_{key}": value for key, value in network.items()} for network in _two_networks())
    roles = [{"role": ROLE, "vars": shop}, {"role": ROLE, "vars": office}, {"role": ROLE, "vars": shop}]
    run = host.playbook([{"name": "Twice", "hosts": "all", "gather_facts": False, "roles": roles}])
    per_application = len(_outcome(run)) // 3
    assert len(_outcome(run)) == 3 * per_application, "identical variables are applied again"
    assert [changed for _action, changed, _diff in _outcome(run)[2 * per_application :]] == [False] * per_application
    looped = {
        "bridge_network_name": "{{ item.name }}",
        "bridge_network_ipam_config": "{{ item.ipam_config }}",
        "bridge_network_endpoints": "{{ item.endpoints }}",
    }
    assert host.playbook([_include(looped, loop=_two_networks())]).changed == []
    assert not host.sh("iptables-save -t nat | grep 9090 | grep br-shop || true"), (
        "nothing leaks into the other network"
    )


def test_serial_and_limit(lab: Lab) -> None:
    host = lab.host("host")
    names = {f"bridge_network_{key}": value for key, value in SHOP.items() if key != "name"}
    hosts = {}
    for n in (1, 2):
        subnets, endpoints = [{"subnet": f"172.2{n}.0.0/16"}], [{"namespace": f"ns{n}"}]
        network = {"name": f"br-{n}", "ipam_config": subnets, "endpoints": endpoints}
        hosts[f"h{n}"] = names | {f"bridge_network_{key}": value for key, value in network.items()}
    inventory = json.dumps({"all": {"hosts": hosts}})
    play = [{**PLAY[0], "serial": 1}]
    host.playbook(play, inventory=inventory, arguments=("--limit", "h2"))
    assert host.sh("ip netns list").split()[0] == "ns2"
    run = host.playbook(play, inventory=inventory)
    assert {task.host for task in run.changed} == {"h1"}
    assert sorted(word for word in host.sh("ip netns list").split() if word.startswith("ns")) == ["ns1", "ns2"]
