# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walkthroughs that the project grew out of, as playbooks: seeds/NNN_modules.yml, by the role NNN_role.yml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.shortcut import carry_out
from tests.lab import town
from tests.lab.host import Host, Process
from tests.lab.lab import Lab
from tests.lab.town import HOST, NEIGHBOUR, WORLD, Town

SEEDS = Path(__file__).with_name("seeds")
BY_BOTH = pytest.mark.parametrize("by", ["modules", "role"])


@pytest.fixture
def place() -> Iterator[Town]:
    with Lab() as lab:
        yield town.build(lab)


def converge(host: Host, seed: str, **variables: Any) -> None:
    """Run a playbook, and its modules once more to check that they have nothing left to do."""
    playbook = SEEDS / f"{seed}.yml"
    assert host.playbook(playbook, variables=variables).changed
    assert carry_out(host, playbook, **variables) == []


def leaves_with_host_address(place: Town, namespace: str) -> bool:
    """Whether a connection from a namespace to the world behind the router has the host's source address."""
    with place.outside.server(80) as server:
        answer = place.host.inside(namespace).ask(WORLD[0], 80)
        return answer is not None and answer.peer == HOST[0] and server.seen == [HOST[0]]


def neighbours_in(host: Host, namespace: str) -> dict[str, str]:
    """A namespace's ARP table according to netns_info, as address to MAC address."""
    (found,) = host.module("netns_info", {"names": [namespace]})["namespaces"]
    return {entry["address"]: entry["mac_address"] for entry in found["neighbours"]}


def mac_of(host: Host, *where: str) -> str:
    return str(host.ip(*where, "link", "show", "eth0")[0]["address"])


def not_kept_on_purpose(lines: list[str]) -> list[str]:
    """Without the forwarding switch, which stays on, and the settings that the kernel couples to it."""
    return [line for line in lines if "forwarding" not in line and "ip_forward" not in line and "redirects" not in line]


@pytest.fixture
def docker0(place: Town) -> None:
    """A bridge as Docker leaves it, with another container on it."""
    place.host.sh("ip link add docker0 type bridge; ip address add 172.17.0.1/16 dev docker0; ip link set docker0 up")
    place.host.sh("ip netns add other; ip link add vother type veth peer name eth0 netns other")
    place.host.sh("ip link set vother master docker0 up; ip -n other link set eth0 up")
    # The kernel notes a carrier later, and what is compared afterwards has it.
    place.host.sh(
        "until ip -d link show vother | grep -q 'state forwarding' && ip link show docker0 | grep -q LOWER_UP;"
        " do sleep 0.05; done"
    )


@pytest.fixture
def container(place: Town, docker0: None) -> Iterator[Process]:
    with place.host.spawn(["sleep", "36000"], unshare_net=True) as process:
        yield process


@BY_BOTH
@pytest.mark.long
def test_000_a_running_process_joins_docker0(place: Town, container: Process, by: str) -> None:
    host, name = place.host, str(container.pid)
    before = host.dump()
    converge(host, f"000_{by}", container_pid=container.pid)
    assert name in host.sh("ip netns list").split()
    (eth0,) = host.ip("-n", name, "address", "show", "eth0")
    assert "172.17.1.2" in [address["local"] for address in eth0["addr_info"]]
    assert host.ip("link", "show", "veth_host")[0]["master"] == "docker0"
    assert host.inside(name).reaches("172.17.0.1")
    assert leaves_with_host_address(place, name)

    if by == "role":
        host.playbook(SEEDS / "000_role.yml", variables={"container_pid": name, "bridge_network_state": "absent"})
    else:
        host.playbook(SEEDS / "000_modules_absent.yml", variables={"container_pid": name})
    assert container.running()
    assert not_kept_on_purpose(before.changes_to(host.dump())) == []


def test_000_a_pair_made_by_hand_is_moved_and_renamed(place: Town, container: Process) -> None:
    host, name = place.host, str(container.pid)
    host.sh("ip link add name veth_host type veth peer name veth_container")
    refused = host.playbook(SEEDS / "000_modules.yml", variables={"container_pid": name}, fails=True)
    assert "veth_host was not created by this collection" in " ".join(refused.output.split())
    host.sh(f"ip link set veth_host alias linuxnet:default:{name}")
    index = host.ip("link", "show", "veth_container")[0]["ifindex"]
    converge(host, "000_modules", container_pid=container.pid)
    (eth0,) = host.ip("-n", name, "link", "show", "eth0")
    assert eth0["ifindex"] == index
    assert leaves_with_host_address(place, name)


@BY_BOTH
def test_001_two_containers_on_a_bridge(place: Town, by: str) -> None:
    host = place.host
    converge(host, f"001_{by}")
    first, second = host.inside("container1"), host.inside("container2")
    for target in ("127.0.0.1", "172.16.1.1", "172.16.1.3", HOST[0], WORLD[0]):
        assert first.reaches(target), target
    assert second.reaches("172.16.1.2")
    assert host.reaches("172.16.1.3")
    assert leaves_with_host_address(place, "container1")


@pytest.mark.long
def test_002_two_namespaces_joined_directly(place: Town) -> None:
    host = place.host
    converge(host, "002_pair_modules")
    assert host.inside("ns0").reaches("10.0.0.101")
    assert host.inside("ns1").reaches("10.0.0.100")
    other = host.ip("-n", "ns1", "link", "show", "veth1")[0]["address"]
    assert neighbours_in(host, "ns0")["10.0.0.101"] == other
    routes = host.sh("ip -n ns0 route")
    assert routes.strip() == "10.0.0.0/24 dev veth0 proto kernel scope link src 10.0.0.100"


def _three_are_connected(place: Town) -> None:
    host = place.host
    for namespace in ("ns0", "ns1", "ns2"):
        for target in ("10.1.1.1", "10.1.1.10", "10.1.1.11", "10.1.1.12", WORLD[0]):
            assert host.inside(namespace).reaches(target), (namespace, target)
    for address in ("10.1.1.10", "10.1.1.11", "10.1.1.12"):
        assert host.reaches(address)
    assert neighbours_in(host, "ns0")["10.1.1.11"] == mac_of(host, "-n", "ns1")
    assert leaves_with_host_address(place, "ns2")


@BY_BOTH
def test_002_three_namespaces_on_a_bridge(place: Town, by: str) -> None:
    converge(place.host, f"002_bridge_{by}")
    _three_are_connected(place)


@BY_BOTH
@pytest.mark.long
def test_002_the_uplink_as_a_port_keeps_its_address(place: Town, by: str) -> None:
    host = place.host
    before = [line for line in host.dump()["host addresses"] if line.startswith("eth0 ") and HOST[0] in line]
    converge(host, f"002_uplink_{by}")
    assert host.ip("link", "show", "eth0")[0]["master"] == "br0"
    assert [line for line in host.dump()["host addresses"] if line.startswith("eth0 ") and HOST[0] in line] == before
    _three_are_connected(place)
    assert host.reaches(NEIGHBOUR[0])
    assert place.neighbour.reaches(HOST[0])


@BY_BOTH
def test_003_a_published_port_from_outside_and_from_the_host(place: Town, by: str) -> None:
    host = place.host
    converge(host, f"003_{by}")
    with host.inside("container").server(80) as server:
        answer = place.neighbour.ask(HOST[0], 8080)
        assert answer is not None
        assert answer.peer == NEIGHBOUR[0]
        assert host.ask(HOST[0], 8080) is not None
        assert server.seen[0] == NEIGHBOUR[0]
    assert leaves_with_host_address(place, "container")
    if by == "modules":
        assert "ip_forward = 1" in host.sh("cat /etc/sysctl.d/*linuxnet*")


@pytest.mark.long
def test_004_what_ip_netns_list_shows_is_what_netns_info_shows(place: Town) -> None:
    host = place.host
    converge(host, "004_modules")
    assert host.inside("test1").reaches("192.168.1.2")
    assert host.inside("test2").reaches("192.168.1.1")
    assert host.inside("test1").reaches("127.0.0.1")
    listed = {line.split()[0] for line in host.sh("ip netns list").splitlines()}
    info = host.module("netns_info")
    assert listed == {namespace["name"] for namespace in info["namespaces"]} == {"test1", "test2"}
    test1 = next(namespace for namespace in info["namespaces"] if namespace["name"] == "test1")
    pair = next(link for link in test1["interfaces"] if link["name"] == "veth-test1")
    assert pair["peer"] == {"netns": "test2", "name": "veth-test2"}
