# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that root in an endpoint, or any local user, can do keeps the administrator from repairing a network.

Every rule was flushed, and another endpoint is broken as well. One run repairs the rules and the other endpoint,
whatever is inside the first, which it reports or repairs too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.integration.networks import SHOP, apply, in_one, remove
from tests.integration.role_plays import PLAY, VARIABLES
from tests.lab.errors import ModuleFailed
from tests.lab.host import Host

NETWORK: dict[str, Any] = {**SHOP, "endpoints": [*SHOP["endpoints"], {"namespace": "app"}]}
APP = "172.18.0.3"
TABLES = ("raw", "mangle", "nat", "filter")

#: In the namespace db.
TRICKS = {
    "default route": "ip route add default dev lo metric 5",
    "IPv6 default route": "ip -6 route add default dev lo metric 5",
    "own default route": "ip link add own0 type bridge; ip link set own0 up; ip route add default dev own0 metric 7",
    "link in place": "ip link del eth0; ip link add eth0 type bridge",
    "link renamed": "ip link set eth0 down; ip link set eth0 name eth9; ip link add eth0 type bridge",
    "link moved away": "ip link set eth0 down; ip link set eth0 name eth9",
    "loopback renamed": "ip link set lo down; ip link set lo name lo9",
    "routes flushed": "ip route flush table main; ip -6 route flush table main",
    "everything down": "ip link set eth0 down; ip link set lo down",
    "another's addresses": "ip address add 172.18.0.2/16 dev eth0; ip address add fd00:18::2/64 dev eth0",
    "the gateway's address": "ip address add 172.18.0.1/16 dev eth0",
    "IPv6 off": "sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
}


def _rules(host: Host) -> list[str]:
    saved = [
        host.run([f"{program}-save", "-t", table]).out.splitlines()
        for program in ("iptables", "ip6tables")
        for table in TABLES
    ]
    return [line for lines in saved for line in lines if line.startswith("-A")]


def _break(host: Host) -> None:
    """The damage that a restarted firewall and a careless command do."""
    for program in ("iptables", "ip6tables"):
        host.sh("\n".join(f"{program} -t {table} -F" for table in TABLES))
    host.sh("ip -n web address flush dev eth0")


def _run(host: Host, check: bool = False, **variables: Any) -> dict[str, Any]:
    """One run of the role's two modules. Returns the result, failed or not."""
    try:
        return in_one(host, {**NETWORK, **variables}, check=check)
    except ModuleFailed as failure:
        return failure.result


@contextmanager
def _flapping(host: Host) -> Iterator[None]:
    """Thousands of addresses, one of which is added and removed all the time."""
    lines = "\n".join(f"address add 10.{number // 250}.{number % 250}.1/32 dev lo" for number in range(8000))
    host.run(["ip", "-n", "db", "-batch", "-"], stdin=lines)
    loop = "while :; do ip address add 10.99.0.1/32 dev lo; ip address del 10.99.0.1/32 dev lo; done"
    with host.spawn(["sh", "-c", loop], netns="db"):
        yield


def _is_right(host: Host, rules: list[str]) -> None:
    assert _rules(host) == rules
    assert host.inside("web").reaches("172.18.0.1")
    assert host.inside("app").reaches("fd00:18::1")
    assert host.inside("web").reaches(APP)


def _costs_db_alone(host: Host, rules: list[str]) -> dict[str, Any]:
    """Break the rules and web: one run, exactly predicted, repairs them, and reports db if anything."""
    _break(host)
    foretold = _run(host, check=True)
    done = _run(host)
    assert foretold["changed"]
    assert foretold["diff"] == done["diff"]
    assert set(foretold.get("failures", ())) <= set(done.get("failures", ())), "what the kernel refuses comes on top"
    assert all("db" in sentence and "\n" not in sentence for sentence in done.get("failures", ()))
    _is_right(host, rules)
    return done


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_in_one_namespace_costs_that_endpoint(host: Host, trick: str) -> None:
    apply(host, **NETWORK)
    rules = _rules(host)
    host.inside("db").sh(TRICKS[trick])
    done = _costs_db_alone(host, rules)
    if "failures" not in done:
        assert host.inside("db").reaches("172.18.0.1"), "nothing was told, so it works"
        assert not _run(host)["changed"]
    remove(host)
    assert host.sh("ip -o link").count("\n") == 1


@pytest.mark.long
def test_addresses_that_flap(host: Host) -> None:
    apply(host, **NETWORK)
    rules = _rules(host)
    with _flapping(host):
        _break(host)
        _run(host)
        _is_right(host, rules)


def test_a_listener_on_a_published_port(host: Host, neighbour: Host) -> None:
    """The rules are gone, and another process was faster."""
    apply(host, **NETWORK)
    rules = _rules(host)
    _break(host)
    with host.server(8080), host.inside("web").server(80):
        assert _run(host)["changed"]
        _is_right(host, rules)
        answer = neighbour.ask("192.0.2.1", 8080)
        assert answer
        assert answer.local == "172.18.0.2", "web answers and not the listener"


@pytest.mark.parametrize(
    "flush",
    [
        "iptables -t nat -F LINUXNET-DNAT",
        "iptables -t nat -F LINUXNET-DNAT; ip6tables -t nat -F LINUXNET-DNAT",
        "iptables -t nat -D LINUXNET-DNAT 1",
    ],
)
def test_a_listener_where_only_some_rules_are_gone(host: Host, neighbour: Host, flush: str) -> None:
    """Source NAT rules stay, and those of another family or another port."""
    apply(host, **NETWORK)
    rules = _rules(host)
    host.sh(flush)
    assert _rules(host) != rules
    with host.server(8080), host.inside("web").server(80):
        done = _run(host)
        assert done["changed"]
        assert "failures" not in done
        _is_right(host, rules)
        answer = neighbour.ask("192.0.2.1", 8080)
        assert answer
        assert answer.local == "172.18.0.2", "web answers and not the listener"


def test_the_first_port_of_a_network_that_somebody_listens_on(host: Host) -> None:
    bare = [{"namespace": "web"}]
    apply(host, **{**NETWORK, "endpoints": bare})
    with host.server(8080):
        (sentence,) = _run(host, endpoints=[{**bare[0], "published_ports": ["8080:80"]}])["failures"]
    assert "port 8080/tcp of the host is in use: process" in sentence


def test_a_new_port_that_somebody_listens_on(host: Host) -> None:
    apply(host, **NETWORK)
    more = {"namespace": "app", "published_ports": ["9090:90", "9091:91"]}
    with host.server(9090):
        done = _run(host, endpoints=[*SHOP["endpoints"], more])
    (sentence,) = done["failures"]
    assert "published_ports[0]: port 9090/tcp of the host is in use: process" in sentence
    rules = "\n".join(_rules(host))
    assert "--dport 9091 " in rules
    assert "--dport 9090 " not in rules


def test_all_free_addresses_taken_inside_a_namespace(host: Host, neighbour: Host) -> None:
    """A new endpoint gets none, and everything else is repaired."""
    small = {**NETWORK, "ipam_config": [{"subnet": "172.18.0.0/27"}], "appends": True}
    apply(host, **small)
    host.inside("db").sh("for n in $(seq 4 30); do ip address replace 172.18.0.$n/27 dev eth0; done")
    _break(host)
    added = [SHOP["endpoints"][0], {"namespace": "more", "published_ports": ["9090:90"]}]
    (sentence,) = _run(host, **{**small, "endpoints": added})["failures"]
    assert sentence.startswith("bridge_network_endpoints[1]: no address is free in 172.18.0.0/27")
    with host.inside("web").server(80):
        assert neighbour.ask("192.0.2.1", 8080)
    assert "--dport 9090 " not in "\n".join(_rules(host))
    assert "more" not in host.sh("ip -o link")
    host.inside("db").sh("ip address flush dev eth0; ip address add 172.18.0.10/27 dev eth0")
    assert "failures" not in _run(host, **{**small, "endpoints": added})
    assert host.inside("more").reaches("172.18.0.1")


def test_a_network_card_that_is_gone(host: Host) -> None:
    """It is reported at the end, and added again when it is back."""
    card = "ip link add p0 type veth peer name p1; ip link set p1 up"
    host.sh(card)
    ports = {"ports": ["p0"], "persistent": True}
    apply(host, **{**NETWORK, **ports})
    rules = _rules(host)
    host.sh("ip link del p0")
    _break(host)
    (sentence,) = _run(host, **ports)["failures"]
    assert sentence == "bridge_network_ports[0]: there is no interface 'p0' on the host"
    _is_right(host, rules)
    again = _run(host, **ports)
    assert not again["changed"]
    assert again["failures"] == [sentence]
    host.sh(card)
    assert "failures" not in _run(host, **ports)
    assert host.ip("link", "show", "p0")[0]["master"] == "br-shop"


def test_an_interface_for_proxies_that_is_gone(host: Host) -> None:
    card = "ip link add p0 type veth peer name p1; ip link set p0 up; ip link set p1 up; ip a add 192.0.2.1/24 dev p0"
    host.sh(card)
    part = {
        **NETWORK,
        "ipam_config": [{"subnet": "192.0.2.128/28"}],
        "endpoints": [{"namespace": "web"}],
        "gateway_mode": "routed",
        "proxy_interface": "p0",
    }
    apply(host, **part)
    rules = _rules(host)
    host.sh("ip link del p0")
    _break(host)
    (sentence,) = _run(host, **part)["failures"]
    assert sentence == "bridge_network_proxy_interface: there is no interface 'p0' on the host"
    assert _rules(host) == rules
    assert host.inside("web").reaches("192.0.2.129")
    host.sh(card)
    assert "failures" not in _run(host, **part)
    assert not _run(host, **part)["changed"]


def test_a_file_for_those_who_manage_links_that_cannot_be_written(host: Host) -> None:
    host.sh("mkdir --parents /run/systemd/netif; touch /run/systemd/netif/state")
    apply(host, **NETWORK)
    rules = _rules(host)
    (path,) = host.sh("find /run/systemd/network -type f").split()
    host.sh(f"echo '[Match]' > {path}")
    _break(host)
    (sentence,) = _run(host)["failures"]
    assert path in sentence
    _is_right(host, rules)
    host.remove(path)
    assert "failures" not in _run(host)


def test_a_process_that_ends_costs_its_endpoint(host: Host) -> None:
    apply(host, **NETWORK)
    with host.spawn(["sleep", "600"], unshare_net=True) as process:
        guest = {"namespace": "guest", "pid": process.pid}
        endpoints = [*NETWORK["endpoints"], guest]
        apply(host, **{**NETWORK, "endpoints": endpoints})
        rules = _rules(host)
    _break(host)
    done = _run(host, endpoints=endpoints)
    assert "guest" in done["failures"][0]
    _is_right(host, rules)


def test_a_port_stays_isolated_whatever_is_inside(host: Host) -> None:
    """Nobody inside can veto the host's side of a link."""
    apply(host, **NETWORK)
    host.inside("db").sh(TRICKS["link renamed"])
    assert _run(host, icc=False)["failures"]
    ports = host.ip("link", "show", "master", "br-shop")
    assert [port["linkinfo"]["info_slave_data"]["isolated"] for port in ports] == [True] * 3


def test_very_many_routes_cost_little(host: Host) -> None:
    apply(host, **NETWORK)
    rules = _rules(host)
    lines = "\n".join(f"route add 10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32 dev lo" for n in range(100_000))
    host.run(["ip", "-n", "db", "-batch", "-"], stdin=lines, timeout=120)
    _break(host)
    began = time.monotonic()
    done = _run(host)
    spent = time.monotonic() - began
    _is_right(host, rules)
    assert "failures" not in done
    assert spent < 8


@pytest.mark.long
def test_the_role_tells_last_what_it_could_not_do(host: Host) -> None:
    want = {**VARIABLES, "bridge_network_endpoints": NETWORK["endpoints"], "bridge_network_persistent": True}
    host.playbook(PLAY, variables=want)
    rules = _rules(host)
    host.inside("db").sh(TRICKS["link in place"])
    _break(host)
    run = host.playbook(PLAY, variables=want, fails=True)
    (failed,) = run.failed
    assert "namespace 'db' already has an interface 'eth0' that this collection did not create" in failed.result["msg"]
    _is_right(host, rules)
    written = json.loads(host.read("/etc/linuxnet/br-shop.json"))
    assert [one["name"] for one in written["modules"]["netns"]] == ["web", "db", "app"], "a boot makes it anew"
    foretold = host.playbook(PLAY, variables=want, check=True, fails=True)
    assert foretold.changed == []
