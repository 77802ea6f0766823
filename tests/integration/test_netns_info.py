# Copyright (c) 2026, the netplumb.linuxnet authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module netns_info, on a real kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.settling import settle
from tests.lab.host import Host


@pytest.fixture
def network(host: Host) -> Host:
    """A bridge with two namespaces, which are also connected directly, and a foreign port."""
    owner = {"owner": "shop"}
    host.module("bridge", {"name": "br0", **owner})
    host.module("netns", {"aggregate": [{"name": "web"}, {"name": "db"}], **owner})
    pairs = [
        {"name": "vweb", "peer_name": "eth0", "peer_netns": "web"},
        {"name": "vdb", "peer_name": "eth0", "peer_netns": "db"},
        {"name": "direct", "netns": "web", "peer_name": "direct", "peer_netns": "db"},
    ]
    host.module("veth", {"aggregate": pairs, **owner})
    host.sh("ip link add nic type veth peer cable")
    ports = [{"interface": "vweb", "hairpin": True}, {"interface": "vdb"}, {"interface": "nic"}]
    host.module("bridge_port", {"bridge": "br0", "aggregate": ports, **owner})
    ends = [
        {"name": "br0", "addresses": ["172.18.0.1/16", "fd00:18::1/64"]},
        {"name": "vweb"},
        {"name": "vdb"},
        {
            "name": "eth0",
            "netns": "web",
            "addresses": ["172.18.0.2/16"],
            "routes": [{"to": "default", "via": "172.18.0.1"}],
        },
        {"name": "eth0", "netns": "db", "addresses": ["172.18.0.3/16"]},
    ]
    host.module("interface", {"aggregate": ends, **owner})
    settle(host, "web", "db")
    return host


def _info(host: Host, options: dict[str, Any] | None = None) -> dict[str, Any]:
    before = host.dump(counters=True)
    found = host.module("netns_info", options or {})
    assert found["changed"] is False
    assert before.changes_to(host.dump(counters=True)) == []
    return found


def _by_name(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in found}


@pytest.mark.long
def test_interfaces_of_the_host(network: Host) -> None:
    interfaces = _by_name(_info(network)["host"]["interfaces"])
    vweb = interfaces["vweb"]
    told = {
        word: vweb[word]
        for word in ("kind", "enabled", "mtu", "owner", "endpoint", "bridge", "peer", "port_owner", "accept_ra")
    }
    assert told == {
        "kind": "veth",
        "enabled": True,
        "mtu": 1500,
        "owner": "shop",
        "endpoint": "web",
        "bridge": "br0",
        "peer": {"netns": "web", "name": "eth0"},
        "port_owner": None,
        "accept_ra": 1,
    }
    assert (vweb["port"]["hairpin"], vweb["port"]["isolated"], vweb["alias"]) == (True, False, "linuxnet:shop:web")
    assert (interfaces["nic"]["owner"], interfaces["nic"]["port_owner"]) == (None, "shop")
    assert interfaces["nic"]["peer"] == {"netns": None, "name": "cable"}
    assert (interfaces["br0"]["kind"], interfaces["br0"]["owner"], interfaces["br0"]["endpoint"]) == (
        "bridge",
        "shop",
        None,
    )
    assert {"address": "172.18.0.1/16", "ip_version": "ipv4", "scope": "global", "dynamic": False} in interfaces["br0"][
        "addresses"
    ]
    network.sh("ip link set nic nomaster; ip link set vweb alias mine")
    interfaces = _by_name(_info(network)["host"]["interfaces"])
    assert interfaces["nic"]["port_owner"] is None
    assert (interfaces["vweb"]["owner"], interfaces["vweb"]["endpoint"]) == ("shop", None)


@pytest.mark.long
def test_namespaces(network: Host) -> None:
    with network.spawn(["sleep", "60"], netns="web") as process:
        found = _by_name(_info(network)["namespaces"])
        assert sorted(found) == sorted(network.sh("ls /run/netns").split())
        web = found["web"]
        assert process.pid in web["pids"]
    status = network.sh("stat -L -c '%d %i' /run/netns/web").split()
    assert [str(web["device"]), str(web["inode"])] == status
    assert (web["live"], web["owners"], web["attached"], web["path"]) == (True, ["shop"], False, "/run/netns/web")
    assert web["leases"] == {"shop": {"eth0": ["172.18.0.2/16"]}}
    interfaces = _by_name(web["interfaces"])
    assert interfaces["eth0"]["peer"] == {"netns": None, "name": "vweb"}
    assert interfaces["direct"]["peer"] == {"netns": "db", "name": "direct"}
    assert _by_name(found["db"]["interfaces"])["direct"]["peer"] == {"netns": "web", "name": "direct"}


@pytest.mark.long
def test_routes(network: Host) -> None:
    network.sh(
        "ip -n web route add 10.1.0.0/16 nexthop via 172.18.0.5 nexthop via 172.18.0.6;"
        "ip -n web route add blackhole 10.2.0.0/16 table 7"
    )
    web = _by_name(_info(network)["namespaces"])["web"]
    common = {
        "interface": "eth0",
        "metric": 0,
        "table": "main",
        "type": "unicast",
        "src": None,
        "scope": "global",
        "ip_version": "ipv4",
    }
    assert {"to": "default", "via": "172.18.0.1", "protocol": "static", **common} in web["routes"]
    assert {"to": "10.1.0.0/16", "via": "172.18.0.6", "protocol": "boot", **common} in web["routes"]
    black = {**common, "interface": None, "type": "blackhole", "table": "7"}
    assert {"to": "10.2.0.0/16", "via": None, "protocol": "boot", **black} in web["routes"]
    connected = {**common, "src": "172.18.0.2", "scope": "link"}
    assert {"to": "172.18.0.0/16", "via": None, "protocol": "kernel", **connected} in web["routes"]


@pytest.mark.long
def test_neighbours(network: Host) -> None:
    assert network.inside("web").reaches("172.18.0.1")
    found = _by_name(_info(network)["namespaces"])["web"]["neighbours"]
    bridge = network.ip("link", "show", "br0")[0]["address"]
    assert [(one["mac_address"], one["interface"]) for one in found if one["address"] == "172.18.0.1"] == [
        (bridge, "eth0")
    ]
    network.sh("ip -n web neigh replace 172.18.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent")
    found = _by_name(_info(network)["namespaces"])["web"]["neighbours"]
    expected = {"address": "172.18.0.77", "mac_address": "02:00:00:00:00:77", "interface": "eth0", "state": "permanent"}
    assert expected in found


@pytest.mark.long
def test_rules_of_ours_and_nobody_elses(network: Host) -> None:
    network.sh("iptables -A FORWARD -j ACCEPT; iptables -t nat -A POSTROUTING -m comment --comment other -j MASQUERADE")
    network.module("masquerade", {"source": "172.18.0.0/16", "out_interface": "!br0", "owner": "shop"})
    rules = _info(network)["host"]["rules"]
    assert {(rule["kind"], rule["owner"], rule["table"]) for rule in rules} == {("masquerade", "shop", "nat")}
    assert {rule["source"] for rule in rules} == {"172.18.0.0/16"}
    assert _info(network, {"owner": "other"})["host"]["rules"] == []


def test_without_iptables_there_is_a_warning(network: Host) -> None:
    place = network.sh("dirname $(readlink -f $(command -v iptables))").strip()
    network.sh(f"mkdir /tmp/empty; mount --bind /tmp/empty {place}")
    found = network.module("netns_info", {})
    assert found["host"]["rules"] == []
    assert "vweb" in _by_name(found["host"]["interfaces"])
    assert "iptables is not installed, so no rules are returned" in json.dumps(found["warnings"])


@pytest.mark.long
def test_switches(network: Host) -> None:
    assert _info(network)["host"]["ip_forward"] == {"ipv4": False, "ipv6": False}
    network.sysctl("net/ipv4/ip_forward", 1)
    assert _info(network)["host"]["ip_forward"] == {"ipv4": True, "ipv6": False}
    if network.exists("/proc/sys/net/bridge/bridge-nf-call-iptables"):
        network.sysctl("net/bridge/bridge-nf-call-iptables", 1)
        network.sysctl("net/bridge/bridge-nf-call-ip6tables", 0)
        assert _info(network)["host"]["bridge_nf"] == {"ipv4": True, "ipv6": False}


def test_dead_lost_and_replaced_namespaces(network: Host) -> None:
    with network.spawn(["sleep", "60"], netns="web"):
        network.sh("ip netns del web; ip netns del db; ip netns add db; touch /run/netns/dead")
        # The namespace behind db, and with it the pair of vdb, goes a moment later.
        network.sh("until ! ip link show vdb >&2; do sleep 0.02; done")
        found = _info(network)
    namespaces = _by_name(found["namespaces"])
    web = namespaces["web"]
    assert (web["live"], web["owners"], web["inode"], web["interfaces"]) == (False, ["shop"], None, [])
    assert web["leases"] == {"shop": {"eth0": ["172.18.0.2/16"]}}
    # Another namespace took the place of ours, so it is not ours; its recorded addresses are still known.
    assert (namespaces["db"]["live"], namespaces["db"]["owners"]) == (True, [])
    assert namespaces["db"]["leases"] == {"shop": {"eth0": ["172.18.0.3/16"]}}
    assert (namespaces["dead"]["live"], namespaces["dead"]["leases"]) == (False, {})
    # The peer of vweb survives without a name.
    assert _by_name(found["host"]["interfaces"])["vweb"]["peer"] is None


@pytest.mark.long
def test_what_the_whole_machine_shares(network: Host) -> None:
    limits = _info(network)["host"]["limits"]
    shown = network.run(["ip", "ntable", "show"]).out.split("\n\n")
    for family, table in (("ipv4", "inet arp_cache"), ("ipv6", "inet6 ndisc_cache")):
        words = next(part for part in shown if part.startswith(table)).split()
        assert limits["neighbours"][family] == int(words[words.index("thresh3") + 1])
    assert limits["backlog"] is None or limits["backlog"] > 0


@pytest.mark.long
def test_limits(network: Host) -> None:
    assert [one["name"] for one in _info(network, {"names": ["web", "nothing"]})["namespaces"]] == ["web"]
    found = _info(network, {"owner": "other"})
    assert {interface["owner"] for interface in found["host"]["interfaces"]} == {None}
    assert {interface["port_owner"] for interface in found["host"]["interfaces"]} == {None}
    assert [namespace["owners"] for namespace in found["namespaces"]] == [[], []]
    assert [namespace["leases"] for namespace in found["namespaces"]] == [{}, {}]


@pytest.mark.long
def test_another_namespace_as_the_host_and_several_views(network: Host) -> None:
    found = _info(network, {"names": [], "aggregate": [{"netns": "web"}, {"netns": "db"}, {}]})
    assert [one["netns"] for one in found["objects"]] == ["web", "db", None]
    web = _by_name(found["objects"][0]["host"]["interfaces"])
    assert web["direct"]["peer"] == {"netns": "db", "name": "direct"}
    assert "host" not in found
    message = network.module("netns_info", {"netns": "nowhere"}, fails=True)["msg"]
    assert message == "namespace nowhere does not exist, or its file is dead"


@pytest.mark.long
def test_two_names_for_one_namespace(network: Host) -> None:
    network.sh("touch /run/netns/alias; mount --bind /run/netns/web /run/netns/alias")
    namespaces = _by_name(_info(network)["namespaces"])
    assert namespaces["alias"]["inode"] == namespaces["web"]["inode"]
    assert sorted(_by_name(namespaces["alias"]["interfaces"])) == ["direct", "eth0", "lo"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"names": ["a/b"]}, "names[0]: 'a/b' is not allowed"),
        ({"netns": ".."}, "netns: '..' is not allowed"),
        ({"owner": "a b"}, "owner: 'a b' is not allowed"),
        ({"aggregate": [{}, {"owner": "a b"}]}, "aggregate[1].owner: 'a b' is not allowed"),
    ],
)
def test_bad_input_is_one_sentence(host: Host, options: dict[str, Any], sentence: str) -> None:
    assert sentence in host.module("netns_info", options, fails=True)["msg"]
