# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module bridge_network as Ansible runs it: its code sent as text, its options, several networks, its cache."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.networks import SHOP, remove
from tests.integration.role_plays import PLAY, VARIABLES
from tests.lab.host import Host
from tests.lab.playbooks import Run

BACK: dict[str, Any] = {
    "name": "br-back",
    "internal": True,
    "ipam_config": [{"subnet": "172.19.0.0/16"}],
    "endpoints": [{"namespace": "web", "interface": "eth1"}, {"namespace": "store"}],
}
#: The cache of compiled code.
KEPT = "/run/linuxnet/code"


def _play(options: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"name": "Call", "netplumb.linuxnet.bridge_network": options, **more}]


def _result(run: Run) -> dict[str, Any]:
    return dict(run.tasks[-1].result)


@pytest.mark.long
def test_several_networks_in_one_call(host: Host) -> None:
    options = {"aggregate": [SHOP, BACK]}
    foretold = host.playbook(_play(options), check=True)
    built = host.playbook(_play({**options, "return_plan": True}))
    assert [one["name"] for one in _result(built)["objects"]] == ["br-shop", "br-back"]
    assert [one["plan"]["network"] for one in _result(built)["objects"]] == ["br-shop", "br-back"]
    assert _result(foretold)["changed"]
    assert _result(built)["changed"]
    assert host.inside("web").reaches("172.18.0.10")
    assert host.inside("web").reaches("172.19.0.3")
    again = host.playbook(_play(options))
    assert not _result(again)["changed"]
    assert "plan" not in _result(again)["objects"][0]
    gone = host.playbook(_play({"state": "absent", "aggregate": [{"name": "br-back"}, {"name": "br-shop"}]}))
    assert [one["state"] for one in _result(gone)["objects"]] == ["absent", "absent"]
    assert host.sh("ip netns list; ip -o link show type bridge") == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"nom": "br0"}, "nom: 'br0' is not allowed: there is no such option, there are name, state, "),
        ({"state": "present"}, "name is required: the name of the network, such as br-shop"),
        ({"name": "br0", "aggregate": []}, "name: 'br0' is not allowed: not together with aggregate"),
        ({"aggregate": {"name": "br0"}}, "aggregate: {'name': 'br0'} is not allowed: a list of networks"),
        ({"aggregate": ["br0"]}, "aggregate[0]: 'br0' is not allowed: a dictionary with the name of a network"),
        ({**SHOP, "return_plan": "maybe"}, "return_plan: 'maybe' is not allowed: true or false"),
        ({**SHOP, "mtu": 1}, "mtu: 1 is not allowed"),
        ({"aggregate": [SHOP, {**BACK, "mtu": 1}]}, "aggregate[1].mtu: 1 is not allowed"),
        (
            {"aggregate": [SHOP, {**BACK, "name": "br-shop"}]},
            "aggregate[1].name: 'br-shop' is already the name of aggregate[0]",
        ),
    ],
)
def test_bad_options_change_nothing(host: Host, options: dict[str, Any], sentence: str) -> None:
    before = host.dump()
    run = host.playbook(_play(options), fails=True)
    assert _result(run)["msg"].startswith(sentence), _result(run)["msg"]
    assert "Traceback" not in run.output
    assert before.changes_to(host.dump()) == []


@pytest.mark.long
def test_what_the_code_is_compiled_to_is_kept_as_long_as_there_is_a_network(host: Host) -> None:
    host.playbook(_play(SHOP), check=True)
    assert not host.exists(KEPT), "check mode leaves nothing"
    host.playbook(_play(SHOP))
    first = host.sh(f"stat -c '%a %u %i' {KEPT}").split()
    assert first[:2] == ["600", "0"]
    host.playbook(_play(SHOP))
    assert host.sh(f"stat -c '%a %u %i' {KEPT}").split() == first, "it is not written again"
    host.playbook(_play({"name": "br-shop", "state": "absent"}))
    assert not host.exists(KEPT)


@pytest.mark.parametrize(
    "damage",
    [
        "echo nonsense >FILE",
        "chmod 666 FILE",
        "rm FILE; ln -s /etc/passwd FILE",
        "printf xxxxxxxx | dd of=FILE conv=notrunc",
    ],
)
@pytest.mark.long
def test_what_is_kept_is_made_anew_where_it_may_be_anothers_or_of_another_python(host: Host, damage: str) -> None:
    host.playbook(_play(SHOP))
    host.sh(damage.replace("FILE", KEPT))
    before = host.sh(f"stat -c %i {KEPT}")
    assert not _result(host.playbook(_play(SHOP)))["changed"]
    assert host.sh(f"stat -c %a {KEPT}").strip() == "600"
    assert host.sh(f"stat -c %i {KEPT}") != before


@pytest.mark.parametrize("pipelining", ["true", "false"])
@pytest.mark.long
def test_with_and_without_pipelining(host: Host, pipelining: str) -> None:
    env = {"ANSIBLE_PIPELINING": pipelining}
    assert _result(host.playbook(_play(SHOP), env=env))["changed"]
    assert not _result(host.playbook(_play(SHOP), env=env))["changed"]
    remove(host)


@pytest.mark.long
def test_left_to_itself(host: Host) -> None:
    begun = _play(SHOP, **{"async": 60, "poll": 1})
    # On a host of the lab, the home directory is read-only.
    assert _result(host.playbook(begun, env={"ANSIBLE_ASYNC_DIR": "/tmp/async"}))["changed"]
    assert host.inside("web").reaches("172.18.0.10")


@pytest.mark.long
def test_delegated_to_another_host_of_the_inventory(host: Host) -> None:
    inventory = json.dumps({"all": {"hosts": {"localhost": {}, "gateway": {"ansible_connection": "local"}}}})
    run = host.playbook(_play(SHOP, delegate_to="gateway", run_once=True), inventory=inventory)
    assert [task.changed for task in run.tasks] == [True]


def test_text_that_ends_a_string_is_a_value_like_any_other(host: Host) -> None:
    wild = '"' * 3 + "'" * 3 + "\\ <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>> \u2028"
    run = host.playbook(_play({**SHOP, "mtu": wild}), fails=True)
    assert _result(run)["msg"].startswith("mtu: ")
    assert "SyntaxError" not in run.output


@pytest.mark.long
def test_the_roles_variables_are_the_defaults_of_all_networks(host: Host) -> None:
    host.playbook(PLAY, variables={"bridge_networks": [{**SHOP, "mtu": 1400}, BACK], "bridge_network_mtu": 1300})
    found = {link["ifname"]: link["mtu"] for link in host.ip("link", "show", "type", "bridge")}
    assert found == {"br-shop": 1400, "br-back": 1300}
    for variables, option in (
        ({"bridge_networks": [SHOP, {**BACK, "mtu": 1}]}, "bridge_networks[1].mtu"),
        ({**VARIABLES, "bridge_network_mtu": 1}, "bridge_network_mtu"),
    ):
        told = host.playbook(PLAY, variables=variables, fails=True).failed[-1].result["msg"]
        assert told.startswith(f"{option}: 1 is not allowed")


@pytest.mark.long
def test_ipv6_follows_the_gateway_mode_of_its_own_network(host: Host) -> None:
    dual = [{"subnet": "172.18.0.0/16"}, {"subnet": "fd00:18::/64"}]
    open_to_all = "-A LINUXNET-TO -o br-a -m comment --comment linuxnet-forward-br-a -j ACCEPT"
    for common, own, is_open in (("nat-unprotected", "nat", False), ("nat", "nat-unprotected", True)):
        networks = [{"name": "br-a", "gateway_mode": own, "ipam_config": dual}]
        variables = {"bridge_networks": networks, "bridge_network_gateway_mode": common}
        host.playbook(PLAY, variables=variables)
        for program in ("iptables", "ip6tables"):
            assert (open_to_all in host.sh(f"{program} -S LINUXNET-TO")) is is_open, (program, own)


@pytest.mark.parametrize("name", ["netaddr", "base64", "ansible_collections"])
def test_nothing_is_loaded_out_of_the_directory_that_ansible_is_in(host: Host, name: str) -> None:
    host.sh("mkdir -p /tmp/place")
    host.write(f"/tmp/place/{name}.py", "open('/tmp/ran', 'w').close()\n")
    host.write("/tmp/play.json", json.dumps([{"hosts": "all", "gather_facts": False, "tasks": _play(SHOP)}]))
    host.sh("cd /tmp/place; ANSIBLE_PIPELINING=true ansible-playbook -i localhost, -c local /tmp/play.json")
    assert not host.exists("/tmp/ran")


def test_absent_goes_first_and_a_failure_costs_its_network_alone(host: Host) -> None:
    old = {"name": "br-old", "ipam_config": [{"subnet": "172.18.0.0/16"}], "endpoints": [{"namespace": "old"}]}
    host.module("bridge_network", old)
    options = {"aggregate": [SHOP, {"name": "br-old", "state": "absent"}]}
    foretold = host.module("bridge_network", options, check=True)
    told = host.module("bridge_network", options)
    assert foretold["diff"] == told["diff"]
    assert [one["changed"] for one in told["objects"]] == [True, True]
    assert host.sh("ip -o link show type bridge | cut -d: -f2").split() == ["br-shop"]


def test_what_a_network_that_failed_had_changed_counts(host: Host) -> None:
    host.sh("ip link add br-back type bridge")
    refused = host.module("bridge_network", {"aggregate": [SHOP, BACK]}, fails=True)
    assert [one["changed"] for one in refused["objects"]] == [True, False]
    host.sh("ip link delete br-back")
    host.write("/tmp/restore", "#!/bin/sh\ngrep -q 9090 && exit 1\nexit 0\n")
    host.sh("chmod 755 /tmp/restore; ln -sfn /tmp/restore /etc/alternatives/iptables-restore")
    half = {**BACK, "internal": False, "endpoints": [{"namespace": "store", "published_ports": ["9090:90"]}]}
    refused = host.module("bridge_network", {"aggregate": [SHOP, half]}, fails=True)
    assert refused["changed"]
    assert [one["changed"] for one in refused["objects"]] == [False, True]
    assert "br-back: " in refused["msg"]
    third = {**half, "name": "br-third", "ipam_config": [{"subnet": "172.21.0.0/16"}]}
    third["endpoints"] = [{"namespace": "third", "published_ports": ["9090:90"]}]
    alone = host.module("bridge_network", third, fails=True)
    assert alone["changed"]
    assert alone["objects"][0]["changed"]


def test_a_service_that_is_anothers_costs_its_network_alone(host: Host) -> None:
    host.sh("mkdir -p /etc/systemd/system; echo '[Unit]' >/etc/systemd/system/linuxnet-br-shop.service")
    networks = [{**SHOP, "persistent": True}, {**BACK, "persistent": True}, {"name": "br-none", "ports": ["none"]}]
    networks[2]["ipam_config"] = [{"subnet": "172.20.0.0/16"}]
    told = host.module("bridge_network", {"aggregate": networks}, fails=True)
    assert [one["name"] for one in told["objects"] if one["modules"].get("network_service", {}).get("changed")] == [
        "br-back"
    ]
    assert "linuxnet-br-shop.service was not written by this collection" in told["msg"]
    assert "there is no interface 'none' on the host" in told["msg"]


@pytest.mark.parametrize("name", ["net.core.x\0y", "net.core. x", "net.core.\u00e4"])
def test_no_name_of_a_setting_is_a_traceback(host: Host, name: str) -> None:
    before = host.dump()
    endpoints = [{"namespace": "web", "sysctls": {name: 1}}]
    told = host.module("bridge_network", {**SHOP, "endpoints": endpoints}, fails=True)["msg"]
    assert "is not allowed: " in told
    assert before.changes_to(host.dump()) == []
