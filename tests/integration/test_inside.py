# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks inside a namespace: the become plugin, the inventory of endpoints, the playbook that runs one command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.networks import SHOP
from tests.lab.controller import Controller
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.playbooks import Run

INSIDE = {"become": True, "become_method": "netplumb.linuxnet.netns"}
#: Plays run inside the host, whose processes all have one user ID, that of root.
PIPELINING = pytest.mark.parametrize("pipelining", ["True", "False"])


@pytest.fixture(scope="module", name="shop")
def _shop() -> Iterator[Host]:
    """A host with the README's network, and a server in its namespace db."""
    with Lab() as lab:
        host = lab.host("host")
        host.module("bridge_network", SHOP)
        host.write("/tmp/srv/index.html", "hello")
        host.spawn(["python3", "-m", "http.server", "--directory", "/tmp/srv", "80"], netns="db")
        yield host


def _play(*tasks: dict[str, Any], netns: str = "web", **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": "Inside", "hosts": "all", "gather_facts": False, **INSIDE, "vars": {"ansible_netns": netns}, **more}
        | {"tasks": list(tasks)}
    ]


def _run(host: Host, *tasks: dict[str, Any], pipelining: str = "True", fails: bool = False, **more: Any) -> Run:
    environment = {"ANSIBLE_PIPELINING": pipelining}
    return host.playbook(_play(*tasks, **more), env=environment, fails=fails)


@PIPELINING
@pytest.mark.long
def test_any_module_runs_inside(shop: Host, pipelining: str) -> None:
    run = _run(
        shop,
        {"name": "Wait", "ansible.builtin.wait_for": {"host": "172.18.0.10", "port": 80, "timeout": 20}},
        {"name": "Ask", "ansible.builtin.uri": {"url": "http://172.18.0.10/index.html", "return_content": True}},
        {"name": "Get", "ansible.builtin.get_url": {"url": "http://172.18.0.10/index.html", "dest": "/tmp/got"}},
        {"name": "Links", "ansible.builtin.command": "ip -json link"},
        {"name": "Facts", "ansible.builtin.setup": {"gather_subset": ["network"]}},
        {"name": "Packages", "ansible.builtin.package_facts": {}},
        {"name": "Services", "ansible.builtin.service_facts": {}},
        pipelining=pipelining,
    )
    assert run.task("Ask").result["content"] == "hello"
    assert shop.read("/tmp/got") == "hello"
    shop.remove("/tmp/got")
    assert [link["ifname"] for link in json.loads(run.task("Links").result["stdout"])] == ["lo", "eth0"]
    assert sorted(run.task("Facts").result["ansible_facts"]["ansible_interfaces"]) == ["eth0", "lo"]


def test_ansible_does_not_leave_it_out_where_the_login_is_the_user(shop: Host) -> None:
    task = {"name": "Name", "ansible.builtin.command": "ip netns identify"}
    run = _run(shop, task, become_user="root")
    assert run.task("Name").result["stdout"] == "web"


@pytest.mark.long
def test_rules_and_our_own_modules_are_about_the_inside(shop: Host) -> None:
    rule = {"chain": "INPUT", "protocol": "tcp", "destination_port": "9", "jump": "DROP"}
    run = _run(
        shop,
        {"name": "Rule", "ansible.builtin.iptables": rule},
        {"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "inner"}},
        {"name": "Info", "netplumb.linuxnet.netns_info": {"names": []}},
    )
    assert "--dport 9 -j DROP" in shop.sh("ip netns exec web iptables -S INPUT")
    assert "--dport 9" not in shop.sh("iptables -S INPUT")
    assert [link["ifname"] for link in shop.ip("-n", "web", "link", "show", "type", "bridge")] == ["inner"]
    assert run.failed == []
    _run(
        shop,
        {"name": "Rule", "ansible.builtin.iptables": {**rule, "state": "absent"}},
        {"name": "Bridge", "netplumb.linuxnet.bridge": {"name": "inner", "state": "absent"}},
    )


def test_files_of_the_namespace_take_the_place_of_the_hosts(shop: Host) -> None:
    shop.write("/etc/netns/web/hosts", "192.0.2.7 inside.example\n")
    run = _run(shop, {"name": "Read", "ansible.builtin.command": "cat /etc/hosts"})
    assert run.task("Read").result["stdout"] == "192.0.2.7 inside.example"
    shop.sh("rm -r /etc/netns")


@PIPELINING
@pytest.mark.long
def test_a_namespace_that_cannot_be_entered_is_one_sentence(shop: Host, pipelining: str) -> None:
    shop.sh("touch /run/netns/file")
    strange = 'we\'b "$HOME"'
    sentences = {
        strange: f"there is no network namespace {strange} on this host",
        "file": "the network namespace file is dead: /run/netns/file is a file without a namespace",
    }
    modules = ("ansible.builtin.ping", "ansible.builtin.setup", "netplumb.linuxnet.netns_info")
    tasks = [
        {"name": f"{module} {name}", module: {}, "vars": {"ansible_netns": name}, "ignore_errors": True}
        for name in sentences
        for module in modules
    ]
    run = _run(shop, *tasks, pipelining=pipelining)
    assert [task.result["msg"] for task in run.tasks] == [told for told in sentences.values() for _module in modules]
    shop.sh("rm /run/netns/file")


def test_names_that_a_shell_would_take_apart(shop: Host) -> None:
    names = ["we'b", 'a "b" $HOME `id` \\', "-x", "7", "ünì"]
    for name in names:
        shop.module("netns", {"name": name})
    tasks = [
        {"name": "Name", "ansible.builtin.command": "ip netns identify", "vars": {"ansible_netns": name}}
        for name in names
    ]
    assert [task.result["stdout"] for task in _run(shop, *tasks).tasks] == names
    for name in names:
        shop.module("netns", {"name": name, "state": "absent"})


def test_one_that_is_not_root_is_told_the_cure(shop: Host) -> None:
    """Faked by a program that reports another user: a host of the lab has no other user."""
    shop.write("/tmp/bin/id", "#!/bin/sh\necho 1000\n")
    shop.sh("chmod +x /tmp/bin/id")
    tasks = {"name": "Try", "ansible.builtin.ping": {}}
    environment = {"ANSIBLE_NETNS_EXE": "/bin/false", "PATH": "/tmp/bin:" + shop.sh("printf %s $PATH")}
    run = shop.playbook(_play(tasks), env=environment, fails=True)
    assert run.task("Try").result["msg"] == (
        "entering a network namespace needs root; set ansible_netns_via to sudo or doas"
    )


def test_another_user_that_is_not_there(shop: Host) -> None:
    run = _run(shop, {"name": "Try", "ansible.builtin.raw": "id"}, become_user="nobody-here", fails=True)
    assert "become_user: the host has no user nobody-here" in run.task("Try").result["stdout"]


@pytest.mark.long
def test_a_task_that_is_left_to_itself(shop: Host) -> None:
    task = {"name": "Later", "ansible.builtin.command": "ip -json link", "async": 20, "poll": 1}
    run = shop.playbook(_play(task), env={"ANSIBLE_ASYNC_DIR": "/tmp/later"})
    assert [link["ifname"] for link in json.loads(run.task("Later").result["stdout"])] == ["lo", "eth0"]


NETWORKS: list[dict[str, Any]] = [
    SHOP,
    {
        "name": "br-back",
        "internal": True,
        "ipam_config": [{"subnet": "172.19.0.0/16"}],
        "endpoints": [{"namespace": "web", "interface": "eth1"}, {"namespace": "store", "ipv4_address": "172.19.0.9"}],
    },
]
SOURCE = {
    "plugin": "netplumb.linuxnet.netns",
    "strict": True,
    "keyed_groups": [{"key": "netns_networks.keys() | list", "prefix": "on"}],
    "groups": {"stores": "netns_networks['br-back'].ipv4_address is defined"},
    "compose": {"where": "netns_host ~ ':' ~ ansible_netns"},
}
PING = [
    {
        "name": "Namespaces",
        "hosts": "netns",
        "gather_facts": False,
        "tasks": [
            {"name": "Ping", "ansible.builtin.ping": {}},
            {"name": "Groups", "ansible.builtin.debug": {"msg": "{{ where }} {{ group_names | join(' ') }}"}},
            {"name": "Links", "ansible.builtin.command": "ip -json link"},
        ],
    }
]


@pytest.mark.long
def test_every_endpoint_is_a_host(lab: Lab, tmp_path: Any) -> None:
    hosts = {name: (lab.host(name), {"bridge_networks": NETWORKS}) for name in ("alpha", "beta")}
    source, play = tmp_path / "netns.yml", tmp_path / "ping.yml"
    source.write_text(json.dumps({**SOURCE, "strict": False}), encoding="utf-8")
    play.write_text(json.dumps(PING), encoding="utf-8")
    with Controller(lab, forks=4) as controller:
        built = controller.playbook("netplumb.linuxnet.bridge_network", hosts)
        assert built.rc == 0, built.output
        run = controller.playbook(str(play), hosts, f"--inventory={source}")
    assert run.rc == 0, run.output
    told = {task.host: task.result for task in run.tasks if task.name == "Links"}
    assert set(told) == {f"{namespace}.{host}" for namespace in ("web", "db", "store") for host in hosts}
    links = {name: [link["ifname"] for link in json.loads(result["stdout"])] for name, result in told.items()}
    assert links["web.alpha"] == ["lo", "eth0", "eth1"]
    assert links["store.beta"] == ["lo", "eth0"]
    said = {task.host: task.result["msg"].split() for task in run.tasks if task.name == "Groups"}
    shop = f"network_{SHOP['name'].replace('-', '_')}"
    assert set(said["web.alpha"][1:]) == {"host_alpha", "netns", shop, "network_br_back", "on_br_shop", "on_br_back"}
    assert said["store.beta"][0] == "beta:store"
    assert "stores" in said["store.beta"]


@pytest.mark.long
def test_all_namespaces_answer_a_ping_and_nothing_is_reached_before(shop: Host) -> None:
    """Reading the inventory starts no connection: that of this one leaves a file behind."""
    shop.write("/tmp/ssh", "#!/bin/sh\ntouch /tmp/connected\nexit 255\n")
    shop.sh("chmod 755 /tmp/ssh")
    away = {"ansible_connection": "ssh", "ansible_host": "192.0.2.77", "ansible_ssh_executable": "/tmp/ssh"}
    alpha = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    for name, variables in (("away", away), ("here", alpha)):
        hosts = {"all": {"hosts": {"alpha": {**variables, "bridge_networks": [SHOP]}}}}
        shop.write(f"/tmp/{name}/hosts.yml", json.dumps(hosts))
        shop.write(f"/tmp/{name}/netns.yml", json.dumps({"plugin": "netplumb.linuxnet.netns"}))
    read = shop.run(["ansible-inventory", "-i", "/tmp/away/hosts.yml", "-i", "/tmp/away/netns.yml", "--list"])
    assert set(json.loads(read.out)["netns"]["hosts"]) == {"web.alpha", "db.alpha"}
    assert not shop.exists("/tmp/connected")
    tried = shop.run(["ansible", "-i", "/tmp/away/hosts.yml", "-m", "ansible.builtin.ping", "all"], check=False)
    assert (tried.rc, shop.exists("/tmp/connected")) == (4, True)

    pinged = shop.run(["ansible", "-i", "/tmp/here", "--one-line", "-m", "ansible.builtin.ping", "all"])
    answers = {line.split(" | ")[0] for line in pinged.out.splitlines() if '"ping": "pong"' in line}
    assert answers == {"alpha", "web.alpha", "db.alpha"}
    shop.sh("rm -r /tmp/ssh /tmp/connected /tmp/away /tmp/here")


def test_one_command_in_one_namespace(shop: Host) -> None:
    variables = {"exec_netns": "web", "exec_command": "ip -brief address show dev eth0"}
    run = shop.playbook("netplumb.linuxnet.exec", variables=variables)
    assert "172.18.0." in run.task("Show what it printed").result["msg"][0]


def test_a_command_that_fails_there(shop: Host) -> None:
    variables = {"exec_netns": "web", "exec_command": "ls /nowhere"}
    run = shop.playbook("netplumb.linuxnet.exec", variables=variables, fails=True)
    assert "No such file" in run.task("Show what it printed").result["msg"][0]
    assert run.failed[0].result["msg"] == "the command ended with 2"


@pytest.mark.long
def test_a_command_where_nothing_is(shop: Host) -> None:
    variables = {"exec_netns": "nowhere", "exec_command": "true"}
    run = shop.playbook("netplumb.linuxnet.exec", variables=variables, fails=True)
    assert run.failed[0].result["msg"] == "there is no network namespace nowhere on this host"
