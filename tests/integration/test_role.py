# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role bridge_network and the playbooks, as users run them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply
from tests.integration.role_plays import PLAY, ROLE, VARIABLES, outcome
from tests.lab.host import Host
from tests.lab.lab import Lab


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"bridge_network_name": "averylongbridgename"}, "1 to 15 bytes"),
        ({"bridge_network_ipam_config": [{"subnet": "172.18.0.1/16"}]}, "did you mean 172.18.0.0/16?"),
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


@pytest.mark.long
def test_what_is_omitted_in_an_endpoint_is_not_given(host: Host) -> None:
    omitted = "{{ nope | default(omit) }}"
    endpoint = {"namespace": "web", "ipv4_address": omitted, "routes": [{"to": "10.0.0.0/8", "metric": omitted}]}
    host.playbook(PLAY, variables={**VARIABLES, "bridge_network_endpoints": [endpoint]})
    assert host.inside("web").reaches("172.18.0.1")


def test_a_process_that_is_gone_is_refused_before_anything_changes(host: Host) -> None:
    before = host.dump()
    endpoints = [{"namespace": "web"}, {"namespace": "app", "pid": 4194000}]
    run = host.playbook(PLAY, variables={**VARIABLES, "bridge_network_endpoints": endpoints}, fails=True)
    assert "or the process is gone" in json.dumps([task.result for task in run.failed])
    assert before.changes_to(host.dump()) == []


TAKEN = ("taken", "other")


def _two_networks() -> list[dict[str, Any]]:
    office = {
        "name": "br-office",
        "ipam_config": [{"subnet": "172.19.0.0/16"}],
        "endpoints": [{"namespace": "desk", "published_ports": ["9090:90"]}],
    }
    return [SHOP, office]


@pytest.mark.long
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


def test_bad_input_in_one_network_of_several_changes_none(host: Host) -> None:
    before = host.dump()
    wrong = {"name": "br-none", "ipam_config": [{"subnet": "300.0.0.0/8"}]}
    text = json.dumps({"all": {"hosts": {"localhost": {"bridge_networks": [*_two_networks(), wrong]}}}})
    for check in (True, False):
        run = host.playbook("netplumb.linuxnet.bridge_network", inventory=text, check=check, fails=True)
        assert run.failed[-1].result["msg"].startswith("bridge_networks[2].ipam_config[0].subnet: '300.0.0.0/8'")
        assert before.changes_to(host.dump()) == []


@pytest.mark.long
def test_a_broken_network_keeps_no_later_one_from_being_built(host: Host) -> None:
    host.sh("ip link add taken type bridge; ip link add other type bridge")
    shop, office = _two_networks()
    broken = [{"name": name, "ipam_config": [{"subnet": f"10.{number}.0.0/16"}]} for number, name in enumerate(TAKEN)]
    text = json.dumps({"all": {"hosts": {"localhost": {"bridge_networks": [broken[0], shop, broken[1], office]}}}})
    for check in (True, False):
        run = host.playbook("netplumb.linuxnet.bridge_network", inventory=text, check=check, fails=True)
        told = run.failed[-1].result["msg"]
        assert told.startswith("2 of 4 networks failed: taken: bridge_networks[0].name: the bridge 'taken' exists")
        assert "; other: bridge_networks[2].name: the bridge 'other' exists" in told
    assert host.inside("desk").reaches("172.19.0.1")
    assert [apply(host, **network).changed for network in (shop, office)] == [[], []]
    host.sh("ln -sfn /nowhere /etc/alternatives/iptables-restore")
    run = host.playbook("netplumb.linuxnet.teardown", inventory=text, fails=True)
    assert run.failed[-1].result["msg"].startswith("2 of 4 networks failed: ")


def test_a_teardown_of_what_is_no_list_of_networks_is_refused(host: Host) -> None:
    for wrong in ({}, {"bridge_networks": [{"subnet": "172.18.0.0/16"}]}):
        text = json.dumps({"all": {"hosts": {"localhost": wrong}}})
        run = host.playbook("netplumb.linuxnet.teardown", inventory=text, fails=True)
        assert "a list of networks, each a dictionary with its name" in json.dumps([task.result for task in run.failed])


def _include(variables: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Apply", "ansible.builtin.include_role": {"name": ROLE}, "vars": variables, **more}


@pytest.mark.long
def test_the_role_twice_with_different_networks_then_in_a_loop_with_identical_ones(host: Host) -> None:
    shop, office = ({f"bridge_network_{key}": value for key, value in network.items()} for network in _two_networks())
    roles = [{"role": ROLE, "vars": shop}, {"role": ROLE, "vars": office}, {"role": ROLE, "vars": shop}]
    run = host.playbook([{"name": "Twice", "hosts": "all", "gather_facts": False, "roles": roles}])
    per_application = len(outcome(run)) // 3
    assert len(outcome(run)) == 3 * per_application, "identical variables are applied again"
    assert [changed for _action, changed, _diff in outcome(run)[2 * per_application :]] == [False] * per_application
    looped = {
        "bridge_network_name": "{{ item.name }}",
        "bridge_network_ipam_config": "{{ item.ipam_config }}",
        "bridge_network_endpoints": "{{ item.endpoints }}",
    }
    assert host.playbook([_include(looped, loop=_two_networks())]).changed == []
    assert not host.sh("iptables-save -t nat | grep 9090 | grep br-shop || true"), (
        "nothing leaks into the other network"
    )


@pytest.mark.long
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
